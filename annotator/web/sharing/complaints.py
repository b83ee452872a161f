"""Failures in the log: the first of a kind with its traceback, the rest counted. Who asks oddly fills no disk."""

from __future__ import annotations

import logging
import sys
import time
import traceback

EVERY_S = 60.0
"""How often a place in the code is told of again."""

MOST_PLACES = 200
MOST_CHARACTERS = 8_000

_log = logging.getLogger(__name__)


class Complaints:
    """What went wrong, told once in a while for each place in the code."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, int], float] = {}
        self._untold = 0

    def tell(self, what: str) -> None:
        """Log the exception that is being handled. what: what was being done, in some words."""
        kind, error, trace = sys.exc_info()
        frames = traceback.extract_tb(trace)
        place = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        now = time.monotonic()
        if now - self._told.get(place, float("-inf")) < EVERY_S:
            self._untold += 1
            return
        if len(self._told) >= MOST_PLACES:
            self._told.clear()
        self._told[place] = now
        beside = f" (and {self._untold} failures more that were not told)" if self._untold else ""
        self._untold = 0
        shown = "".join(traceback.format_exception(kind, error, trace))
        if len(shown) > MOST_CHARACTERS:
            shown = f"{shown[: MOST_CHARACTERS // 2]}\n...\n{shown[-MOST_CHARACTERS // 2 :]}"
        _log.error("%s failed%s\n%s", what, beside, shown)


complaints = Complaints()
"""Of the whole server."""
