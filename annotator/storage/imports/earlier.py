"""Finds annotations of a file that are earlier versions of the project's own instances."""

from __future__ import annotations

from sqlalchemy import Connection, select

from annotator.core.dataset import State
from annotator.storage import schema
from annotator.storage.categories import standing
from annotator.storage.imports.work import Work

_MANY = 5  # ids shown in one line


class EarlierVersions:
    """What the project's instances were before somebody changed their mask or category, image by image.

    An export that is older than the project speaks of them. What was deleted since then comes in again.
    """

    def __init__(self, connection: Connection, images: set[int], *, current: set[str]) -> None:
        """images: those with instances. current: keys of what the file has as it is now, and so speaks of already."""
        self._connection = connection
        self._standing = standing(connection)
        self._images = images
        self.spoken_of = current
        self._of_image: dict[int, dict[tuple[int, str], list[str]]] = {}

    def take(self, object: tuple[int, int, str]) -> bool:
        """True if it equals an earlier version of an instance that no other annotation has claimed; claims it."""
        image_id, category_id, counts = object
        if image_id not in self._images:
            return False
        if image_id not in self._of_image:
            self._of_image[image_id] = self._read(image_id)
        keys = self._of_image[image_id].get((category_id, counts), [])
        key = next((key for key in keys if key not in self.spoken_of), None)
        if key is None:
            return False
        self.spoken_of.add(key)
        return True

    def _read(self, image_id: int) -> dict[tuple[int, str], list[str]]:
        was, gestures, now_is = schema.decisions, schema.gestures, schema.instances
        query = (
            select(was.c.category_id, was.c.rle, was.c.key)
            .join(gestures, gestures.c.id == was.c.gesture_id)
            .join(now_is, now_is.c.key == was.c.key)
            .where(gestures.c.image_id == image_id, was.c.state == State.ACCEPTED.value)
            .where(now_is.c.state == State.ACCEPTED.value)
            .order_by(was.c.id)
        )
        found: dict[tuple[int, str], list[str]] = {}
        for row in self._connection.execute(query):
            found.setdefault((self._standing.of(row.category_id), row.rle), []).append(row.key)
        return found


def note_earlier(work: Work) -> None:
    """Tell of the file's annotations that are earlier versions, in a line."""
    ids = work.earlier
    if ids:
        some = ", ".join(map(str, ids[:_MANY])) + (", ..." if len(ids) > _MANY else "")
        were = "annotation was" if len(ids) == 1 else "annotations were"
        work.note("", f"{len(ids):,} {were} changed since in the project, which keeps its own (ids {some})")
