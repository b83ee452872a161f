"""Receives bodies of requests. Large ones are kept on the disk until their turn; few are in memory at once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from annotator.core.errors import AnnotatorError, StoreError
from annotator.web.sharing import visitor
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.slots import Pool

Result = TypeVar("Result")

_FULL = "the server receives as much as it can at once: try again in a moment"

SMALL_BYTES = 256 * 1024
"""A body up to this size is read at once, in memory: every gesture of a hand is below it."""


class TooLargeError(AnnotatorError):
    """A request body beyond its cap."""


@dataclass(frozen=True)
class Body:
    """A body that has come in; `file` stands at its beginning."""

    file: IO[bytes]
    size: int

    def content(self) -> bytes:
        """All of it, as often as it is asked for."""
        self.file.seek(0)
        return self.file.read()


@dataclass(eq=False)
class _Large:
    """A large body of a project, from an address; `coming` ends it, and is None once it is there."""

    key: str
    address: str
    coming: asyncio.Timeout | None
    size: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def bytes_s(self) -> float:
        return self.size / max(time.monotonic() - self.began, 0.001)


class Uploads:
    """The bodies that a server receives.

    As many large ones come in at once as may, of one project and in all. Where they are so many, whoever has fewer
    takes the place of the slowest of whoever has most: some addresses that drip lock out nobody.
    """

    def __init__(self, limits: Limits, folder: Path) -> None:
        """folder: where large bodies wait; not in the temporary folder, which may be memory."""
        self._limits = limits
        self._folder = folder
        self._large: list[_Large] = []
        at_once = max(1, int(limits.uploads_at_once))
        self.decoding = Pool(at_once, each=max(1, at_once - 1))
        # Saving does not wait for pictures, some of which take a decoder as long as it may.
        self._saving = Pool(2, each=1)

    async def small(self, request: Request, limit: int) -> bytes:
        """The body, in memory. Raises TooLargeError."""
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            require_within(len(content), limit)
        return bytes(content)

    @asynccontextmanager
    async def received(
        self, request: Request, key: str, limit: int, *, watch: Callable[[int], None] | None = None
    ) -> AsyncIterator[Body]:
        """The body, gone when the block ends.

        watch: told, as they come, how many bytes are there. Raises TooLargeError, LimitError when too many come in at
        once, and StoreError where the disk takes no more.
        """
        with tempfile.SpooledTemporaryFile(max_size=SMALL_BYTES, dir=str(self._folder)) as file:
            large: _Large | None = None
            size = 0
            try:
                async with _ended_as_full() as coming:
                    async for chunk in request.stream():
                        size += len(chunk)
                        require_within(size, limit)
                        if size > SMALL_BYTES:
                            large = large or self._enter(key, coming)
                            large.size = size
                        self._write(file, chunk, on_disk=large is not None)
                        if watch is not None:
                            watch(size)
                if large is not None:
                    large.coming = None
                file.seek(0)
                yield Body(file, size)
            finally:
                if large in self._large:
                    self._large.remove(large)

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

    def _enter(self, key: str, coming: asyncio.Timeout) -> _Large:
        """Take a place. Raises LimitError where there is none."""
        address, limits = visitor.current_address(), self._limits
        if address and sum(one.address == address for one in self._large) >= limits.address_uploads:
            raise LimitError("the server receives as much as it can from one address at once: try again in a moment")
        mine = [one for one in self._large if one.key == key]
        for among, most in ((mine, limits.project_uploads), (self._large, limits.uploads)):
            if len(among) >= most:
                self._displace(among, address)
        entered = _Large(key, address, coming)
        self._large.append(entered)
        return entered

    def _displace(self, among: Sequence[_Large], address: str) -> None:
        """End the slowest body of the address that has most of these. Raises LimitError where that is not fair."""
        has = Counter(one.address for one in among)
        greedy, most = has.most_common(1)[0]
        slow = [one for one in among if one.address == greedy and one.coming is not None]
        if most < has[address] + 2 or not slow:
            raise LimitError(_FULL)
        slowest = min(slow, key=lambda one: one.bytes_s)
        self._large.remove(slowest)
        if slowest.coming is not None:
            slowest.coming.reschedule(0)


@asynccontextmanager
async def _ended_as_full() -> AsyncIterator[asyncio.Timeout]:
    """A block that others may end. Raises LimitError then."""
    try:
        async with asyncio.timeout(None) as coming:
            yield coming
    except TimeoutError as error:
        if not coming.expired():
            raise
        raise LimitError(_FULL) from error


def require_within(size: int, limit: int) -> None:
    """Raise TooLargeError for a body beyond its cap."""
    if size > limit:
        raise TooLargeError(f"body of more than {_bytes(limit)}, expected at most that")


def _bytes(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count} bytes"
