"""How good the networks of a project are on its reviewed pictures: worked out beside the requests, and kept.

Tests: tests/web/routes/test_evaluation.py
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from annotator.core.errors import AnnotatorError
from annotator.evaluation.project import NetworkFigures, ProjectComparison
from annotator.exchange.outlook import threshold_of
from annotator.storage.comparisons import Compared, Seen
from annotator.system.latest import Latest
from annotator.web.projects import Projects

MAX_PROJECTS = 4
"""Whose comparisons are kept: of 20,000 pictures they take some 200 megabytes."""

REST = 3
"""So many times as long as it took, the figures rest before they are worked out again: others decide meanwhile."""


@dataclass(frozen=True, eq=False)
class Figures:
    """What is known at a moment. version: of the project that it is of, "" before the first time.

    names: of the categories, by id. done, total: pictures of the comparison under way, None while there is none.
    error: why the last one failed.
    """

    version: str = ""
    names: dict[int, str] = field(default_factory=dict)
    networks: tuple[NetworkFigures, ...] = ()
    under_way: tuple[int, int] | None = None
    error: str | None = None


class _Project:
    """One project's comparison, its figures, and when these were worked out."""

    def __init__(self, folder: Path, key: str) -> None:
        self.comparison = ProjectComparison(folder, project=key)
        self.figures = Figures()
        self.rests_until = 0.0
        self.is_at_work = False


class EvaluationWork:
    """One comparison at a time, in a thread of its own. Safe to use from several threads."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._known: Latest[str, _Project] = Latest(MAX_PROJECTS)

    def look(self, key: str) -> Figures:
        """The figures as they are known; where the project has changed, others are begun. Raises as `Projects.use`."""
        with self._projects.use(key) as store:
            version, folder, project = store.comparisons.version(), store.folder, store.key
        with self._lock:
            mine = self._known.get(key, lambda: _Project(folder, project))
            is_old = mine.figures.version != version and time.monotonic() >= mine.rests_until
            if is_old and not mine.is_at_work:
                mine.is_at_work = True
                mine.figures = replace(mine.figures, under_way=(0, 0))
                threading.Thread(target=self._work, args=(key, mine), name="evaluation", daemon=True).start()
            return mine.figures

    def _work(self, key: str, mine: _Project) -> None:
        found, error = mine.figures, "it ended unexpectedly"
        begun = time.monotonic()
        try:
            with self._one_at_a_time:
                begun = time.monotonic()
                found = self._measure(key, mine)
            error = ""
        except AnnotatorError as failure:
            error = self._projects.plain(str(failure))
        finally:
            with self._lock:
                mine.figures = replace(found, under_way=None, error=error or None)
                mine.rests_until = time.monotonic() + REST * (time.monotonic() - begun)
                mine.is_at_work = False

    def _measure(self, key: str, mine: _Project) -> Figures:
        with self._projects.use(key) as store:
            overview, threshold = store.comparisons.overview(), threshold_of(store)

        def read(network: str, seen: Sequence[Seen]) -> list[Compared]:
            with self._projects.use(key) as store:
                return store.comparisons.read(network, seen)

        def tell(done: int, total: int) -> None:
            with self._lock:
                mine.figures = replace(mine.figures, under_way=(done, total))

        mine.comparison.update(overview, read, progress=tell)
        networks = mine.comparison.figures(overview, threshold=threshold)
        return Figures(overview.version, dict(overview.names), networks)
