"""One client who asks for much waits for themselves; others are served as if they were alone."""

import asyncio
import threading
import time
from collections import Counter

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from annotator.web.jobs import Job, Prelabelling
from annotator.web.projects import Projects
from annotator.web.sharing import fairness
from annotator.web.sharing.fairness import ADDRESS_AT_ONCE, PAGE_AT_ONCE, PROJECT_AT_ONCE, FairShare
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

    @server.get("/")
    async def page():
        now["page"] += 1
        most["page"] = max(most["page"], now["page"])
        await asyncio.sleep(0.01)
        now["page"] -= 1

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


def test_the_page_itself_is_shared_too(application):
    async def scenario():
        async with client_of(application) as client:
            return await asyncio.gather(*(client.get("/") for _ in range(400)))

    assert {answer.status_code for answer in run(scenario())} == {200}
    assert application.most["page"] == PAGE_AT_ONCE


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
    assert share._projects.is_idle
    assert share._addresses.is_idle


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
