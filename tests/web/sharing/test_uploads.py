"""Bodies of requests: few in memory, none left behind, nobody locked out."""

import asyncio
import os

import pytest
from starlette.requests import Request

from annotator.web.sharing import uploads as uploads_module
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.uploads import SMALL_BYTES, TooLargeError, Uploads
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


def test_one_address_with_many_projects_cannot_take_every_place_for_large_bodies(tmp_path):
    async def scenario():
        uploads = Uploads(Limits(uploads=6, project_uploads=2, address_uploads=3), tmp_path)
        gate = asyncio.Event()

        async def send(address, key):
            with acting_for(Visitor(address)):
                async with uploads.received(request_of(b"x" * LARGE, b"end", gate=gate), key, 10 * LARGE) as body:
                    return body.size

        greedy = [asyncio.ensure_future(send("greedy", f"project {number}")) for number in range(8)]
        await asyncio.sleep(0.05)
        modest = asyncio.ensure_future(send("modest", "its own"))
        await asyncio.sleep(0.05)
        gate.set()
        found = await asyncio.gather(*greedy, return_exceptions=True)
        assert [isinstance(item, LimitError) for item in found] == [False] * 3 + [True] * 5
        assert await modest == LARGE + 3
        assert not uploads._large

    run(scenario())


def test_some_addresses_that_drip_lock_out_nobody(tmp_path):
    async def scenario():
        uploads = Uploads(Limits(uploads=6, project_uploads=2, address_uploads=3), tmp_path)
        gate, ended = asyncio.Event(), []

        async def send(address, key, *, size=LARGE):
            with acting_for(Visitor(address)):
                try:
                    async with uploads.received(request_of(b"x" * size, b"end", gate=gate), key, 10 * LARGE) as body:
                        return body.size
                except LimitError:
                    ended.append((address, key))
                    raise

        dripping = [asyncio.ensure_future(send(f"slow {n % 2}", f"project {n}", size=LARGE + n)) for n in range(6)]
        await asyncio.sleep(0.05)
        modest = [asyncio.ensure_future(send("modest", f"its own {n}")) for n in range(3)]
        await asyncio.sleep(0.05)
        # One place of each, of their slowest; then everybody has two.
        assert sorted(ended) == [("modest", "its own 2"), ("slow 0", "project 0"), ("slow 1", "project 1")]
        gate.set()
        found = await asyncio.gather(*dripping, *modest, return_exceptions=True)
        assert sum(isinstance(item, LimitError) for item in found) == 3
        assert not uploads._large

    run(scenario())


def test_a_colleague_who_drips_does_not_lock_out_the_others_of_a_project(tmp_path):
    async def scenario():
        uploads = Uploads(Limits(project_uploads=4), tmp_path)
        gate = asyncio.Event()

        async def send(address):
            with acting_for(Visitor(address)):
                async with uploads.received(request_of(b"x" * LARGE, b"end", gate=gate), "key", 10 * LARGE) as body:
                    return body.size

        dripping = [asyncio.ensure_future(send("slow")) for _ in range(4)]
        await asyncio.sleep(0.05)
        quick = asyncio.ensure_future(send("quick"))
        await asyncio.sleep(0.05)
        gate.set()
        assert await quick == LARGE + 3
        found = await asyncio.gather(*dripping, return_exceptions=True)
        assert sum(isinstance(item, LimitError) for item in found) == 1

    run(scenario())


def test_a_small_body_does_not_wait(tmp_path, monkeypatch):
    async def scenario():
        uploads = Uploads(Limits(), tmp_path)
        monkeypatch.setattr(uploads_module.Pool, "run", None)
        async with uploads.received(request_of(b"{}"), "key", 100) as body:
            assert await uploads.work("key", body, bytes.decode) == "{}"

    run(scenario())
