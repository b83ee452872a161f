"""The queue as pages ask for it: a list is put in order once, and read in stretches until something is stored."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass

from annotator.storage.search import Search
from annotator.storage.store import Store
from annotator.system.latest import Latest

MAX_LISTS = 32
"""Lists that are kept in order: one of 20,000 pictures takes 160 kB."""


@dataclass(frozen=True)
class Totals:
    """How many pictures a project has, how many of them are reviewed, and how many lie in the bin."""

    all: int
    reviewed: int
    bin: int


class Listings:
    """Ids in order, and totals, by what was asked and by the project's version."""

    def __init__(self) -> None:
        self._lists: Latest[tuple[str, str, Search], array[int]] = Latest(MAX_LISTS)
        self._totals: Latest[tuple[str, str], Totals] = Latest(MAX_LISTS)
        self._lock = threading.Lock()

    def ids(self, store: Store, version: str, asked: Search) -> array[int]:
        """Of the pictures that fit, in order. version: the store's, read before."""
        key = (store.key, version, asked)
        with self._lock:
            known = self._lists.peek(key)
        if known is not None:
            return known
        made = array("q", store.worklist.ids(asked))
        with self._lock:
            return self._lists.get(key, lambda: made)

    def totals(self, store: Store, version: str) -> Totals:
        """version: the store's, read before."""
        key = (store.key, version)
        with self._lock:
            known = self._totals.peek(key)
        if known is not None:
            return known
        made = Totals(*store.worklist.counts(), len(store.bin()))
        with self._lock:
            return self._totals.get(key, lambda: made)
