"""Whoever drips is cut off; whoever is only slow is not."""

import asyncio

import pytest

from annotator.web.sharing import pace as pace_module
from annotator.web.sharing.pace import Pace, SlowError
from tests.web.conftest import run


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(pace_module, "PAUSE_S", 0.1)
    monkeypatch.setattr(pace_module, "LEAST_BYTES_S", 1_000)


def test_one_long_pause_is_too_long():
    async def scenario():
        pace = Pace()
        pace.moved(10**9)  # however much came before
        with pytest.raises(SlowError):
            async with pace.waiting():
                await asyncio.sleep(1)

    run(scenario())


def test_many_short_pauses_are_too_long_together():
    async def scenario():
        pace = Pace()
        for _ in range(100):
            async with pace.waiting():
                await asyncio.sleep(0.02)
            pace.moved(1)

    with pytest.raises(SlowError):
        run(scenario())


def test_what_moves_buys_its_time():
    async def scenario():
        pace = Pace()
        for _ in range(20):
            async with pace.waiting():
                await asyncio.sleep(0.02)
            pace.moved(40)

    run(scenario())


def test_other_timeouts_are_not_mistaken_for_it():
    async def scenario():
        async with asyncio.timeout(0.01):
            async with Pace().waiting():
                await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        run(scenario())
