"""Which instances of a project clash, and how often two networks agree about what is open.

Tests: tests/web/routes/test_clashes.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import func, select

from annotator.core.clashes import Bounds, Clash, find_clashes
from annotator.core.dataset import State
from annotator.core.errors import GeometryError
from annotator.core.masks import Rle
from annotator.storage import gallery, schema
from annotator.storage.categories import categories
from annotator.storage.database import Database
from annotator.storage.gallery import Entry
from annotator.storage.search import is_above

AT_ONCE = 500
"""Pictures that are read together."""

_images, _instances = schema.images, schema.instances


@dataclass(frozen=True)
class Found:
    """Two instances that clash, by their ids, the larger one first; the share that counts for the kind."""

    kind: Clash
    image_id: int
    larger: int
    smaller: int
    share: float


class ClashReader:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, bounds: Bounds, *, threshold: float) -> list[Found]:
        """Among what a page with this threshold shows, crowds apart; of each kind the worst first.

        Reads every mask on pictures with several instances. A picture with too many masks over each other is left out.
        """
        found = [one for image_id, rows in self._pictures(threshold) for one in _of_picture(image_id, rows, bounds)]
        order = list(Clash)
        return sorted(found, key=lambda one: (order.index(one.kind), -one.share, one.image_id))

    def entries(self, ids: Sequence[int]) -> dict[int, Entry]:
        """The instances with these ids, as far as they are there."""
        with self._database.read() as connection:
            rows = connection.execute(select(_instances.c.key, _instances.c.id).where(_instances.c.id.in_(ids)))
            of = {row.key: row.id for row in rows}
            return {of[one.key]: one for one in gallery.entries(connection, ids)}

    def agreement(self, *, threshold: float) -> dict[str, int]:
        """Of the open suggestions that a page with this threshold shows, how many there are of each agreement."""
        agreement = _instances.c.agreement
        with self._database.read() as connection:
            query = (
                select(agreement, func.count())
                .join(_images, _images.c.id == _instances.c.image_id)
                .where(~_images.c.removed, _instances.c.state == State.SUGGESTED.value, agreement.is_not(None))
                .where(is_above(threshold, categories(connection)))
                .group_by(agreement)
            )
            return {row[0]: row[1] for row in connection.execute(query)}

    def _pictures(self, threshold: float) -> Iterator[tuple[int, list[tuple[int, int, Rle]]]]:
        """Of each picture with several instances their ids, categories and masks."""
        with self._database.read() as connection:
            shown = (
                _instances.c.state.in_([State.ACCEPTED.value, State.SUGGESTED.value]),
                (_instances.c.state == State.ACCEPTED.value) | is_above(threshold, categories(connection)),
                ~_instances.c.crowd,
            )
            several = select(_instances.c.image_id).where(*shown).group_by(_instances.c.image_id)
            ids = list(connection.scalars(several.having(func.count() > 1).order_by(_instances.c.image_id)))
        for start in range(0, len(ids), AT_ONCE):
            query = (
                select(
                    _instances.c.image_id,
                    _instances.c.id,
                    _instances.c.category_id,
                    _instances.c.rle,
                    _images.c.height,
                    _images.c.width,
                )
                .join(_images, _images.c.id == _instances.c.image_id)
                .where(_instances.c.image_id.in_(ids[start : start + AT_ONCE]), ~_images.c.removed, *shown)
                .order_by(_instances.c.image_id, _instances.c.id)
            )
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            for image_id, some in groupby(rows, key=lambda row: row.image_id):
                yield image_id, [(row.id, row.category_id, Rle(row.height, row.width, row.rle)) for row in some]


def _of_picture(image_id: int, rows: Sequence[tuple[int, int, Rle]], bounds: Bounds) -> list[Found]:
    ids, of, rles = zip(*rows, strict=True)
    try:
        pairs = find_clashes(rles, of, bounds)
    except GeometryError:
        return []
    return [Found(one.kind, image_id, ids[one.larger], ids[one.smaller], one.share) for one in pairs]
