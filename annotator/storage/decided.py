"""The instances that somebody decided about as columns, of which only those of changed pictures are read again.

No mask is read on the way.

Tests: tests/storage/test_decision_history.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, case, func, select

from annotator.core.answers import Floats, Integers
from annotator.core.dataset import State
from annotator.core.review import MANUAL
from annotator.storage import schema
from annotator.storage.columns import find, rows_of, sorted_by, table_by_name, table_of
from annotator.storage.instances import among

_images, _instances = schema.images, schema.instances

_STATES = (State.DELETED, State.ACCEPTED, State.REJECTED)
"""By the number that a column has for each."""

_STATE = case({one.value: number for number, one in enumerate(_STATES)}, value=_instances.c.state, else_=0)
_IS_DECIDED = _instances.c.state != State.SUGGESTED.value

_PICTURES = select(_images.c.id, _images.c.revision, case((_images.c.removed, 1), else_=0)).order_by(_images.c.id)

_SUMS = (
    select(
        _instances.c.image_id,
        func.count(),
        func.sum(_instances.c.id),
        func.sum(_instances.c.category_id),
        func.sum(_STATE),
    )
    .where(_IS_DECIDED)
    .group_by(_instances.c.image_id)
)
"""They tell what changes without a gesture: merged and removed categories, numbers that an import moved, the bin."""

_ROWS = select(
    _instances.c.id,
    _instances.c.image_id,
    _instances.c.category_id,
    func.coalesce(_instances.c.score, 0.0),
    _STATE,
    case((_instances.c.edited, 1), else_=0),
    _instances.c.source,
).where(_IS_DECIDED)


@dataclass(frozen=True, eq=False)
class Decided:
    """pictures: of all, ascending by id, (n, 7): id, revision, whether it is in the bin, and the sums of its instances.

    rows: ascending by id, (m, 7), the columns of the properties from `ids` to `source`. sources: of the instances, by
    the numbers of `source`.
    """

    pictures: Floats
    rows: Floats
    sources: tuple[str, ...]

    @classmethod
    def begin(cls) -> Decided:
        """Without anything."""
        return cls(np.zeros((0, 7)), np.zeros((0, 7)), ())

    @property
    def ids(self) -> Integers:
        return self.rows[:, 0].astype(np.int64)

    @property
    def images(self) -> Integers:
        return self.rows[:, 1].astype(np.int64)

    @property
    def categories(self) -> Integers:
        return self.rows[:, 2].astype(np.int64)

    @property
    def scores(self) -> Floats:
        """0 where there is none."""
        return self.rows[:, 3]

    @property
    def is_accepted(self) -> NDArray[np.bool_]:
        return self._is(State.ACCEPTED)

    @property
    def is_rejected(self) -> NDArray[np.bool_]:
        return self._is(State.REJECTED)

    @property
    def is_edited(self) -> NDArray[np.bool_]:
        return np.asarray(self.rows[:, 5] == 1, np.bool_)

    @property
    def is_drawn(self) -> NDArray[np.bool_]:
        """Whether a person drew it."""
        return np.asarray(np.array([one == MANUAL for one in self.sources], bool)[self.source], np.bool_)

    @property
    def source(self) -> Integers:
        """Indices into `sources`."""
        return self.rows[:, 6].astype(np.int64)

    def _is(self, state: State) -> NDArray[np.bool_]:
        return np.asarray(self.rows[:, 4] == _STATES.index(state), np.bool_)

    def there(self) -> Decided:
        """Those of pictures that are not in the bin."""
        removed = self.pictures[:, 2] == 1
        if not removed.any():
            return self
        return Decided(self.pictures, self.rows[~removed[find(self.pictures[:, 0], self.rows[:, 1])]], self.sources)


def continue_decided(connection: Connection, known: Decided) -> tuple[Decided, Integers]:
    """How they stand now, and the ids of the pictures of which something changed."""
    pictures = _read_pictures(connection)
    before = find(known.pictures[:, 0], pictures[:, 0])
    same = before >= 0
    # Moving it to the bin changes nothing about a picture's instances.
    same[same] = np.all(np.delete(known.pictures[before[same]] == pictures[same], 2, axis=1), axis=1)
    same |= (before < 0) & (pictures[:, 3] == 0)
    changed = pictures[~same, 0].astype(np.int64)
    if not len(changed):
        return Decided(pictures, known.rows, known.sources), changed
    stays = known.rows[same[find(pictures[:, 0], known.rows[:, 1])]]
    query = _ROWS if is_most(changed, len(pictures)) else _ROWS.where(among(_instances.c.image_id, changed.tolist()))
    read = rows_of(connection, query)
    codes = {name: code for code, name in enumerate(known.sources)}
    fresh = table_by_name(read, 7, codes)
    # Where all of them are read, some may be of pictures that did not change.
    fresh = fresh[~same[find(pictures[:, 0], fresh[:, 1])]]
    return Decided(pictures, sorted_by(np.vstack((stays, fresh)), 0), tuple(codes)), changed


def is_most(changed: Integers, pictures: int) -> bool:
    """Whether to read what there is of all pictures: an index has that, while of single ones it is picked together."""
    return len(changed) * 5 >= pictures


def _read_pictures(connection: Connection) -> Floats:
    pictures = table_of(rows_of(connection, _PICTURES), 3)
    sums = table_of(rows_of(connection, _SUMS), 5)
    found = np.hstack((pictures, np.zeros((len(pictures), 4))))
    found[find(pictures[:, 0], sums[:, 0]), 3:] = sums[:, 1:]
    return found
