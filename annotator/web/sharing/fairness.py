"""A public server shared fairly: whoever asks for much waits for themselves, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotator.web.sharing.visitor import address_of

PROJECT_AT_ONCE = 8
"""Requests of one project that are worked on at once, of the 40 threads of the server; a browser sends six."""

ADDRESS_AT_ONCE = 20
"""The same of one address, whatever projects it has: a class behind one address still gets half of the server."""

MAX_WAITING = 300
"""Requests of one project, or of one address, that wait for their turn: a page has dozens of thumbnails."""

SMALL_BYTES = 256 * 1024
"""A body up to this size is read before the request takes its turn; for larger ones there are limits of their own."""

EVENTS = 64
"""Of one address in Gradio's queue, waiting and running: a page that watches a batch has one running."""

RUNNING_EVENTS = 400
"""Of everybody. Most are watched batches, which cost next to nothing."""

_OURS = re.compile(r"/annotator/([A-Za-z0-9_-]{32})/.*", re.DOTALL)


class _BusyError(Exception):
    pass


class _Places:
    """So many at once under each name; the others wait, in the order of asking, up to a number of them."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._of: dict[str, asyncio.Semaphore] = {}
        self._asking: Counter[str] = Counter()

    async def enter(self, name: str) -> None:
        if self._asking[name] >= self._at_once + MAX_WAITING:
            raise _BusyError
        self._asking[name] += 1
        try:
            await self._of.setdefault(name, asyncio.Semaphore(self._at_once)).acquire()
        except BaseException:
            self._forget(name)
            raise

    def leave(self, name: str) -> None:
        self._of[name].release()
        self._forget(name)

    def _forget(self, name: str) -> None:
        self._asking[name] -= 1
        if not self._asking[name]:
            del self._asking[name]
            self._of.pop(name, None)


class FairShare:
    """ASGI middleware: no project and no address takes every thread of the server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._projects = _Places(PROJECT_AT_ONCE)
        self._addresses = _Places(ADDRESS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _OURS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if asked is None:
            return await self.app(scope, receive, send)
        # Before a turn is taken: a client that sends slowly keeps nobody waiting.
        begun = await _begun(scope, receive)
        if begun is None:
            return await self.app(scope, receive, send)
        if begun[-1].get("more_body", False):
            return await self.app(scope, _replayed(begun, receive), send)
        client = scope.get("client")
        address = address_of(Headers(scope=scope), client[0] if client else "")
        await self._in_turn(asked[1], address, scope, _replayed(begun, receive), send)

    async def _in_turn(self, key: str, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._projects.enter(key)
        except _BusyError:
            return await _refuse(send)
        try:
            await self._addresses.enter(address)
        except BaseException as error:
            self._projects.leave(key)
            if isinstance(error, _BusyError):
                return await _refuse(send)
            raise
        here = True

        def leave() -> None:
            nonlocal here
            if here:
                here = False
                self._addresses.leave(address)
                self._projects.leave(key)

        async def give(message: Message) -> None:
            # What is answered has been worked out; how fast somebody takes it is their own affair.
            leave()
            await send(message)

        try:
            await self.app(scope, receive, give)
        finally:
            leave()


async def _begun(scope: Scope, receive: Receive) -> list[Message] | None:
    """The body's messages, all of them or as many as are small; None where it says that it is large."""
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


async def _refuse(send: Send) -> None:
    body = json.dumps({"error": f"more than {MAX_WAITING} requests of yours wait already: try again in a moment"})
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"2")]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


def share_queue(queue: Any) -> None:
    """Make Gradio's queue of events fair. Where an event may run so many times at once, one address never has all of
    these places, and of all that wait it has at most EVENTS.

    queue: gradio.queueing.Queue, which has no way of its own to say this; a test holds the names that are used here.
    """
    push, get_events = queue.push, queue.get_events
    queue.max_thread_count = RUNNING_EVENTS
    # It asks itself hundreds of times a second whether there is something to do, in the way of threads that save.
    queue.sleep_when_free = 0.02
    queue.progress_update_sleep_when_free = 0.2
    # After each event it works out statistics of the last 10,000, for a page of Gradio's that is closed here.
    queue.ANALYTICS_MAX_EVENTS, queue.ANAYLTICS_CACHE_FREQUENCY = 100, 10**9

    def running() -> list[Any]:
        return [event for events in queue.active_jobs if events is not None for event in events]

    def waiting() -> list[Any]:
        return [event for one in queue.event_queue_per_concurrency_id.values() for event in one.queue]

    async def fair_push(body: Any, request: Any, username: Any) -> Any:
        event = queue.blocks.fns.get(body.fn_index)
        if event is None or len(body.data) != len(event.inputs):
            return False, "No such event, or not with as many values.", "error"
        address = _address(request)
        if sum(_address(event.request) == address for event in (*running(), *waiting())) >= EVENTS:
            return False, "Too many of your events wait already: try again in a moment.", "queue_full"
        return await push(body=body, request=request, username=username)

    def fair_get_events() -> Any:
        every = {name: list(one.queue) for name, one in queue.event_queue_per_concurrency_id.items()}
        for name, one in queue.event_queue_per_concurrency_id.items():
            if one.concurrency_limit is None or not one.queue:
                continue
            places = Counter(_address(event.request) for event in running() if event.concurrency_id == name)
            most = max(1, one.concurrency_limit - 1)
            one.queue[:] = [event for event in one.queue if places[_address(event.request)] < most]
        try:
            found = get_events()
        finally:
            for name, events in every.items():
                queue.event_queue_per_concurrency_id[name].queue[:] = events
        for event in found[0] if found is not None else ():
            queue.event_queue_per_concurrency_id[found[2]].queue.remove(event)
        return found

    queue.push, queue.get_events = fair_push, fair_get_events


def _address(request: Any) -> str:
    return address_of(request.headers, request.client.host if request.client else "")
