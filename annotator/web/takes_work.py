"""How far the people of a project agree, worked out once for each state of its takes.

Tests: tests/web/routes/test_twice.py
"""

from __future__ import annotations

import threading

from annotator.evaluation.takes import Takes, compare_takes
from annotator.system.latest import Latest
from annotator.web.projects import Projects

MAX_PROJECTS = 8


class TakesWork:
    """Keeps what it compared until a take changes. Safe to use from several threads."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._lock = threading.Lock()
        self._known: Latest[str, Takes] = Latest(MAX_PROJECTS)

    def read(self, key: str) -> Takes:
        """May take seconds where thousands of pictures are new: to be called where nobody waits for a save."""
        with self._lock:
            before = self._known.peek(key)
        with self._projects.use(key) as store:
            found = compare_takes(store, known=None if before is None else before.known)
        with self._lock:
            self._known.put(key, found)
        return found
