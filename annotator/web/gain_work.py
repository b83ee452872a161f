"""The order of what to review next: worked out beside everything else, and read at once.

Tests: tests/web/routes/test_worklist.py
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from annotator.core.answers import Integers
from annotator.core.errors import AnnotatorError
from annotator.core.settings import DEFAULT_THRESHOLD, THRESHOLD
from annotator.insight.gain import Material, Ordered, most_to_gain
from annotator.storage.store import Store
from annotator.system.latest import Latest
from annotator.web.projects import Projects

MAX_ORDERS = 8
"""Orders that are kept: one of 20,000 pictures takes 1 MB."""

FIRST_S = 0.08
"""How long whoever asks first waits for the order; that is enough for some hundred pictures."""

FRESH_S = 20.0
"""How long an order does, whatever is stored meanwhile: nothing moves under the pointer of whoever works along it."""

AT_REST = 20.0
"""And so many times as long as it took: the processor is free most of the time."""


@dataclass(frozen=True)
class Reasons:
    """Why a picture comes where it does, see `Ordered`."""

    doubtful: int
    misses: int
    apart: int
    rare: int
    unlike: bool


@dataclass(frozen=True, eq=False)
class Ranked:
    """number: another one for each order. version: of the project that it is of. ids: ascending; rows: where each
    stands in the order.
    """

    number: int
    version: str
    ordered: Ordered
    ids: Integers
    rows: Integers
    made: float
    took: float

    def is_fresh(self, version: str) -> bool:
        age = time.monotonic() - self.made
        return self.version == version or age < max(FRESH_S, AT_REST * self.took)

    def places(self, wanted: Integers) -> Integers:
        """The place of each picture in the order; one behind the last for those that it has not."""
        if not len(self.ids):
            return np.zeros(len(wanted), np.int64)
        at = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[at] == wanted, self.rows[at], len(self.ids))


class GainWork:
    """Keeps the latest order of each project. Safe to use from several threads."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._known: Latest[str, Ranked] = Latest(MAX_ORDERS)
        self._making: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._count = 0

    def latest(self, key: str, store: Store) -> Ranked | None:
        """The order as it was worked out last, None where there is none yet; another is begun where it is old."""
        version = _version(store)
        with self._lock:
            known = self._known.peek(key)
            if known is not None and known.is_fresh(version):
                return known
            done = self._making.get(key)
            if done is None:
                done = self._making[key] = threading.Event()
                threading.Thread(target=self._make, args=(key, done), name="gain", daemon=True).start()
        if known is None and done.wait(FIRST_S):
            with self._lock:
                return self._known.peek(key)
        return known

    def _make(self, key: str, done: threading.Event) -> None:
        try:
            with self._one_at_a_time, self._projects.use(key) as store:
                began = time.monotonic()
                version = _version(store)
                ordered = most_to_gain(store.evidence.read(), material_of(store))
                order = np.argsort(ordered.ids)
                now = time.monotonic()
            with self._lock:
                self._count += 1
                made = Ranked(self._count, version, ordered, ordered.ids[order], order, now, now - began)
                self._known.put(key, made)
        except AnnotatorError:
            pass  # the project is gone or locked: the list stays as it was, and the next one who asks begins again
        finally:
            with self._lock:
                self._making.pop(key, None)
            done.set()


def _version(store: Store) -> str:
    return f"{store.worklist.version()} {store.looks.version()}"


def material_of(store: Store) -> Material:
    """What the order of a project is made of."""
    to_do = store.waiting.read()
    threshold = store.setting(THRESHOLD)
    besides = store.looks.besides()
    # A likely miss would tell what a network sees on a blind picture.
    hidden = store.blind.hidden_among(besides)
    return Material(
        waiting=to_do.waiting,
        pictures=to_do.pictures,
        threshold=DEFAULT_THRESHOLD if threshold is None else float(threshold),
        own=to_do.thresholds,
        accepted=to_do.accepted,
        seen_besides={id: count for id, count in besides.items() if id not in hidden},
        looks=store.looks.pictures(),
    )


def in_order(ids: array[int], ranked: Ranked, *, descending: bool) -> array[int]:
    """The pictures of a list, those with most to gain first; those that are not in the order behind all others."""
    if not ids:
        return ids
    wanted = np.frombuffer(ids, np.int64)
    places = ranked.places(wanted)
    inside = places < len(ranked.ids)
    placed = np.where(inside & descending, len(ranked.ids) - 1 - places, places)
    return array("q", wanted[np.argsort(placed, kind="stable")].tobytes())


def reasons_of(ids: Iterable[int], ranked: Ranked) -> dict[int, Reasons]:
    """Of those pictures that are in the order."""
    wanted = np.array(list(ids), np.int64)
    ordered, found = ranked.ordered, {}
    for id, place in zip(wanted.tolist(), ranked.places(wanted).tolist(), strict=True):
        if place < len(ordered):
            found[id] = Reasons(
                doubtful=int(ordered.doubtful[place]),
                misses=int(ordered.misses[place]),
                apart=int(ordered.apart[place]),
                rare=int(ordered.rare[place]),
                unlike=bool(ordered.unlike[place]),
            )
    return found
