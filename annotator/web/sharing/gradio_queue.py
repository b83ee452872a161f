"""Gradio's queue of events, shared fairly by address."""

from __future__ import annotations

import sys
from collections import Counter
from types import SimpleNamespace
from typing import Any

from annotator.web.sharing.complaints import complaints
from annotator.web.sharing.visitor import address_of

EVENTS = 64
"""Of one address in the queue, waiting and running: a page that watches a batch has one running."""

RUNNING_EVENTS = 400
"""Of everybody. Most are watched batches, which cost next to nothing."""


def share_queue(queue: Any) -> None:
    """Make Gradio's queue of events fair. Where several runs of an event are allowed at once, one address never has all
    of them, and at most EVENTS of its events wait.

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
    # It prints the traceback of each event that fails, as often as somebody sends one.
    sys.modules[type(queue).__module__].traceback = SimpleNamespace(  # type: ignore[attr-defined]
        print_exc=lambda: complaints.tell("an event of the page")
    )


def _address(request: Any) -> str:
    return address_of(request.headers, request.client.host if request.client else "")
