"""One file on its way into a project, a stretch at a time, each inside a transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table

from annotator.core.dataset import Dataset, Instance
from annotator.core.problems import Findings
from annotator.storage import schema
from annotator.storage.dialects.expressions import last_id
from annotator.storage.images import IMPORT
from annotator.storage.imports.arrival import Arrival, How
from annotator.storage.picture_store import PictureStore

_PULSE_EVERY = 256


@dataclass
class Work:
    """One file on its way: what it brings, and what became of it so far.

    hashes: their SHA-256 by the file's image ids. last_image_id, last_instance_id: the
    greatest ids that any file of this import brings. images_added and the like count what the report tells.
    """

    pictures: PictureStore
    arrival: Arrival
    hashes: Mapping[int, str]
    how: How
    last_image_id: int
    last_instance_id: int
    notes: Findings = field(init=False)
    client: str = field(default_factory=lambda: f"{IMPORT}-{secrets.token_hex(8)}")
    gestures: int = 0
    """How many the history was told, all of this client."""
    category_ids: dict[int, int] = field(default_factory=dict)
    image_ids: dict[int, int] = field(default_factory=dict)
    touched: dict[int, list[Instance]] = field(default_factory=dict)
    """By the project's image ids, what the history is told of: instances that changed, none where the image did."""
    categories_added: int = 0
    images_added: int = 0
    instances_added: int = 0
    instances_known: int = 0
    instances_met: int = 0
    crowds: int = 0
    kept_aside: int = 0
    """Annotations without a mask that are carried along."""
    met_by_box: int = 0
    """Annotations without a mask that the project has already: their boxes say so."""
    earlier: list[int] = field(default_factory=list)
    """The file's ids of annotations that are earlier versions of the project's own."""
    _next: dict[str, int] = field(default_factory=dict)
    _steps: int = 0

    def __post_init__(self) -> None:
        self.notes = Findings(self.how.most)

    def take_up(self, connection: Connection, part: Dataset) -> None:
        """Go on with a part of the file inside another transaction."""
        self.connection = connection
        self.dataset = part
        self.touched = {}

    def note(self, path: str, message: str) -> None:
        self.notes.note(path, message)

    def step(self) -> None:
        """One item is done."""
        self._steps += 1
        if self._steps % _PULSE_EVERY == 0:
            self.how.pulse()

    def last_id(self, table: Table) -> int:
        """The greatest id that the table ever gave, or holds."""
        return last_id(self.connection, table)

    def fresh_id(self, table: Table) -> int:
        """An id that the table never gave, and that no file of this import brings."""
        brought = self.last_image_id if table is schema.images else self.last_instance_id
        id = self._next.get(table.name) or max(self.last_id(table), brought) + 1
        self._next[table.name] = id + 1
        return id
