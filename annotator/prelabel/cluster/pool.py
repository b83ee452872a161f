"""Ray: a worker on each few cores, pictures handed out, and handed out again where a worker was killed.

Actors and their tasks are used, and not Ray Data: what is done again after a kill is then ours to choose, a picture at
last, and what is to be installed is a third of it.

Tests: tests/prelabel/cluster/test_pool.py
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from annotator.core.errors import AnnotatorError, last_line
from annotator.prelabel.cluster.pictures import MISSING, Picture
from annotator.prelabel.cluster.worker import Plan, Result, Worker, files_of
from annotator.prelabel.journey import Failed, Failure

THREADS = 4
"""Cores of one network: more of them gain less than another network would."""

TOGETHER = 16
"""Pictures that a worker is given at once, and does again where it is killed."""

UNDER_WAY = 2
"""Of these, how many a worker works on: the next pictures are decoded while the last ones are seen."""

TRIES = 3
"""How often pictures are given out again by Ray before each is tried alone."""

REACH_S = 5.0

HOW_TO_JOIN = "a cluster with a token wants RAY_AUTH_MODE=token, and its token in ~/.ray/auth_token"
"""Ray does not say that the token is what is missing, and sends none to an address unless it is told to."""


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Ray, joined at an address, or begun on this machine for as long as the block lasts.

    Raises AnnotatorError where the extra is not installed or nothing can be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing calls home
    try:
        import ray
    except ImportError as error:
        raise AnnotatorError(MISSING) from error
    if address is not None:
        _require_reachable(address)
    try:
        ray.init(
            address=address or "local",
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level="ERROR",
            namespace="annotator",
        )
    except Exception as error:  # ConnectionError, ValueError, RuntimeError, by what is wrong
        hint = f"; {HOW_TO_JOIN}" if address else ""
        raise AnnotatorError(f"ray: {address or 'here'}: cannot be joined ({last_line(error)}){hint}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _require_reachable(address: str) -> None:
    """Ray itself would try for a minute, and end the process."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdecimal():
        raise AnnotatorError(f"--address: found {address!r}, expected HOST:PORT, ray://HOST:PORT or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_S).close()
    except (OSError, OverflowError) as error:
        raise AnnotatorError(
            f"ray: {address}: cannot be reached ({getattr(error, 'strerror', None) or error})"
        ) from error


class Hand:
    """A worker as an actor. It is made of what comes with its first pictures, so that Ray can begin it anew anywhere.

    A constructor's own arguments would be lost with the machine that holds them (ray#53727).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: Worker | None = None

    def see(self, plan: Plan, shared: Sequence[Any], pictures: Sequence[Picture]) -> list[Result]:
        """What came of each picture. shared: where Ray has the network's files, and the hashes of what is done."""
        import ray

        with self._lock:
            if self._worker is None:
                files, done = shared
                self._worker = Worker(plan, lambda: ray.get(files), lambda: ray.get(done))
        return self._worker.see(pictures)


def see_all(
    ray: Any, plan: Plan, pictures: Sequence[Picture], *, done: frozenset[str] = frozenset()
) -> Iterator[Result]:
    """What came of each picture, once, in whatever order it comes back.

    A picture that kills its worker again and again is a failure.
    """
    cores = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    cores = [count for count in cores if count]
    if not cores:
        raise AnnotatorError("ray: no machine with a processor, expected one")
    threads = min(THREADS, *cores)
    count = min(sum(one // threads for one in cores), -(-len(pictures) // TOGETHER))
    actor = ray.remote(Hand).options(
        # A core of each stays free: where workers hold them all, whatever else Ray has to do waits for ever.
        num_cpus=threads - 1 if threads > 1 else 0.5,
        max_concurrency=UNDER_WAY,
        max_restarts=-1,
        max_task_retries=TRIES,
        scheduling_strategy="SPREAD",
    )
    hands = [actor.remote() for _ in range(count)]
    plan, shared = replace(plan, threads=threads), [ray.put(files_of(plan.info)), ray.put(done)]
    try:
        yield from _hand_out(ray, hands, lambda hand, some: hand.see.remote(plan, shared, some), pictures)
    finally:
        # An error may have ended Ray by now, and its workers; whatever is asked of it would begin it anew.
        for hand in hands if ray.is_initialized() else ():
            with contextlib.suppress(Exception):  # it is gone already
                ray.kill(hand)


def _hand_out(
    ray: Any, hands: Sequence[Any], ask: Callable[[Any, Sequence[Picture]], Any], pictures: Sequence[Picture]
) -> Iterator[Result]:
    waiting = deque(pictures[begin : begin + TOGETHER] for begin in range(0, len(pictures), TOGETHER))
    suspects: deque[Picture] = deque()
    load = dict.fromkeys(range(len(hands)), 0)
    asked: dict[Any, tuple[int, Sequence[Picture], int]] = {}

    def give(index: int, some: Sequence[Picture], *, weight: int) -> None:
        asked[ask(hands[index], some)] = index, some, weight
        load[index] += weight

    while waiting or suspects or asked:
        for index in sorted(load, key=load.__getitem__):
            if suspects:
                # By itself in its worker, so that none is taken for another one that kills it.
                if not load[index]:
                    give(index, [suspects.popleft()], weight=UNDER_WAY)
            else:
                while waiting and load[index] < UNDER_WAY:
                    give(index, waiting.popleft(), weight=1)
        (ready,), _ = ray.wait(list(asked), num_returns=1)
        index, some, weight = asked.pop(ready)
        load[index] -= weight
        try:
            results = ray.get(ready)
        except ray.exceptions.RayError as error:
            if weight < UNDER_WAY:
                suspects.extend(some)
                continue
            reason = f"its worker ended {TRIES + 1} times while it was seen ({last_line(error)})"
            results = [Failed(some[0], Failure(some[0].address, reason))]
        yield from results
