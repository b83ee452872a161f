"""What a project's decisions say, read as columns: `core/answers.py` says what they are.

No mask is read on the way. Of the history and of what it led to only what changed is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, cast, func, select

from annotator.core.answers import Answers, Drawings, Evidence, Floats, Integers, Open, Pictures, Repairs, Verdict
from annotator.core.dataset import State
from annotator.core.review import MANUAL
from annotator.storage import categories, schema
from annotator.storage.columns import find, rows_of
from annotator.storage.database import Database
from annotator.storage.decided import Decided
from annotator.storage.decision_history import History, continue_history
from annotator.storage.kept_history import FILE, mark_of, read_history, write_history
from annotator.storage.repairs import repairs_of
from annotator.storage.runs import networks_shown
from annotator.system.collection import collection_paused

_images, _instances = schema.images, schema.instances

WORTH_KEEPING = 20_000
"""So many new gestures: to read them takes a tenth of a second."""


class AnswersReader:
    """Reads what a project's decisions say. Safe to use from several threads."""

    def __init__(self, database: Database, folder: Path) -> None:
        """folder: of the project, where what was read is kept once it is much."""
        self._database = database
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._history: History | None = None
        self._kept = 0
        self._last: tuple[str, Evidence] | None = None

    def history(self) -> History:
        """Every gesture and decision up to now; only what is new is read again."""
        with self._lock:
            with self._database.read() as connection, collection_paused():
                history, mark = self._continue(connection)
            self._keep(history, mark)
            return history

    def read(self) -> Evidence:
        """Of all decisions up to now, without pictures in the bin; the same value until somebody stores something."""
        with self._lock:
            version = self._database.version()
            if self._last is None or self._last[0] != version:
                with self._database.read() as connection, collection_paused():
                    history, mark = self._continue(connection)
                    self._last = version, _read(connection, history)
                self._keep(history, mark)
            return self._last[1]

    def _continue(self, connection: Connection) -> tuple[History, str]:
        """What is known by now, and its mark where it is to be kept, else ""."""
        if self._history is None:
            self._history = read_history(self._path, connection)
            self._kept = len(self._history.gestures)
        self._history = continue_history(connection, self._history)
        is_much = len(self._history.gestures) >= self._kept + WORTH_KEEPING
        return self._history, mark_of(connection, self._history) if is_much else ""

    def _keep(self, history: History, mark: str) -> None:
        """Called when nothing is read any more: nobody's save waits for this file."""
        if mark:
            self._kept = len(history.gestures)
            with suppress(OSError):  # it is read again then
                write_history(self._path, history, mark=mark)


def _read(connection: Connection, history: History) -> Evidence:
    standing = categories.standing(connection)
    own = {one.id: one.threshold for one in categories.categories(connection) if one.threshold is not None}
    networks: dict[str, int] = {}
    answers, drawings, repairs = _read_decided(history, networks, counts_as=standing.ids, own=own)
    undecided = _read_open(connection, networks)
    pictures, waiting = _read_pictures(connection, history, networks)
    return Evidence(tuple(networks), answers, drawings, undecided, pictures, waiting, own, repairs)


def _read_decided(
    history: History,
    networks: dict[str, int],
    *,
    counts_as: Mapping[int, int],
    own: Mapping[int, float],
) -> tuple[Answers, Drawings, Repairs]:
    stand = _answering(history.decided.there())
    ids, of_images, category, scores = stand.ids, stand.images, stand.categories, stand.scores
    accepted, edited, drawn = stand.is_accepted, stand.is_edited, stand.is_drawn
    by = np.full(len(ids), -1)
    for code in np.unique(stand.source[~drawn]).tolist():
        by[stand.source == code] = networks.setdefault(stand.sources[code], len(networks))
    spent = _spent_on(ids, history)
    known, which = np.unique(spent.offered, return_inverse=True)
    offered = np.array([counts_as.get(one, -1) for one in known.tolist()], np.int64)[which]
    right = accepted & (offered == category)
    verdicts = np.where(right, np.where(edited, Verdict.ADJUSTED, Verdict.AS_IT_IS), Verdict.WRONG)
    # What a repair of many removed, such as a duplicate, nobody called wrong.
    looked = spent.looked & ~(spent.repaired & ~accepted)
    table = Answers(
        of_images,
        by,
        np.where(drawn, category, offered),
        scores,
        verdicts,
        spent.seconds,
        spent.gestures,
        scores >= _shown_from(spent.shown_from, offered, own) - 1e-6,
    )
    mine = table.where(drawn & accepted)
    answers = table.where(~drawn & looked & (offered >= 0))
    kept = (drawn & accepted) | (~drawn & looked & (verdicts == Verdict.ADJUSTED))
    by_tool = repairs_of(ids[kept], drawn[kept], history)
    return answers, Drawings(mine.images, mine.categories, mine.seconds, mine.gestures), by_tool


def _answering(decided: Decided) -> Decided:
    """Those that a network suggested or a person drew."""
    counts = np.array([one == MANUAL or "@" in one for one in decided.sources], bool)
    return replace(decided, rows=decided.rows[counts[decided.source]])


def _shown_from(thresholds: Floats, of_categories: Integers, own: Mapping[int, float]) -> Floats:
    """The lowest score that a decision's page showed. A category's threshold may be newer than the decision."""
    general = np.where(thresholds > 1, 0.0, thresholds)
    if not own:
        return general
    least = [own.get(one, 1.0) for one in of_categories.tolist()]
    return np.asarray(np.minimum(general, np.array(least, float)), np.float64)


@dataclass(frozen=True, eq=False)
class _Spent:
    """Of each instance what its gestures took, shared out among all that a gesture is about.

    The others are of the last gesture that decided about it, or as in `History`. repaired: whether a later one, about
    many, changed its mask or took something back.
    """

    seconds: Floats
    gestures: Floats
    shown_from: Floats
    looked: NDArray[np.bool_]
    repaired: NDArray[np.bool_]
    offered: Integers


def _spent_on(ids: Integers, history: History) -> _Spent:
    """ids: in any order, each once."""
    count, order = len(ids), np.argsort(ids)
    place = np.searchsorted(history.ids, history.decided_by)
    share = history.looked[place] / np.bincount(place, minlength=len(history.gestures))[place]
    index = find(ids[order], history.instances)
    mine = index >= 0
    index, place, share = order[index[mine]], place[mine], share[mine]
    last, touched, offered = np.full(count, -1), np.full(count, -1), np.full(count, -1)
    decides = history.decides[place]
    np.maximum.at(touched, index, place)
    np.maximum.at(last, index[decides], place[decides])
    offered[index] = history.offered[mine]
    known = last >= 0
    looked, shown_from = np.zeros(count, bool), np.full(count, 2.0)
    looked[known] = history.looked[last[known]]
    shown_from[known] = history.shown_from[last[known]]
    return _Spent(
        np.bincount(index, weights=share * history.seconds[place], minlength=count).astype(np.float64),
        np.bincount(index, weights=share, minlength=count).astype(np.float64),
        shown_from,
        looked,
        touched > last,
        offered,
    )


def _read_open(connection: Connection, networks: dict[str, int]) -> Open:
    step = cast(_instances.c.score * 100 + 1e-6, Integer).label("step")
    query = (
        select(_instances.c.source, _instances.c.category_id, step, _images.c.reviewed, func.count())
        .join(_images, _images.c.id == _instances.c.image_id)
        .where(~_images.c.removed, _instances.c.state == State.SUGGESTED.value, _instances.c.score.is_not(None))
        .group_by(_instances.c.source, _instances.c.category_id, step, _images.c.reviewed)
    )
    rows = rows_of(connection, query)
    by = [networks.setdefault(row[0], len(networks)) for row in rows]
    category, steps, reviewed, counts = np.array([row[1:] for row in rows], np.int64).reshape(-1, 4).T
    return Open(np.array(by, np.int64), category, steps / 100, reviewed == 1, counts)


def _read_pictures(connection: Connection, history: History, networks: Mapping[str, int]) -> tuple[Pictures, int]:
    query = select(_images.c.id, _images.c.reviewed, _images.c.prelabelled_by).where(~_images.c.removed)
    rows = rows_of(connection, query.order_by(_images.c.id))
    ids = np.array([row[0] for row in rows], np.int64)
    reviewed = np.array([row[1] == 1 for row in rows], bool)
    known = networks_shown(connection)
    shown = [known.get(id, (last,)) for id, _, last in rows]
    by = np.array([networks.get(names[-1], -1) if names else -1 for names in shown], np.int64)
    alone = np.array([len(names) == 1 for names in shown], bool)
    index = find(ids, history.images)
    worked = (index >= 0) & history.looked
    seconds = np.bincount(index[worked], weights=history.seconds[worked], minlength=len(ids)).astype(float)
    count = np.bincount(index[worked], minlength=len(ids))
    # Of several the last one stays.
    latest, seen_from = np.full(len(ids), -1), np.full(len(ids), 2.0)
    latest[index[worked]] = history.ids[worked]
    marks = (index >= 0) & history.marks
    seen_from[index[marks]] = history.shown_from[marks]
    seen_from[np.isin(ids, list(connection.scalars(select(schema.blind.c.image_id))))] = 2.0  # nothing was shown
    table = Pictures(ids, by, alone, reviewed, seen_from, seconds, count, latest)
    return table.where(latest >= 0), int((~reviewed).sum())
