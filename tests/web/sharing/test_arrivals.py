"""Pictures join in the order in which they were sent, and nobody waits for one that does not come."""

import asyncio
import time

from annotator.web.sharing import arrivals as arrivals_module
from annotator.web.sharing.arrivals import Arrivals
from annotator.web.sharing.visitor import Visitor, acting_for
from tests.web.conftest import run


def test_who_came_first_ends_first_and_who_gives_up_holds_up_nobody():
    ended = []

    async def scenario():
        arrivals = Arrivals()

        async def upload(number, seconds, *, fails=False):
            async with arrivals.joined("key") as mine:
                await asyncio.sleep(seconds)
                mine.arrived()
                if fails:
                    raise OSError
                await arrivals.turn("key", mine)
                ended.append(number)

        started = [upload(0, 0.05), upload(1, 0.2, fails=True), upload(2, 0.01), upload(3, 0.0)]
        await asyncio.gather(*map(asyncio.ensure_future, started), return_exceptions=True)
        assert arrivals.is_idle

    run(scenario())
    assert ended == [0, 2, 3]


def test_a_body_that_stalls_or_drips_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(arrivals_module, "STALLED_S", 0.1)
    ended = []

    async def scenario():
        arrivals = Arrivals()

        async def send(name, pieces):
            async with arrivals.joined("key") as mine:
                size = 0
                for piece in pieces:
                    await asyncio.sleep(0.03)
                    size += piece
                    mine.received(size)
                mine.arrived()
                await arrivals.turn("key", mine)
                ended.append(name)

        async def stall():
            async with arrivals.joined("key"):
                await asyncio.sleep(2)

        stalled = asyncio.ensure_future(stall())
        began = time.monotonic()
        dripping = asyncio.ensure_future(send("dripping", [1] * 40))
        slow = asyncio.ensure_future(send("slow and steady", [20_000] * 15))
        await asyncio.gather(send("quick", [100_000]), slow, dripping)
        assert time.monotonic() - began < 1.9
        await stalled

    run(scenario())
    assert ended == ["slow and steady", "quick", "dripping"]


async def drip(arrivals, *, seconds):
    """A body that comes just fast enough to be no stalled one."""
    async with arrivals.joined("key") as mine:
        for size in range(1, round(seconds / 0.02)):
            await asyncio.sleep(0.02)
            mine.received(20_000 * size)


async def arrive(arrivals):
    """How long a body that is there at once waits for its turn."""
    began = time.monotonic()
    async with arrivals.joined("key") as mine:
        mine.arrived()
        await arrivals.turn("key", mine)
    return time.monotonic() - began


def test_a_body_that_drips_steadily_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(arrivals_module, "STALLED_S", 0.4)
    monkeypatch.setattr(arrivals_module, "PATIENCE_S", 0.3)

    async def scenario():
        arrivals = Arrivals()
        dripping = asyncio.ensure_future(drip(arrivals, seconds=2))
        await asyncio.sleep(0.05)
        assert 0.2 < await arrive(arrivals) < 1
        await dripping

    run(scenario())


def test_nobody_waits_for_the_uploads_of_another_address():
    async def scenario():
        arrivals = Arrivals()
        with acting_for(Visitor("slow")):
            dripping = asyncio.ensure_future(drip(arrivals, seconds=1))
        await asyncio.sleep(0.05)
        with acting_for(Visitor("quick")):
            assert await arrive(arrivals) < 0.5
        await dripping
        assert arrivals.is_idle

    run(scenario())
