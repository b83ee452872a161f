"""One file on its way into a project, inside a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from annotator.core.dataset import Dataset, Instance
from annotator.core.problems import Findings
from annotator.storage.imports.arrival import OnConflict

_PULSE_EVERY = 256


@dataclass
class Work:
    """One file on its way: what it brings, and what became of it so far.

    last_image_id, last_instance_id: the greatest ids that any file of this import brings.
    """

    connection: Connection
    dataset: Dataset
    hashes: Mapping[int, str]
    on_conflict: OnConflict
    last_image_id: int
    last_instance_id: int
    pulse: Callable[[], None]
    notes: Findings
    category_ids: dict[int, int] = field(default_factory=dict)
    image_ids: dict[int, int] = field(default_factory=dict)
    touched: dict[int, list[Instance]] = field(default_factory=dict)
    """By the project's image ids, what the history is told of: instances that changed, none where the image did."""
    _steps: int = 0

    def note(self, path: str, message: str) -> None:
        self.notes.note(path, message)

    def step(self) -> None:
        """One item is done."""
        self._steps += 1
        if self._steps % _PULSE_EVERY == 0:
            self.pulse()

    def last_id(self, table: str) -> int:
        """The greatest id that the table ever gave."""
        found = self.connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table})
        return int(found.scalar() or 0)
