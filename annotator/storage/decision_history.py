"""The history of a project as columns of numbers, to which only what is new is added.

Tests: tests/storage/test_answers.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, and_, case, false, func, or_, select

from annotator.core.answers import TOOLS
from annotator.storage import images, schema
from annotator.storage.gestures import BULK_CLIENT

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LONGEST_S, LONGEST_DRAWING_S = 60, 180
"""Of a gesture that decides, and of one that draws, the longest time that counts as work: the rest is a pause."""

_instances, _suggestions = schema.instances, schema.suggestions
_gestures, _decisions = schema.gestures, schema.decisions

_NOBODY_LOOKED = or_(_gestures.c.client.like(f"{BULK_CLIENT}%"), _gestures.c.verb == images.IMPORT)
"""Gestures about many instances at once, which nobody looked at one by one, and those of imports."""

_DECIDES_NOTHING = and_(_gestures.c.client.like(f"{BULK_CLIENT}%"), _gestures.c.verb.in_(["repair", "masks", "undo"]))
"""Of those the ones that change masks, or take something back: what somebody said of the object before still holds."""

_MADE = select(
    _gestures.c.id,
    _gestures.c.image_id,
    func.min(
        func.coalesce(_gestures.c.seconds, 0.0),
        case((_gestures.c.verb.in_(["add", "edit"]), LONGEST_DRAWING_S), else_=LONGEST_S),
    ),
    func.coalesce(_gestures.c.threshold, 2.0),
    func.coalesce(_gestures.c.reviewed, false()),
    case((_DECIDES_NOTHING, -1), (_NOBODY_LOOKED, 0), else_=1),
    case({name: index for index, name in enumerate(TOOLS)}, value=_gestures.c.tool, else_=-1),
    func.coalesce(_gestures.c.clicks, 0),
).order_by(_gestures.c.id)

_DECIDED = (
    select(_instances.c.id, _decisions.c.gesture_id, func.coalesce(_suggestions.c.category_id, -1), _decisions.c.id)
    .select_from(_decisions)
    .join(_instances, _instances.c.key == _decisions.c.key)
    # Without asking for a category, SQLite takes the index of keys alone, and reads each suggestion with its mask.
    .outerjoin(_suggestions, and_(_suggestions.c.key == _decisions.c.key, _suggestions.c.category_id >= 0))
)


@dataclass(frozen=True, eq=False)
class History:
    """Every gesture, by ascending id, and every decision.

    gestures: (n, 8), the columns of the properties from `ids` to `clicks`. decisions: (m, 4), those from `instances` to
    `offered`, and its own id.
    """

    gestures: Floats
    decisions: Floats

    @classmethod
    def begin(cls) -> History:
        """Without anything."""
        return cls(np.zeros((0, 8)), np.zeros((0, 4)))

    @property
    def ids(self) -> Integers:
        return self.gestures[:, 0].astype(np.int64)

    @property
    def images(self) -> Integers:
        return self.gestures[:, 1].astype(np.int64)

    @property
    def seconds(self) -> Floats:
        """Without pauses."""
        return self.gestures[:, 2]

    @property
    def shown_from(self) -> Floats:
        """The threshold of the page, 2 where none is known."""
        return self.gestures[:, 3]

    @property
    def marks(self) -> NDArray[np.bool_]:
        """Whether it marked its picture as reviewed."""
        return np.asarray(self.gestures[:, 4] == 1, np.bool_)

    @property
    def looked(self) -> NDArray[np.bool_]:
        """Whether somebody looked at what it is about."""
        return np.asarray(self.gestures[:, 5] == 1, np.bool_)

    @property
    def decides(self) -> NDArray[np.bool_]:
        """Whether it may say what an object is, and not only how its mask runs."""
        return np.asarray(self.gestures[:, 5] >= 0, np.bool_)

    @property
    def tools(self) -> Integers:
        """Indices into TOOLS, -1 where none is known."""
        return self.gestures[:, 6].astype(np.int64)

    @property
    def clicks(self) -> Floats:
        return self.gestures[:, 7]

    @property
    def instances(self) -> Integers:
        """The id of the instance that the decision is about."""
        return self.decisions[:, 0].astype(np.int64)

    @property
    def decided_by(self) -> Integers:
        """The id of the decision's gesture."""
        return self.decisions[:, 1].astype(np.int64)

    @property
    def offered(self) -> Integers:
        """The category that the instance was suggested as, -1 for what nothing suggested."""
        return self.decisions[:, 2].astype(np.int64)


def continue_history(connection: Connection, known: History) -> History:
    """What is known, and what was made since."""
    made = _MADE.where(_gestures.c.id > int(known.gestures[:, 0].max(initial=0)))
    decided = _DECIDED
    if len(known.decisions):  # else an index has all that is asked for
        decided = decided.where(_decisions.c.id > int(known.decisions[:, 3].max()))
    return History(
        np.vstack((known.gestures, np.array(rows_of(connection, made), float).reshape(-1, 8))),
        np.vstack((known.decisions, np.array(rows_of(connection, decided), float).reshape(-1, 4))),
    )


def rows_of(connection: Connection, query: Select[Any]) -> Sequence[tuple[Any, ...]]:
    """As SQLite has them: making SQLAlchemy's own of 200,000 rows takes seconds."""
    return list(connection.execute(query).cursor.fetchall())
