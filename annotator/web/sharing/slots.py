"""Bounded pools: a few at once for each name; the others wait, first come, first served."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from annotator.web.sharing import visitor
from annotator.web.sharing.limits import LimitError

Result = TypeVar("Result")


class FullError(LimitError):
    """Every slot is taken, and as many wait as may."""

    def __init__(self) -> None:
        super().__init__("as much of this as the server does at once is under way: try again in a moment")


class Slots:
    """`each` slots under every name, first come, first served. Used from one event loop."""

    def __init__(self, each: int, *, waiting: int | None = None) -> None:
        """waiting: how many may wait under one name; any number with None."""
        self._each, self._waiting = each, waiting
        self._free: dict[str, asyncio.Semaphore] = {}
        self._asking: Counter[str] = Counter()

    async def take(self, name: str) -> None:
        """Wait for a slot; whoever has one calls `release`. Raises FullError."""
        if self._waiting is not None and self._asking[name] >= self._each + self._waiting:
            raise FullError
        self._asking[name] += 1
        try:
            await self._free.setdefault(name, asyncio.Semaphore(self._each)).acquire()
        except BaseException:
            self._forget(name)
            raise

    def release(self, name: str) -> None:
        """Give a slot back."""
        self._free[name].release()
        self._forget(name)

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[None]:
        """Hold a slot while the block lasts. Raises FullError."""
        await self.take(name)
        try:
            yield
        finally:
            self.release(name)

    @property
    def is_idle(self) -> bool:
        """Whether nobody has a slot or waits for one."""
        return not self._asking

    def _forget(self, name: str) -> None:
        self._asking[name] -= 1
        if not self._asking[name]:
            del self._asking[name]
            self._free.pop(name, None)


class Pool:
    """At most `total` jobs at once, and `each` of one project. One address, whatever projects it has, gets less than
    half of the slots (one where there are few), so that two together do not lock out a third.

    Whoever waits holds no thread, so that saving goes on beside it.
    """

    def __init__(self, total: int, *, each: int, waiting: int | None = None) -> None:
        """waiting: as for `Slots`."""
        self._total = Slots(total, waiting=waiting)
        self._projects = Slots(each, waiting=waiting)
        self._addresses = Slots(share_of_address(total), waiting=waiting)

    async def run(self, key: str, work: Callable[[], Result]) -> Result:
        """The work's result, done in a thread when it is this project's turn."""
        async with self.slot(key):
            return await run_in_threadpool(work)

    @asynccontextmanager
    async def slot(self, key: str) -> AsyncIterator[None]:
        """Hold a slot of a project while the block lasts. Raises FullError."""
        address = visitor.current_address()
        async with self._projects.held(key):
            if not address:
                async with self._total.held(""):
                    yield
                return
            async with self._addresses.held(address), self._total.held(""):
                yield

    @property
    def is_idle(self) -> bool:
        """Whether nobody has a slot or waits for one."""
        return self._total.is_idle and self._projects.is_idle and self._addresses.is_idle


def share_of_address(total: int) -> int:
    """How many of so many one address may have: less than half, and one at least."""
    return max(1, (total - 1) // 2)
