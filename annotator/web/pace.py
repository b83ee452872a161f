"""How long work still takes, told by how fast it went so far.

Tests: tests/web/test_pace.py
"""

from __future__ import annotations

import time
from dataclasses import dataclass

ENOUGH = 5
"""Items, and seconds, from which on the pace tells something."""


@dataclass
class Pace:
    """Begins when the first item is worked on, which may be after others were done."""

    _since: float | None = None
    _first: int = 0

    def begin(self, done: int) -> None:
        """The work begins, or goes on after others had their turn."""
        if self._since is None:
            self._since, self._first = time.monotonic(), done

    def seconds_left(self, done: int, total: int) -> float | None:
        """None where nothing can be said yet."""
        if self._since is None or done - self._first < ENOUGH:
            return None
        taken = time.monotonic() - self._since
        return None if taken < ENOUGH else taken / (done - self._first) * (total - done)
