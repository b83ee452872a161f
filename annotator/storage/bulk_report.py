"""What became of a decision about many instances so far.

Tests: tests/storage/test_bulk.py
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from annotator.storage import schema

MAX_NAMED = 20
"""Pictures that were passed over and are named; there may be more."""

_images = schema.images


@dataclass
class Report:
    """What became of it so far: `done` of `total` instances."""

    total: int
    done: int = 0
    passed_over: int = 0
    """Pictures on which something stays as it is, because somebody changed it."""
    names: list[str] = field(default_factory=list)
    """Of the first of them."""
    removed: int = 0
    """Pictures that went into the bin after the preview: nothing is decided about them."""
    removed_names: list[str] = field(default_factory=list)
    emptied: int = 0
    """Instances of which a repair would have left nothing, or more than can be stored: they stay as they are."""
    emptied_names: list[str] = field(default_factory=list)
    """Of their pictures."""

    def pass_over(self, connection: Connection, image_ids: set[int]) -> None:
        self.passed_over += len(image_ids)
        self.names += _names(connection, image_ids)[: MAX_NAMED - len(self.names)]

    def leave_removed(self, connection: Connection, image_ids: set[int]) -> None:
        self.removed += len(image_ids)
        self.removed_names += _names(connection, image_ids)[: MAX_NAMED - len(self.removed_names)]

    def name_emptied(self, connection: Connection, image_ids: set[int]) -> None:
        self.emptied_names += _names(connection, image_ids)[: MAX_NAMED - len(self.emptied_names)]


def _names(connection: Connection, image_ids: set[int]) -> list[str]:
    """The file names of the first few."""
    some = sorted(image_ids)[:MAX_NAMED]
    return list(connection.scalars(select(_images.c.file_name).where(_images.c.id.in_(some)).order_by(_images.c.id)))
