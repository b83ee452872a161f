"""Bodies of requests: on the disk while they come in and while they wait, few of them in memory at once."""

from __future__ import annotations

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
from annotator.web.sharing.slots import Pool

Result = TypeVar("Result")

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


class Uploads:
    """The bodies that a server receives."""

    def __init__(self, limits: Limits, folder: Path) -> None:
        """folder: where large bodies wait; not in the temporary folder, which may be memory."""
        self._limits = limits
        self._folder = folder
        self._projects: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
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
        large, size, address = False, 0, visitor.current_address()
        with tempfile.SpooledTemporaryFile(max_size=SMALL_BYTES, dir=str(self._folder)) as file:
            try:
                async for chunk in request.stream():
                    size += len(chunk)
                    require_within(size, limit)
                    if size > SMALL_BYTES and not large:
                        self._enter(key, address)
                        large = True
                    self._write(file, chunk, on_disk=large)
                    if watch is not None:
                        watch(size)
                file.seek(0)
                yield Body(file, size)
            finally:
                if large:
                    _count_down(self._projects, key)
                    _count_down(self._addresses, address)

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

    def _enter(self, key: str, address: str) -> None:
        limits = self._limits
        if self._projects[key] >= limits.project_uploads or self._projects.total() >= limits.uploads:
            raise LimitError("the server receives as much as it can at once: try again in a moment")
        if address and self._addresses[address] >= limits.address_uploads:
            raise LimitError("the server receives as much as it can from one address at once: try again in a moment")
        self._projects[key] += 1
        self._addresses[address] += 1


def _count_down(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if not counts[name]:
        del counts[name]


def require_within(size: int, limit: int) -> None:
    """Raise TooLargeError for a body beyond its cap."""
    if size > limit:
        raise TooLargeError(f"body of more than {_bytes(limit)}, expected at most that")


def _bytes(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count} bytes"
