"""Bodies of requests: few in memory, none left behind, nobody locked out."""

import asyncio
import os
import threading
import time

import pytest
from starlette.requests import Request

from annotator.web.sharing import uploads as uploads_module
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.uploads import SMALL_BYTES, Lines, TooLargeError, Turns, Uploads
from annotator.web.sharing.visitor import Visitor, acting_for
from tests.web.conftest import run

LARGE = 2 * SMALL_BYTES


def request_of(*chunks, gate=None):
    """A request whose body comes in these chunks, the last one when the gate opens."""
    left = list(chunks)

    async def receive():
        if len(left) == 1 and gate is not None:
            await gate.wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_who_came_first_ends_first_and_who_gives_up_holds_up_nobody():
    ended = []

    async def scenario():
        lines = Lines()

        async def upload(number, seconds, *, fails=False):
            async with lines.place("key") as first:
                await asyncio.sleep(seconds)
                if fails:
                    raise OSError
                await first.wait()
                ended.append(number)

        started = [upload(0, 0.05), upload(1, 0.2, fails=True), upload(2, 0.01), upload(3, 0.0)]
        await asyncio.gather(*map(asyncio.ensure_future, started), return_exceptions=True)
        async with lines.place("key") as first:
            assert first.is_set()
        assert not lines._lines

    run(scenario())
    assert ended == [0, 2, 3]


def test_a_client_with_much_work_does_not_keep_another_waiting():
    order = []

    async def scenario():
        turns = Turns(3, each=2)

        def work(who):
            time.sleep(0.02)
            order.append(who)

        greedy = [asyncio.ensure_future(turns.run("greedy", lambda: work("greedy"))) for _ in range(20)]
        await asyncio.sleep(0)
        modest = asyncio.ensure_future(turns.run("modest", lambda: work("modest")))
        await asyncio.gather(modest, *greedy)
        assert not turns._of
        assert not turns._asking

    run(scenario())
    assert len(order) == 21
    assert order.index("modest") <= 3


@pytest.mark.parametrize(("total", "each"), [(1, 1), (3, 2), (4, 2)])
def test_an_address_with_many_projects_does_not_keep_another_waiting(total, each):
    order = []

    async def scenario():
        turns = Turns(total, each=each)

        def work(who):
            time.sleep(0.02)
            order.append(who)

        async def ask(address, key):
            with acting_for(Visitor(address)):
                await turns.run(key, lambda: work(address))

        greedy = [asyncio.ensure_future(ask("greedy", f"project {number}")) for number in range(20)]
        await asyncio.sleep(0)
        await asyncio.gather(ask("modest", "its own"), *greedy)
        assert not turns._of
        assert not turns._asking

    run(scenario())
    assert len(order) == 21
    assert order.index("modest") <= max(1, total - 1)


def test_no_more_work_at_once_than_there_are_places():
    at_once, most, lock = 0, 0, threading.Lock()

    def work():
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1

    async def scenario():
        turns = Turns(3, each=2)
        await asyncio.gather(*(turns.run(f"client {index % 7}", work) for index in range(40)))

    run(scenario())
    assert most == 3


def test_a_large_body_waits_on_the_disk_and_leaves_nothing(tmp_path):
    async def scenario():
        uploads = Uploads(Limits(), tmp_path / "incoming")
        async with uploads.received(request_of(b"x" * LARGE, b"yz"), "key", 10 * LARGE) as body:
            assert body.file._rolled  # on the disk
            assert body.size == LARGE + 2
            assert await uploads.work("key", body, lambda content: content[-3:]) == b"xyz"
        assert not uploads._large

    run(scenario())
    assert os.listdir(tmp_path / "incoming") == []


def test_a_body_beyond_its_cap_is_refused_while_it_comes_in(tmp_path):
    async def scenario():
        uploads = Uploads(Limits(), tmp_path)
        with pytest.raises(TooLargeError, match="1 MiB"):
            async with uploads.received(request_of(*[b"x" * LARGE] * 9), "key", 2**20):
                pytest.fail("more than the cap came in")
        with pytest.raises(TooLargeError, match="100 bytes"):
            await uploads.small(request_of(b"x" * 90, b"x" * 90), 100)
        assert not uploads._large

    run(scenario())


def test_one_project_cannot_take_every_place_for_large_bodies(tmp_path):
    async def scenario():
        uploads = Uploads(Limits(uploads=5, project_uploads=2), tmp_path)
        gate = asyncio.Event()

        async def send(key):
            async with uploads.received(request_of(b"x" * LARGE, b"end", gate=gate), key, 10 * LARGE) as body:
                return body.size

        sent = [asyncio.ensure_future(send(key)) for key in ("a", "a", "a", "b", "b", "b", "c", "d")]
        await asyncio.sleep(0.05)
        gate.set()
        found = await asyncio.gather(*sent, return_exceptions=True)
        refused = [index for index, item in enumerate(found) if isinstance(item, LimitError)]
        assert refused == [2, 5, 7]  # a's third, b's third, and the sixth in all
        assert not uploads._large

    run(scenario())


def test_a_small_body_does_not_wait(tmp_path, monkeypatch):
    async def scenario():
        uploads = Uploads(Limits(), tmp_path)
        monkeypatch.setattr(uploads_module.Turns, "run", None)
        async with uploads.received(request_of(b"{}"), "key", 100) as body:
            assert await uploads.work("key", body, bytes.decode) == "{}"

    run(scenario())
