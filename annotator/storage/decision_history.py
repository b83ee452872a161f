"""The history of a project as columns of numbers, of which only what is new is read.

Tests: tests/storage/test_decision_history.py, tests/storage/test_answers.py
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, case, func, or_, select

from annotator.core.answers import TOOLS, Floats, Integers
from annotator.storage import images, schema
from annotator.storage.columns import find, rows_of, sorted_by, table_by_name, table_of
from annotator.storage.decided import Decided, continue_decided, is_most
from annotator.storage.gestures import BULK_CLIENT
from annotator.storage.instances import among

LONGEST_S, LONGEST_DRAWING_S = 60, 180
"""Of a gesture that decides, and of one that draws, the longest time that counts as work: the rest is a pause."""

_instances, _suggestions = schema.instances, schema.suggestions
_gestures, _decisions = schema.gestures, schema.decisions

_OF_MANY = func.substr(_gestures.c.client, 1, len(BULK_CLIENT)) == BULK_CLIENT

_NOBODY_LOOKED = or_(_OF_MANY, _gestures.c.verb == images.IMPORT)
"""Gestures about many instances at once, which nobody looked at one by one, and those of imports."""

_DECIDES_NOTHING = and_(_OF_MANY, _gestures.c.verb.in_(["repair", "masks", "undo"]))
"""Of those the ones that change masks, or take something back: what somebody said of the object before still holds."""

_TOOL = case({name: index for index, name in enumerate(TOOLS)}, value=_gestures.c.tool, else_=-1)

_MADE = select(
    _gestures.c.id,
    _gestures.c.image_id,
    func.min(
        func.coalesce(_gestures.c.seconds, 0.0),
        case((_gestures.c.verb.in_(["add", "edit"]), LONGEST_DRAWING_S), else_=LONGEST_S),
    ),
    func.coalesce(_gestures.c.threshold, 2.0),
    case((_gestures.c.reviewed, 1), else_=0),
    case((_DECIDES_NOTHING, -1), (_NOBODY_LOOKED, 0), else_=1),
    case((_gestures.c.tool.is_(None), -1), else_=_TOOL),  # most have none, and need not be compared with each
    func.coalesce(_gestures.c.clicks, 0),
    _gestures.c.who,
).order_by(_gestures.c.id)

_DECIDED = (
    select(_instances.c.id, _decisions.c.gesture_id, func.coalesce(_suggestions.c.category_id, -1))
    .select_from(_decisions)
    .join(_instances, _instances.c.key == _decisions.c.key)
    # Without asking for a category, SQLite takes the index of keys alone, and reads each suggestion with its mask.
    .outerjoin(_suggestions, and_(_suggestions.c.key == _decisions.c.key, _suggestions.c.category_id >= 0))
)


@dataclass(frozen=True, eq=False)
class History:
    """Every gesture, by ascending id, every decision, and how the instances stand that were decided about.

    gestures: (n, 9), the columns of the properties from `ids` to `by`. decisions: by ascending gesture, (m, 3), those
    from `instances` to `offered`. names: of whoever made gestures, by the numbers of `by`.
    """

    gestures: Floats
    decisions: Floats
    names: tuple[str, ...] = ()
    decided: Decided = field(default_factory=Decided.begin)

    @classmethod
    def begin(cls) -> History:
        """Without anything."""
        return cls(np.zeros((0, 9)), np.zeros((0, 3)))

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
    def by(self) -> Integers:
        """Indices into `names`."""
        return self.gestures[:, 8].astype(np.int64)

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
    gestures, names = _continue_gestures(connection, known)
    decided, changed = continue_decided(connection, known.decided)
    history = History(gestures, known.decisions, names, decided)
    return history if not len(changed) else _with_decisions(connection, history, changed)


def _continue_gestures(connection: Connection, known: History) -> tuple[Floats, tuple[str, ...]]:
    last = int(known.gestures[-1, 0]) if len(known.gestures) else 0
    rows = rows_of(connection, _MADE.where(_gestures.c.id > last))
    codes = {name: code for code, name in enumerate(known.names)}
    return np.vstack((known.gestures, table_by_name(rows, 9, codes))), tuple(codes)


def _with_decisions(connection: Connection, history: History, changed: Integers) -> History:
    """Those of these pictures are read again: their instances may have other ids by now."""
    all_of_them = is_most(changed, len(history.decided.pictures))
    query = _DECIDED
    if not all_of_them:
        of_these = among(_gestures.c.image_id, changed.tolist())
        query = query.join(_gestures, _gestures.c.id == _decisions.c.gesture_id).where(of_these)
    read = table_of(rows_of(connection, query), 3)
    if all_of_them:
        return replace(history, decisions=sorted_by(read, 1))
    images = history.images[find(history.gestures[:, 0], history.decisions[:, 1])]
    stays = history.decisions[~np.isin(images, changed)]
    return replace(history, decisions=sorted_by(np.vstack((stays, read)), 1))
