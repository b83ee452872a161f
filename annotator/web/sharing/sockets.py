"""Connections: how many a server may have, how soon they send, and the end of those that ask for nothing."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

MOST_FILES = 65_536
"""Connections and files; a usual limit of 1,024 is that many silent clients."""

LOOK_S = 15.0
"""A connection that asked for nothing, or for half a request, at two looks one after the other is closed."""


def allow_many_files() -> None:
    """Raise the number of files that this process may have open to what the system lets it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class ImpatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's HTTP, which by itself waits for ever for a first request, and for what nobody reads.

    Nor does it wait for the browser between an answer's head and its body, 40 ms each time: asyncio turns that off only
    for sockets that say their protocol, and those of uvicorn do not.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        with suppress(OSError):  # no TCP, or closed already
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        self._seen: tuple[Any, bool] = (self, False)
        self._look = self.loop.call_later(LOOK_S, self._look_again)

    def connection_lost(self, exc: Exception | None) -> None:
        self._look.cancel()
        super().connection_lost(exc)

    def _look_again(self) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete or self.transport.is_closing()
        seen = (self.cycle, is_idle)
        if is_idle and seen == self._seen:
            self.transport.abort()
            return
        self._seen = seen
        self._look = self.loop.call_later(LOOK_S, self._look_again)
