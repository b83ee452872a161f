"""Bounds how slowly the other end of a connection may send or read: a slow one holds a slot that others wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PAUSE_S = 60.0
"""How long a client may keep the server waiting, at once and in all."""

LEAST_BYTES_S = 4_096
"""What comes or goes beyond that buys its time: 64 MB may take more than four hours, and a byte a second no minute."""


class SlowError(Exception):
    """The other end has used up its time."""


class Pace:
    """The time that one side of one exchange may take."""

    def __init__(self) -> None:
        self._waited = 0.0
        self._moved = 0

    def moved(self, size: int) -> None:
        """So many bytes came or went."""
        self._moved += size

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Count the block as time that the other end takes. Raises SlowError when that is too much."""
        left = min(PAUSE_S, PAUSE_S + self._moved / LEAST_BYTES_S - self._waited)
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                yield
        except TimeoutError:
            raise SlowError from None
        finally:
            self._waited += time.monotonic() - began
