"""Keeps uploads in order: pictures that one browser sends side by side join a project as they were asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from annotator.web.sharing import visitor

STALLED_S = 3.0
"""Whoever sent next to nothing for so long is not waited for."""

MOVING_BYTES = 16 * 1024
"""What must come in that time."""

PATIENCE_S = 30.0
"""How long a body that is there waits for those before it, however steadily they drip: order is worth no more."""


class Arrival:
    """One body on its way, or there."""

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self._bytes = 0
        self.is_whole = False
        self._left = asyncio.Event()

    def received(self, size: int) -> None:
        """So many bytes have come in altogether."""
        if size - self._bytes >= MOVING_BYTES:
            self._seen, self._bytes = time.monotonic(), size

    def arrived(self) -> None:
        """Note that the body is complete: from now on the server is to blame for the time that passes."""
        self.is_whole = True

    @property
    def is_moving(self) -> bool:
        """Whether its bytes come."""
        return time.monotonic() - self._seen < STALLED_S


class Arrivals:
    """For each project and address, what comes in in the order of asking."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], list[Arrival]] = {}

    @asynccontextmanager
    async def joined(self, key: str) -> AsyncIterator[Arrival]:
        """Be in the line of the project and of whoever asks until the block ends."""
        mine, name = Arrival(), (key, visitor.current_address())
        line = self._lines.setdefault(name, [])
        line.append(mine)
        try:
            yield mine
        finally:
            line.remove(mine)
            for one in line:
                one._left.set()
            if not line:
                del self._lines[name]

    async def turn(self, key: str, mine: Arrival) -> None:
        """Wait until everybody who came before has left, but for those whose bytes do not come."""
        line = self._lines[key, visitor.current_address()]
        end = time.monotonic() + PATIENCE_S

        def is_worth_it(one: Arrival) -> bool:
            return one.is_whole or (one.is_moving and time.monotonic() < end)

        while any(is_worth_it(one) for one in line[: line.index(mine)]):
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
