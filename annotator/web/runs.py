"""Work of projects in threads of its own: at most one run of a project at a time, the latest is told of.

Tests: tests/web/routes/test_bulk.py, tests/web/routes/test_exports.py
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar

from annotator.core.errors import GestureError

MAX_KEPT = 200
"""Runs that have ended and are told of still, of all projects."""


class Run(Protocol):
    """One piece of work."""

    @property
    def is_over(self) -> bool: ...


One = TypeVar("One", bound=Run)


class Runs(Generic[One]):
    """The latest run of each project. Safe to use from several threads. what: is at work, as a person would call it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._latest: OrderedDict[str, One] = OrderedDict()
        self._lock = threading.Lock()

    def latest(self, key: str) -> One | None:
        """At work, or ended since the server started."""
        return self._latest.get(key)

    def begin(self, key: str, run: One) -> None:
        """Let it be the project's latest. Raises GestureError while another one is at work."""
        with self._lock:
            current = self._latest.get(key)
            if current is not None and not current.is_over:
                raise GestureError(f"{self._what} is at work already: wait for it, or cancel it")
            self._latest[key] = run
            self._latest.move_to_end(key)
            for old, ended in list(self._latest.items())[:-MAX_KEPT]:
                if ended.is_over:
                    del self._latest[old]
