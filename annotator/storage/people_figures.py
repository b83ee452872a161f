"""Who did what in a project, and how fast: counted from its gestures, by the name that stands beside them.

An instance is counted for whoever decided about it last, a picture for whoever marked it as reviewed last. What was
decided about many at once counts for nobody: no one looked at it. No mask is read on the way.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from annotator.core.answers import Floats, Integers
from annotator.core.people import Person, Role, folded_person
from annotator.storage import schema
from annotator.storage.answers import AnswersReader
from annotator.storage.columns import find, rows_of
from annotator.storage.database import Database
from annotator.storage.decision_history import History

_images, _gestures = schema.images, schema.gestures

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


class FiguresReader:
    """Counts a project's people. Safe to use from several threads."""

    def __init__(self, database: Database, evidence: AnswersReader) -> None:
        self._database, self._evidence = database, evidence
        self._lock = threading.Lock()
        self._last: tuple[str, tuple[PersonFigures, ...]] | None = None

    def read(self, people: Sequence[Person]) -> tuple[PersonFigures, ...]:
        """Of everybody who decided something, and of the people of the project; who did most first."""
        with self._lock:
            version = self._database.version()
            if self._last is None or self._last[0] != version:
                history = self._evidence.history()
                with self._database.read() as connection:
                    self._last = version, _count(connection, history, people)
            return self._last[1]


def _count(connection: Connection, history: History, people: Sequence[Person]) -> tuple[PersonFigures, ...]:
    many, by = len(history.names), history.by
    seen = dict(rows_of(connection, select(_gestures.c.who, func.max(_gestures.c.at)).group_by(_gestures.c.who)))
    looked = history.looked
    pictures = _pictures(connection, history)
    kinds = _instances_of(history)
    seconds = np.bincount(by[looked], weights=history.seconds[looked], minlength=many)
    # Names from before somebody signed in, and those that only a batch or an import has, did nothing to count.
    # What the project does by itself has no name.
    gestures = np.bincount(by[looked], minlength=many)
    counted = np.where([who == "" for who in history.names], pictures + kinds.sum(axis=0), gestures)
    worked = [(who, code) for code, who in enumerate(history.names) if counted[code]]
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
            last=seen[who],
        )
        for who, code in worked
    ]
    there = {folded_person(one.name) for one in found}
    found += [PersonFigures(one.name, one.role) for one in people if folded_person(one.name) not in there]
    return tuple(sorted(found, key=lambda one: (-one.instances, -one.pictures, one.name)))


def _pictures(connection: Connection, history: History) -> Floats:
    """Of each person, the pictures that are reviewed and that they marked last."""
    reviewed = np.array(list(connection.scalars(select(_images.c.id).where(_images.c.reviewed, ~_images.c.removed))))
    marks = history.marks & history.looked & np.isin(history.images, reviewed)
    _, last = _last_of(history.images[marks], np.flatnonzero(marks))
    return np.bincount(history.by[last], minlength=len(history.names)).astype(np.float64)


def _instances_of(history: History) -> Floats:
    """(4, people): the instances of each of `KINDS` that each decided about last."""
    place = np.searchsorted(history.ids, history.decided_by)
    counted = (history.looked & history.decides)[place]
    of, last = history.instances[counted], place[counted]
    ids, decided = _last_of(of, last)
    stand = history.decided.there()
    kind = np.select([stand.is_rejected, stand.is_drawn, stand.is_edited], [3, 2, 1], 0)
    at = find(ids, stand.ids)
    wanted = (at >= 0) & (stand.is_accepted | stand.is_rejected)
    found: NDArray[np.float64] = np.zeros((len(KINDS), len(history.names)))
    np.add.at(found, (kind[wanted], history.by[decided[at[wanted]]]), 1)
    return found


def _last_of(things: Integers, places: Integers) -> tuple[Integers, Integers]:
    """The things, each once, ascending, and the last place of each."""
    order = np.lexsort((places, things))
    things, places = things[order], places[order]
    ends = np.append(things[1:] != things[:-1], True) if len(things) else np.zeros(0, np.bool_)
    return things[ends], places[ends]
