"""One client who asks for much waits for themselves; others are served as if they were alone."""

import asyncio
import threading
import time
from collections import Counter
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue
from starlette.concurrency import run_in_threadpool

from annotator.web.jobs import Job, Prelabelling
from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing import fairness
from annotator.web.sharing.fairness import ADDRESS_AT_ONCE, EVENTS, PROJECT_AT_ONCE, FairShare, share_queue
from annotator.web.sharing.guard import Guard
from tests.web.conftest import run

GREEDY, MODEST = "g" * 32, "m" * 32
WORK_S = 0.05


@pytest.fixture
def application():
    """Routes that take a thread for a while, and how many of each project's were at work at once."""
    server, lock = FastAPI(), threading.Lock()
    now, most = Counter(), Counter()

    @server.get("/annotator/{key}/queue")
    def work(key: str):
        with lock:
            now[key] += 1
            most[key] = max(most[key], now[key])
            most["all"] = max(most["all"], now.total())
        time.sleep(WORK_S)
        with lock:
            now[key] -= 1
        return {}

    @server.post("/annotator/{key}/gestures")
    async def save(key: str, request: Request):
        content = await request.body()
        return await run_in_threadpool(lambda: {"bytes": len(content)})

    server.add_middleware(FairShare)
    server.add_middleware(Guard)
    server.most = most
    return server


def client_of(application, host="127.0.0.1"):
    transport = httpx.ASGITransport(app=application, client=(host, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60)


def test_a_greedy_client_keeps_nobody_else_waiting(application):
    async def scenario():
        async with client_of(application, "10.0.0.1") as greedy, client_of(application, "10.0.0.2") as modest:
            many = [asyncio.ensure_future(greedy.get(f"/annotator/{GREEDY}/queue")) for _ in range(250)]
            await asyncio.sleep(2 * WORK_S)
            taken = []
            for _ in range(5):
                began = time.monotonic()
                answer = await modest.get(f"/annotator/{MODEST}/queue")
                taken.append(time.monotonic() - began)
                assert answer.status_code == 200
            answers = await asyncio.gather(*many)
            return taken, {answer.status_code for answer in answers}

    taken, statuses = run(scenario())
    assert statuses == {200}  # they wait, and are served in the end
    assert application.most[GREEDY] == PROJECT_AT_ONCE
    assert sorted(taken)[2] < 10 * WORK_S, taken  # alone it takes 1, behind the 250 it would take 30 and more


def test_many_projects_of_one_address_are_one_client(application):
    async def scenario():
        async with client_of(application) as client:
            keys = [f"{number:032d}" for number in range(30)]
            return await asyncio.gather(*(client.get(f"/annotator/{key}/queue") for key in keys for _ in range(4)))

    assert {answer.status_code for answer in run(scenario())} == {200}
    assert application.most["all"] == ADDRESS_AT_ONCE


def test_whoever_asks_for_far_too_much_is_told_to_come_again(application, monkeypatch):
    monkeypatch.setattr(fairness, "MAX_WAITING", 20)

    async def scenario():
        async with client_of(application) as client:
            return await asyncio.gather(*(client.get(f"/annotator/{GREEDY}/queue") for _ in range(60)))

    answers = run(scenario())
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {200: PROJECT_AT_ONCE + 20, 429: 60 - PROJECT_AT_ONCE - 20}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "try again" in refused.json()["error"]
    assert refused.headers["retry-after"] == "2"
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_a_body_that_comes_slowly_takes_no_turn(application):
    async def slowly(gate):
        yield b"x" * 10
        await gate.wait()
        yield b"y" * 10

    async def scenario():
        gate = asyncio.Event()
        async with client_of(application) as client:
            path = f"/annotator/{GREEDY}/gestures"
            slow = [asyncio.ensure_future(client.post(path, content=slowly(gate))) for _ in range(3 * PROJECT_AT_ONCE)]
            await asyncio.sleep(0.1)
            quick = await asyncio.wait_for(client.post(path, content=b"z"), 5)
            gate.set()
            return quick, await asyncio.gather(*slow)

    quick, slow = run(scenario())
    assert quick.json() == {"bytes": 1}
    assert {answer.json()["bytes"] for answer in slow} == {20}


def test_a_body_of_any_length_comes_through_whole(application):
    async def pieces(count):
        for number in range(count):
            yield bytes([number % 256]) * 50_000

    async def scenario():
        async with client_of(application) as client:
            path = f"/annotator/{GREEDY}/gestures"
            return [(await client.post(path, content=pieces(count))).json()["bytes"] for count in (0, 1, 5, 6, 12)]

    assert run(scenario()) == [0, 50_000, 250_000, 300_000, 600_000]


def test_nothing_is_left_of_a_client_who_went_away(application):
    share = FairShare(application)

    async def scenario():
        async with client_of(share) as client:
            asked = [asyncio.ensure_future(client.get(f"/annotator/{GREEDY}/queue")) for _ in range(20)]
            await asyncio.sleep(WORK_S / 5)  # some at work, some waiting
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            answer = await client.get(f"/annotator/{GREEDY}/queue")
            assert answer.status_code == 200

    run(scenario())
    assert not share._projects._asking
    assert not share._addresses._asking


# --- Gradio's queue --------------------------------------------------------------------------------------------------


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
    data = ["k", "lossless", False, False, True, "none", "coco"]
    body = PredictBodyInternal(data=data, fn_index=event_of(queue, name), session_hash=session)
    return await queue.push(body=body, request=asks(host), username=None)


def test_one_address_does_not_fill_the_queue_of_events(queue):
    async def scenario():
        answers = [await push(queue, "greedy", "export_project") for _ in range(EVENTS + 5)]
        return answers, await push(queue, "modest", "export_project")

    answers, modest = run(scenario())
    assert [answer[2] for answer in answers] == ["success"] * EVENTS + ["queue_full"] * 5
    assert modest[2] == "success"


def test_one_address_never_has_every_place_of_an_event(queue):
    async def scenario():
        for _ in range(10):
            await push(queue, "greedy", "export_project")
        await push(queue, "modest", "export_project")

    run(scenario())
    ran = []
    for place in range(4):
        found = queue.get_events()
        if found is None:
            break
        events, _, name = found
        queue.active_jobs[place] = events
        queue.event_queue_per_concurrency_id[name].current_concurrency += 1
        ran.append(events[0].request.client.host)
    assert sorted(ran) == ["greedy", "modest"]  # two places, one of them never the greedy one's
    assert len(queue) == 9


def test_an_event_that_is_none_or_brings_other_values_does_not_come_into_the_queue(queue):
    async def scenario(number, data):
        body = PredictBodyInternal(data=data, fn_index=number, session_hash="s")
        return await queue.push(body=body, request=asks("someone"), username=None)

    known = event_of(queue, "export_project")
    for number, data in ((-1, []), (99_999, []), (known, []), (known, ["x"] * 8), (None, [])):
        assert run(scenario(number, data))[::2] == (False, "error")
    assert len(queue) == 0


def test_gradio_has_the_names_that_sharing_its_queue_relies_on(queue):
    plain = Queue(True, 40, 1.0, None, queue.blocks)
    for name in ("push", "get_events", "active_jobs", "event_queue_per_concurrency_id", "max_thread_count",
                 "sleep_when_free", "progress_update_sleep_when_free", "ANALYTICS_MAX_EVENTS",
                 "ANAYLTICS_CACHE_FREQUENCY"):  # fmt: skip
        assert hasattr(plain, name)
    assert queue.max_thread_count == fairness.RUNNING_EVENTS
    with pytest.raises(AttributeError):
        share_queue(object())


# --- batches ---------------------------------------------------------------------------------------------------------


def test_many_projects_of_one_client_share_one_turn(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    batches = Prelabelling(projects)
    for number in range(9):
        batches._waiting.append(Job(f"greedy{number}", "m", [], 9, client="greedy"))
    for _ in range(5):
        batches._waiting.append(batches._next())
    batches._waiting.append(Job("modest", "m", [], 9, client="modest"))
    turns = []
    for _ in range(12):
        job = batches._next()
        turns.append(job.client)
        batches._waiting.append(job)
    assert turns[:2].count("modest") == 1
    assert turns.count("modest") == 6
    projects.close()
