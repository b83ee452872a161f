"""Bodies of requests: on the disk while they come in and while they wait, few of them in memory at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from annotator.core.errors import AnnotatorError, StoreError
from annotator.web.sharing import visitor
from annotator.web.sharing.limits import LimitError, Limits

Result = TypeVar("Result")

SMALL_BYTES = 256 * 1024
"""A body up to this size is read at once, in memory: every gesture of a hand is below it."""


class TooLargeError(AnnotatorError):
    """A request body beyond its cap."""


class Turns:
    """At most `total` pieces of work at once, and `each` of one project: in the order of asking. No project and, where
    there is more than one place, no address takes every place, whatever projects it has; of one address as few wait
    before others. Whoever waits holds no thread, so that saving goes on beside it.
    """

    def __init__(self, total: int, *, each: int) -> None:
        self._all = asyncio.Semaphore(total)
        self._total, self._each = total, each
        self._of: dict[tuple[str, str], asyncio.Semaphore] = {}
        self._asking: Counter[tuple[str, str]] = Counter()

    async def run(self, key: str, work: Callable[[], Result]) -> Result:
        """The work's result, done in a thread when it is this project's turn."""
        asking = visitor.current()
        address = "" if asking is None else asking.address
        most = max(1, self._total - 1) if address else self._total
        async with self._place(("project", key), self._each), self._place(("address", address), most), self._all:
            return await run_in_threadpool(work)

    @asynccontextmanager
    async def _place(self, name: tuple[str, str], places: int) -> AsyncIterator[None]:
        """One of so many places under a name, in the order of asking."""
        found = self._of.setdefault(name, asyncio.Semaphore(places))
        self._asking[name] += 1
        try:
            async with found:
                yield
        finally:
            self._asking[name] -= 1
            if not self._asking[name]:
                del self._asking[name], self._of[name]


class Lines:
    """For each project, whoever is at work on it in the order of coming."""

    def __init__(self) -> None:
        self._lines: dict[str, list[asyncio.Event]] = {}

    @asynccontextmanager
    async def place(self, key: str) -> AsyncIterator[asyncio.Event]:
        """A place in the project's line until the block ends; set when everybody before has left it."""
        mine = asyncio.Event()
        line = self._lines.setdefault(key, [])
        line.append(mine)
        line[0].set()
        try:
            yield mine
        finally:
            line.remove(mine)
            if line:
                line[0].set()
            else:
                del self._lines[key]


@dataclass(frozen=True)
class Body:
    """A body that has come in; `file` stands at its beginning."""

    file: IO[bytes]
    size: int

    def content(self) -> bytes:
        """All of it, as often as it is asked for."""
        self.file.seek(0)
        return self.file.read()


class Uploads:
    """The bodies that a server receives."""

    def __init__(self, limits: Limits, folder: Path) -> None:
        """folder: where large bodies wait; not in the temporary folder, which may be memory."""
        self._limits = limits
        self._folder = folder
        self._large: Counter[str] = Counter()
        at_once = max(1, int(limits.uploads_at_once))
        self.turns = Turns(at_once, each=max(1, at_once - 1))
        # Saving does not wait for pictures, some of which take a decoder as long as it may.
        self._saving = Turns(2, each=1)

    async def small(self, request: Request, limit: int) -> bytes:
        """The body, in memory. Raises TooLargeError."""
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            require_within(len(content), limit)
        return bytes(content)

    @asynccontextmanager
    async def received(self, request: Request, key: str, limit: int) -> AsyncIterator[Body]:
        """The body, gone when the block ends. Raises TooLargeError, LimitError when too many come in at once, and
        StoreError where the disk takes no more.
        """
        large, size = False, 0
        with tempfile.SpooledTemporaryFile(max_size=SMALL_BYTES, dir=str(self._folder)) as file:
            try:
                async for chunk in request.stream():
                    size += len(chunk)
                    require_within(size, limit)
                    if size > SMALL_BYTES and not large:
                        self._enter(key)
                        large = True
                    self._write(file, chunk, on_disk=large)
                file.seek(0)
                yield Body(file, size)
            finally:
                if large:
                    self._large[key] -= 1
                    if not self._large[key]:
                        del self._large[key]

    async def work(self, key: str, body: Body, work: Callable[[bytes], Result]) -> Result:
        """Work on the body's bytes in a thread: at once when it is small, else when it is its turn."""

        def read_and_work() -> Result:
            return work(body.content())

        if body.size <= SMALL_BYTES:
            return await run_in_threadpool(read_and_work)
        return await self._saving.run(key, read_and_work)

    def _write(self, file: IO[bytes], chunk: bytes, *, on_disk: bool) -> None:
        """Add to a body, which moves from memory to the disk as soon as it is large."""
        try:
            if on_disk:
                self._folder.mkdir(parents=True, exist_ok=True)
            file.write(chunk)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"the server's disk cannot take the request: {reason}; nothing was changed") from error

    def _enter(self, key: str) -> None:
        if self._large[key] >= self._limits.project_uploads or self._large.total() >= self._limits.uploads:
            raise LimitError("the server receives as much as it can at once: try again in a moment")
        self._large[key] += 1


def require_within(size: int, limit: int) -> None:
    """Raise TooLargeError for a body beyond its cap."""
    if size > limit:
        raise TooLargeError(f"body of more than {_bytes(limit)}, expected at most that")


def _bytes(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count} bytes"
