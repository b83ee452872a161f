"""Shares a public server fairly: a client with many requests waits for its own, and others do not wait for it."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotator.web.sharing.answers import answer
from annotator.web.sharing.slots import FullError, Slots
from annotator.web.sharing.visitor import address_of

PROJECT_AT_ONCE = 8
"""Requests of one project that are worked on at once, of the 40 threads of the server; a browser sends six."""

ADDRESS_AT_ONCE = 20
"""The same of one address, whatever projects it has: a class behind one address still gets half of the server."""

MAX_WAITING = 300
"""Requests of one project, or of one address for its projects, that wait for their turn: a page has dozens of
thumbnails."""

PAGE_AT_ONCE = 4
"""Requests of one address for the page itself and its events; each takes the event loop for about a millisecond."""

PAGE_WAITING = 2_000
"""Of them, how many wait: a class that opens the page at once asks for a hundred files each."""

SMALL_BYTES = 256 * 1024
"""A body up to this size is read before the request takes its turn; for larger ones there are limits of their own."""

_OURS = re.compile(r"/annotator/([A-Za-z0-9_-]{32})/.*", re.DOTALL)


class FairShare:
    """ASGI middleware: no project and no address takes every thread of the server, or its event loop."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._projects = Slots(PROJECT_AT_ONCE, waiting=MAX_WAITING)
        self._addresses = Slots(ADDRESS_AT_ONCE, waiting=MAX_WAITING)
        self._pages = Slots(PAGE_AT_ONCE, waiting=PAGE_WAITING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        # Before a slot is taken: a client that sends slowly keeps nobody waiting.
        begun = await _begun(scope, receive)
        if begun is None:
            return await self.app(scope, receive, send)
        if begun[-1].get("more_body", False):
            return await self.app(scope, _replayed(begun, receive), send)
        client = scope.get("client")
        address = address_of(Headers(scope=scope), client[0] if client else "")
        project = _OURS.fullmatch(scope["path"])
        async with AsyncExitStack() as slots:
            try:
                if project is None:
                    await slots.enter_async_context(self._pages.held(address))
                else:
                    await slots.enter_async_context(self._projects.held(project[1]))
                    await slots.enter_async_context(self._addresses.held(address))
            except FullError:
                line = "too many requests of yours wait already: try again in a moment"
                return await answer(send, 429, line, headers={"retry-after": "2"})

            async def give(message: Message) -> None:
                # What is answered has been worked out; how fast somebody takes it is their own affair.
                await slots.aclose()
                await send(message)

            await self.app(scope, _replayed(begun, receive), give)


async def _begun(scope: Scope, receive: Receive) -> list[Message] | None:
    """The messages of the body up to the size that counts as small; None where its header says that it is large."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if int(length) > SMALL_BYTES:  # the guard has seen that it is a number
        return None
    read: list[Message] = []
    size, more = 0, True
    while more and size <= SMALL_BYTES:
        read.append(await receive())
        size += len(read[-1].get("body", b""))
        more = read[-1]["type"] == "http.request" and read[-1].get("more_body", False)
    return read


def _replayed(read: list[Message], receive: Receive) -> Receive:
    left = list(reversed(read))

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again
