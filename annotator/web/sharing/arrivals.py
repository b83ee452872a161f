"""In which order pictures that are sent side by side join a project."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

STALLED_S = 3.0
"""Whoever sent next to nothing for so long is not waited for."""

MOVING_BYTES = 16 * 1024
"""What must come in that time."""


class Arrival:
    """One body on its way, or there."""

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self._bytes = 0
        self._is_whole = False
        self._left = asyncio.Event()

    def received(self, size: int) -> None:
        """So many bytes have come in altogether."""
        if size - self._bytes >= MOVING_BYTES:
            self._seen, self._bytes = time.monotonic(), size

    def arrived(self) -> None:
        """The body is there: from now on it is the server that takes its time."""
        self._is_whole = True

    @property
    def is_moving(self) -> bool:
        """Whether it is worth waiting for."""
        return self._is_whole or time.monotonic() - self._seen < STALLED_S


class Arrivals:
    """For each project, what comes in in the order of asking."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Arrival]] = {}

    @asynccontextmanager
    async def joined(self, key: str) -> AsyncIterator[Arrival]:
        """Be in the project's line until the block ends."""
        mine = Arrival()
        line = self._lines.setdefault(key, [])
        line.append(mine)
        try:
            yield mine
        finally:
            line.remove(mine)
            for one in line:
                one._left.set()
            if not line:
                del self._lines[key]

    async def turn(self, key: str, mine: Arrival) -> None:
        """Wait until everybody who came before has left, but for those whose bytes do not come."""
        line = self._lines[key]
        while any(one.is_moving for one in line[: line.index(mine)]):
            mine._left.clear()
            try:
                async with asyncio.timeout(STALLED_S / 4):
                    await mine._left.wait()
            except TimeoutError:
                continue

    @property
    def is_idle(self) -> bool:
        """Whether nobody is in any line."""
        return not self._lines
