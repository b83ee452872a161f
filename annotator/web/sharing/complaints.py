"""Logs errors: the first of a kind in full, the rest as a count, so that odd requests cannot fill the disk."""

from __future__ import annotations

import logging
import sys
import time
import traceback

EVERY_S = 60.0
"""How often a place in the code is told of again."""

MOST_PLACES = 200
MOST_CHARACTERS = 8_000

_COMPLAINING = ("uvicorn.error", "asyncio")

_log = logging.getLogger(__name__)


class Seldom:
    """Which lines of code may be logged again. Each is a file and a line number."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, int], float] = {}
        self._untold = 0

    def is_due(self, place: tuple[str, int]) -> bool:
        """Whether to tell of it now; where not, it is counted."""
        now = time.monotonic()
        if now - self._told.get(place, float("-inf")) < EVERY_S:
            self._untold += 1
            return False
        if len(self._told) >= MOST_PLACES:
            self._told.clear()
        self._told[place] = now
        return True

    def beside(self) -> str:
        """What to add about those that were not told; from here on they are counted anew."""
        beside = f" (and {self._untold} failures more that were not told)" if self._untold else ""
        self._untold = 0
        return beside


class Complaints:
    """What went wrong, told once in a while for each place in the code."""

    def __init__(self) -> None:
        self._seldom = Seldom()

    def tell(self, what: str) -> None:
        """Log the exception that is being handled. what: what was being done, in some words."""
        kind, error, trace = sys.exc_info()
        frames = traceback.extract_tb(trace)
        place = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        if not self._seldom.is_due(place):
            return
        shown = "".join(traceback.format_exception(kind, error, trace))
        if len(shown) > MOST_CHARACTERS:
            shown = f"{shown[: MOST_CHARACTERS // 2]}\n...\n{shown[-MOST_CHARACTERS // 2 :]}"
        _log.error("%s failed%s\n%s", what, self._seldom.beside(), shown)


class Quiet(logging.Filter):
    """Lets through what a line of the code logs once in a while: a library's warning of each odd request, say."""

    def __init__(self) -> None:
        super().__init__()
        self._seldom = Seldom()

    def filter(self, record: logging.LogRecord) -> bool:
        if not self._seldom.is_due((record.pathname, record.lineno)):
            return False
        record.msg, record.args = record.getMessage() + self._seldom.beside(), None
        return True


def quieten_libraries() -> None:
    """Limit what the server's libraries log, so that nobody fills the log by requests that they complain about."""
    for name in _COMPLAINING:
        logger = logging.getLogger(name)
        if not any(isinstance(one, Quiet) for one in logger.filters):
            logger.addFilter(Quiet())


complaints = Complaints()
"""Of the whole server."""
