"""Bounded pools: in the order of asking, and no client keeps the others out."""

import asyncio
import threading
import time

import pytest

from annotator.web.sharing.slots import FullError, Pool, Slots, share_of_address
from annotator.web.sharing.visitor import Visitor, acting_for
from tests.web.conftest import run


def test_slots_are_given_in_the_order_of_asking_and_nothing_is_left():
    ended = []

    async def scenario():
        slots = Slots(1)

        async def work(number):
            async with slots.held("name"):
                await asyncio.sleep(0.001)
                ended.append(number)

        waiting = [asyncio.ensure_future(work(number)) for number in range(5)]
        await asyncio.sleep(0)
        waiting[2].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert slots.is_idle
        assert not slots._free

    run(scenario())
    assert ended == [0, 1, 3, 4]


def test_no_more_wait_than_may():
    async def scenario():
        slots = Slots(2, waiting=1)

        async def work(name):
            async with slots.held(name):
                await asyncio.sleep(0.01)

        found = await asyncio.gather(*(work("a") for _ in range(5)), work("b"), return_exceptions=True)
        assert [isinstance(one, FullError) for one in found] == [False] * 3 + [True] * 2 + [False]
        assert slots.is_idle

    run(scenario())


@pytest.mark.parametrize(("total", "share"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (8, 3), (64, 31)])
def test_one_address_has_less_than_half(total, share):
    assert share_of_address(total) == share


def test_a_client_with_much_work_does_not_keep_another_waiting():
    order = []

    async def scenario():
        pool = Pool(3, each=2)

        async def work(key):
            async with pool.slot(key):
                order.append(key)
                await asyncio.sleep(0.001)

        greedy = [asyncio.ensure_future(work("greedy")) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.gather(work("modest"), *greedy)
        assert pool.is_idle

    run(scenario())
    assert len(order) == 21
    assert order.index("modest") <= 2


@pytest.mark.parametrize(("total", "each"), [(1, 1), (3, 2), (5, 2)])
def test_an_address_with_many_projects_does_not_keep_another_waiting(total, each):
    order = []

    async def scenario():
        pool = Pool(total, each=each)

        async def ask(address, key):
            with acting_for(Visitor(address)):
                async with pool.slot(key):
                    order.append(address)
                    await asyncio.sleep(0.001)

        greedy = [asyncio.ensure_future(ask("greedy", f"project {number}")) for number in range(20)]
        await asyncio.sleep(0)
        await asyncio.gather(ask("modest", "its own"), *greedy)
        assert pool.is_idle

    run(scenario())
    assert len(order) == 21
    assert order.index("modest") <= share_of_address(total)


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
        pool = Pool(3, each=2)
        await asyncio.gather(*(pool.run(f"client {index % 7}", work) for index in range(40)))

    run(scenario())
    assert most == 3


def test_two_greedy_addresses_do_not_keep_a_third_out():
    async def scenario():
        pool, gate = Pool(5, each=5), asyncio.Event()

        async def hold(address):
            with acting_for(Visitor(address)):
                async with pool.slot("project of " + address):
                    await gate.wait()

        held = [asyncio.ensure_future(hold(address)) for address in ("a", "b") * 10]
        await asyncio.sleep(0.01)
        third = asyncio.ensure_future(hold("c"))
        await asyncio.sleep(0.01)
        assert pool._total._asking[""] == 5
        gate.set()
        await asyncio.gather(third, *held)
        assert pool.is_idle

    run(scenario())
