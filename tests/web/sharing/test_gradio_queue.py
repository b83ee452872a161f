"""Gradio's queue of events: no address fills it, and no event that fails fills the log."""

from types import SimpleNamespace

import pytest
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue

from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing import gradio_queue
from annotator.web.sharing.gradio_queue import EVENTS, share_queue
from tests.web.conftest import run


@pytest.fixture
def queue(tmp_path):
    """The real page's queue, not started: a test says when the next event runs."""
    projects = Projects(visitors=tmp_path / "visitors")
    server = build_server(projects)
    page = next(route.app for route in server.routes if hasattr(route, "app") and hasattr(route.app, "blocks"))
    found = page.blocks._queue
    found.active_jobs = [None] * 20
    yield found
    projects.close()


def event_of(queue, name):
    """The number of the event whose function has this name."""
    return next(number for number, fn in queue.blocks.fns.items() if fn.name == name)


def asks(host):
    return SimpleNamespace(headers={}, client=SimpleNamespace(host=host))


async def push(queue, host, name, session="s"):
    body = PredictBodyInternal(data=["k"], fn_index=event_of(queue, name), session_hash=session)
    return await queue.push(body=body, request=asks(host), username=None)


def test_one_address_does_not_fill_the_queue_of_events(queue):
    async def scenario():
        answers = [await push(queue, "greedy", "open_project") for _ in range(EVENTS + 5)]
        return answers, await push(queue, "modest", "open_project")

    answers, modest = run(scenario())
    assert [answer[2] for answer in answers] == ["success"] * EVENTS + ["queue_full"] * 5
    assert modest[2] == "success"


def test_one_address_never_has_every_place_of_an_event(queue):
    async def scenario():
        for _ in range(10):
            await push(queue, "greedy", "open_project")
        await push(queue, "modest", "open_project")

    run(scenario())
    ran = []
    for place in range(6):
        found = queue.get_events()
        if found is None:
            break
        events, _, name = found
        queue.active_jobs[place] = events
        queue.event_queue_per_concurrency_id[name].current_concurrency += 1
        ran.append(events[0].request.client.host)
    assert sorted(ran) == ["greedy"] * 3 + ["modest"]  # four places, one of them never the greedy one's
    assert len(queue) == 7


def test_an_event_that_is_none_or_brings_other_values_does_not_come_into_the_queue(queue):
    async def scenario(number, data):
        body = PredictBodyInternal(data=data, fn_index=number, session_hash="s")
        return await queue.push(body=body, request=asks("someone"), username=None)

    known = event_of(queue, "open_project")
    for number, data in ((-1, []), (99_999, []), (known, []), (known, ["x"] * 8), (None, [])):
        assert run(scenario(number, data))[::2] == (False, "error")
    assert len(queue) == 0


def test_gradio_has_the_names_that_sharing_its_queue_relies_on(queue):
    plain = Queue(True, 40, 1.0, None, queue.blocks)
    for name in ("push", "get_events", "active_jobs", "event_queue_per_concurrency_id", "max_thread_count",
                 "sleep_when_free", "progress_update_sleep_when_free", "ANALYTICS_MAX_EVENTS",
                 "ANAYLTICS_CACHE_FREQUENCY"):  # fmt: skip
        assert hasattr(plain, name)
    assert queue.max_thread_count == gradio_queue.RUNNING_EVENTS
    with pytest.raises(AttributeError):
        share_queue(object())
