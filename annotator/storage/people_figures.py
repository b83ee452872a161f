"""Who did what in a project, and how fast: counted from its gestures, by the name that stands beside them.

An instance is counted for whoever decided about it last, a picture for whoever marked it as reviewed last. What was
decided about many at once counts for nobody: no one looked at it. No mask is read on the way.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, case, func, select

from annotator.core.dataset import State
from annotator.core.people import Person, Role, folded_person
from annotator.core.review import MANUAL
from annotator.storage import schema
from annotator.storage.answers import AnswersReader
from annotator.storage.database import Database
from annotator.storage.decision_history import Floats, History, Integers, rows_of

_images, _instances, _gestures = schema.images, schema.instances, schema.gestures

KINDS = ("accepted", "adjusted", "drawn", "rejected")


@dataclass(frozen=True)
class PersonFigures:
    """What one person did that still stands.

    role: None where they are none of the project's people. pictures: that they marked as reviewed. accepted: instances
    as they were suggested. seconds: of work, without pauses. share_pictures, share_instances: of those of all people,
    0 to 1. last: when they decided something last, ISO 8601; None where they never did.
    """

    name: str
    role: Role | None = None
    pictures: int = 0
    accepted: int = 0
    adjusted: int = 0
    drawn: int = 0
    rejected: int = 0
    seconds: float = 0.0
    share_pictures: float = 0.0
    share_instances: float = 0.0
    last: str | None = None

    @property
    def instances(self) -> int:
        return self.accepted + self.adjusted + self.drawn + self.rejected

    @property
    def seconds_each(self) -> float | None:
        """For an instance, None without any."""
        return self.seconds / self.instances if self.instances else None


@dataclass(eq=False)
class _Names:
    """By whom each gesture is, in the order of the history. seen: the last time of each."""

    codes: dict[str, int] = field(default_factory=dict)
    by: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    seen: dict[str, str] = field(default_factory=dict)
    last_id: int = 0


class FiguresReader:
    """Counts a project's people. Safe to use from several threads."""

    def __init__(self, database: Database, evidence: AnswersReader) -> None:
        self._database, self._evidence = database, evidence
        self._lock = threading.Lock()
        self._names = _Names()
        self._last: tuple[str, tuple[PersonFigures, ...]] | None = None

    def read(self, people: Sequence[Person]) -> tuple[PersonFigures, ...]:
        """Of everybody who decided something, and of the people of the project; who did most first."""
        with self._lock:
            version = self._database.version()
            if self._last is None or self._last[0] != version:
                with self._database.read() as connection:
                    history = self._evidence.history(connection)
                    _continue_names(connection, self._names, up_to=int(history.ids.max(initial=0)))
                    seen = _cut(history, self._names)
                    self._last = version, _count(connection, seen, self._names, people)
            return self._last[1]


def _continue_names(connection: Connection, names: _Names, *, up_to: int) -> None:
    """Read who made the gestures that are new."""
    new = and_(_gestures.c.id > names.last_id, _gestures.c.id <= up_to)
    rows = rows_of(connection, select(_gestures.c.id, _gestures.c.who).where(new).order_by(_gestures.c.id))
    codes = [names.codes.setdefault(who, len(names.codes)) for _, who in rows]
    names.by = np.concatenate((names.by, np.array(codes, np.int64)))
    for who, at in rows_of(connection, select(_gestures.c.who, func.max(_gestures.c.at)).where(new).group_by("who")):
        names.seen[who] = max(at, names.seen.get(who, ""))
    names.last_id = max(names.last_id, *(id for id, _ in rows)) if rows else names.last_id


def _cut(history: History, names: _Names) -> History:
    """Without what another reader saw meanwhile, and this one does not yet."""
    known = history.decided_by <= names.last_id
    return History(history.gestures[: len(names.by)], history.decisions[known])


def _count(
    connection: Connection, history: History, names: _Names, people: Sequence[Person]
) -> tuple[PersonFigures, ...]:
    many, by = len(names.codes), names.by
    looked = history.looked
    pictures = _pictures(connection, history, by, many)
    kinds = _instances_of(connection, history, by, many)
    seconds = np.bincount(by[looked], weights=history.seconds[looked], minlength=many)
    # Names from before somebody signed in, and those that only a batch or an import has, did nothing to count.
    worked = [(who, code) for who, code in names.codes.items() if np.any(looked[by == code])]
    whole_pictures, whole = max(1, int(pictures.sum())), max(1, int(kinds.sum()))
    roles = {folded_person(one.name): one.role for one in people}
    found = [
        PersonFigures(
            who,
            roles.get(folded_person(who)),
            int(pictures[code]),
            **{kind: int(kinds[row, code]) for row, kind in enumerate(KINDS)},
            seconds=float(seconds[code]),
            share_pictures=float(pictures[code] / whole_pictures),
            share_instances=float(kinds[:, code].sum() / whole),
            last=names.seen[who],
        )
        for who, code in worked
    ]
    there = {folded_person(one.name) for one in found}
    found += [PersonFigures(one.name, one.role) for one in people if folded_person(one.name) not in there]
    return tuple(sorted(found, key=lambda one: (-one.instances, -one.pictures, one.name)))


def _pictures(connection: Connection, history: History, by: Integers, many: int) -> Floats:
    """Of each person, the pictures that are reviewed and that they marked last."""
    reviewed = np.array(list(connection.scalars(select(_images.c.id).where(_images.c.reviewed, ~_images.c.removed))))
    marks = history.marks & history.looked & np.isin(history.images, reviewed)
    last = _last_of(history.images[marks], np.flatnonzero(marks))
    return np.bincount(by[last], minlength=many).astype(np.float64)


def _instances_of(connection: Connection, history: History, by: Integers, many: int) -> Floats:
    """(4, people): the instances of each of `KINDS` that each decided about last."""
    place = np.searchsorted(history.ids, history.decided_by)
    counted = (history.looked & history.decides)[place]
    of, last = history.instances[counted], place[counted]
    decided = _last_of(of, last)
    ids = np.unique(of)
    state, source = _instances.c.state, _instances.c.source
    kind = case((state == State.REJECTED.value, 3), (source == MANUAL, 2), (_instances.c.edited, 1), else_=0)
    query = (
        select(_instances.c.id, kind)
        .join(_images, _images.c.id == _instances.c.image_id)
        .where(~_images.c.removed, state.in_([State.ACCEPTED.value, State.REJECTED.value]))
    )
    rows = np.array(rows_of(connection, query), np.int64).reshape(-1, 2)
    rows = rows[np.isin(rows[:, 0], ids)]
    people = by[decided[np.searchsorted(ids, rows[:, 0])]]
    found: NDArray[np.float64] = np.zeros((len(KINDS), many))
    np.add.at(found, (rows[:, 1], people), 1)
    return found


def _last_of(things: Integers, places: Integers) -> Integers:
    """The last place of each thing, in ascending order of the things."""
    order = np.lexsort((places, things))
    things, places = things[order], places[order]
    ends = np.append(things[1:] != things[:-1], True) if len(things) else np.zeros(0, np.bool_)
    return np.asarray(places[ends], np.int64)
