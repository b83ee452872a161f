"""What the decisions of a project say, worked out once for each state of it.

Tests: tests/web/routes/test_insight.py
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from annotator.core.answers import Evidence
from annotator.insight.advice import Advice, advise
from annotator.insight.auto_accept import Offer, find_offers
from annotator.insight.effort import Ledger, ledger
from annotator.insight.label_errors import Doubt, find_doubts
from annotator.storage.gallery import Entry
from annotator.system.latest import Latest
from annotator.web.projects import Projects

MAX_PROJECTS = 8

LEAST_DOUBT = 0.1
"""Below it nothing speaks against an instance."""


@dataclass(frozen=True, eq=False)
class Insight:
    """names: of the categories, by id."""

    names: dict[int, str]
    advice: tuple[Advice, ...]
    ledger: Ledger
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class Doubtful:
    """An accepted instance that may be an error."""

    entry: Entry
    category: int
    doubt: Doubt


@dataclass(frozen=True)
class Doubts:
    """first: the most doubtful ones, of `total` that are doubtful among `looked_at` accepted instances."""

    first: tuple[Doubtful, ...]
    total: int
    looked_at: int


class InsightWork:
    """Keeps what it worked out until somebody decides something. Safe to use from several threads."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._lock = threading.Lock()
        self._known: Latest[str, tuple[Evidence, Insight]] = Latest(MAX_PROJECTS)

    def read(self, key: str) -> Insight:
        """May take a second in a project with 200,000 decisions: to be called where nobody waits for a save."""
        with self._projects.use(key) as store:
            evidence = store.evidence.read()
            with self._lock:
                known = self._known.peek(key)
            if known is not None and known[0] is evidence:
                return known[1]
            names = {one.id: one.name for one in store.categories()}
        found = Insight(names, advise(evidence), ledger(evidence), find_offers(evidence))
        with self._lock:
            self._known.put(key, (evidence, found))
        return found

    def doubts(self, key: str, *, most: int) -> Doubts:
        """The accepted instances that are most likely errors. Reads every mask of the project: for whoever asks."""
        with self._projects.use(key) as store:
            pictures = store.placed.read()
            found = find_doubts([(one.labels, one.suggested) for one in pictures], runs=[one.runs for one in pictures])
            doubts = {
                id: doubt
                for picture, some in zip(pictures, found, strict=True)
                for id, doubt in zip(picture.ids, some, strict=True)
                if doubt.doubt >= LEAST_DOUBT
            }
            first = sorted(doubts, key=lambda id: -doubts[id].doubt)[:most]
            entries = store.placed.entries(first)
            listed = tuple(Doubtful(entry, category, doubts[id]) for id, entry, category in entries)
            return Doubts(listed, len(doubts), sum(len(one.ids) for one in pictures))
