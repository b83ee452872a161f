"""Pre-labelling in the background."""

import contextlib
import threading
import time
from collections import deque

import pytest

from annotator.core.settings import BATCH, PROGRESS
from annotator.prelabel.journey import Journey
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.web import batch_record
from annotator.web import jobs as jobs_module
from annotator.web.batch_record import Job
from annotator.web.sharing.limits import LimitError
from annotator.web.sharing.visitor import Visitor, acting_for
from tests.web.batches import (
    PATIENCE_S,
    begin,
    fill,
    images,
    wait,
    wait_until,
)


def test_a_batch_runs_to_its_end(start_server, known_model):
    worker, projects = start_server()
    key = fill(projects, 6)
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert (job.done, job.total, job.error, job.failures) == (6, 6, None, [])
    assert all(image.prelabelled for image in images(projects, key))
    assert projects.get(key).setting(BATCH) is None


def test_a_project_has_one_batch_at_a_time(start_server, known_model):
    worker, projects = start_server()
    key = fill(projects, 6)
    first = begin(worker, projects, key, known_model)
    assert begin(worker, projects, key, known_model) is first
    wait(first)


def test_a_second_project_does_not_wait_for_the_whole_of_the_first(start_server, known_model, monkeypatch):
    monkeypatch.setattr(jobs_module, "SLICE_S", 0.0)
    worker, projects = start_server()
    long, short = fill(projects, 20), fill(projects, 1)
    first = begin(worker, projects, long, known_model)
    second = begin(worker, projects, short, known_model)
    wait(second)
    left = len(first.remaining)
    wait(first)
    assert left > 0
    assert (first.done, second.done) == (20, 1)


def test_the_network_is_shared_evenly_among_many(start_server, known_model, monkeypatch, stored):
    monkeypatch.setattr(jobs_module, "SLICE_S", 0.0)
    worker, projects = start_server()
    keys = [fill(projects, 4) for _ in range(3)]
    order = []
    original = Store.set_setting

    def note(store, name, value):
        if name == PROGRESS:
            order.append(store.folder.name)
        original(store, name, value)

    monkeypatch.setattr(Store, "set_setting", note)
    batches = [begin(worker, projects, key, known_model) for key in keys]
    for job in batches:
        wait(job)
    assert sorted(stored.names) == sorted([f"{index}.png" for index in range(4)] * 3)
    # While all wait, nobody gets a second turn before everybody had a first: behind by two at most in any prefix.
    turns = [order.index(key) for key in keys]
    assert max(turns) < 6
    assert all(not job.error and job.done == 4 for job in batches)


def test_no_more_batches_wait_than_the_limit_says(start_server, known_model, stored):
    worker, projects = start_server(jobs=2)
    gate = threading.Event()
    stored.before = lambda _: gate.wait(PATIENCE_S)
    keys = [fill(projects, 2) for _ in range(4)]
    first = begin(worker, projects, keys[0], known_model)
    wait_until(lambda: first.stage == "running")
    others = [begin(worker, projects, key, known_model) for key in keys[1:3]]
    with pytest.raises(LimitError, match="2 batches wait"):
        begin(worker, projects, keys[3], known_model)
    assert projects.get(keys[3]).setting(BATCH) is None
    gate.set()
    for job in (first, *others):
        wait(job)
    wait(begin(worker, projects, keys[3], known_model))


def test_no_more_batches_of_one_address_wait_than_its_share(start_server, known_model, stored):
    worker, projects = start_server(client_jobs=1)
    gate = threading.Event()
    stored.before = lambda _: gate.wait(PATIENCE_S)
    keys = [fill(projects, 2) for _ in range(4)]
    with acting_for(Visitor("10.0.0.1")):
        first = begin(worker, projects, keys[0], known_model)
        wait_until(lambda: first.stage == "running")
        second = begin(worker, projects, keys[1], known_model)
        with pytest.raises(LimitError, match="1 batches of yours wait"):
            begin(worker, projects, keys[2], known_model)
    with acting_for(Visitor("10.0.0.2")):
        other = begin(worker, projects, keys[3], known_model)
    assert worker.turns == 2  # all of one address have one turn together
    gate.set()
    for job in (first, second, other):
        wait(job)
    assert worker.turns == 0


def test_many_batches_of_one_address_get_one_turn_between_two_of_another(start_server):
    worker, _ = start_server()

    def turns(count):
        taken = []
        for _ in range(count):
            job = worker._next()
            taken.append(job.client)
            worker._waiting.append(job)
        return "".join(taken)

    worker._waiting.extend(Job(f"a{index}", "m", deque(), 0, client="a") for index in range(3))
    assert turns(4) == "aaaa"
    worker._waiting.append(Job("b0", "m", deque(), 0, client="b"))
    # Whoever comes new is not ahead for ever because others had turns before.
    assert turns(8) in {"abababab", "babababa"}
    worker._waiting.extend(
        (Job("c0", "m", deque(), 0, client="c"), Job("d0", "m", deque(), 0, client="d", ready=False))
    )
    assert sorted(turns(9)) == list("aaabbbccc")
    worker._waiting.clear()


def test_a_cancelled_batch_stops_and_the_next_one_runs(start_server, known_model):
    worker, projects = start_server()
    key = fill(projects, 40)
    job = begin(worker, projects, key, known_model)
    worker.cancel(key)
    again = begin(worker, projects, key, known_model)
    assert again is not job
    wait(job)
    assert job.remaining
    wait(again)
    assert again.done == 40


def test_a_network_that_cannot_be_loaded_is_told_in_one_line_and_the_worker_lives(start_server, known_model):
    worker, projects = start_server()
    key = fill(projects, 1)
    info = zoo.find(known_model)
    whole = info.xml_path.read_bytes()
    info.xml_path.write_bytes(whole.replace(b"constant", b"konstant"))
    broken = begin(worker, projects, key, known_model)
    wait(broken)
    assert "SHA-384" in broken.error
    assert "\n" not in broken.error
    info.xml_path.write_bytes(whole)
    mended = begin(worker, projects, key, known_model)
    wait(mended)
    assert (mended.done, mended.error) == (1, None)


@contextlib.contextmanager
def write_locked(projects, key):
    """Another writer of this project takes its time."""
    held, over = threading.Event(), threading.Event()

    def hold():
        with projects.use(key) as store, store.together():
            held.set()
            over.wait(PATIENCE_S)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(PATIENCE_S)
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("act", ["start", "cancel"])
def test_a_project_that_cannot_be_written_holds_up_nobody_else(start_server, known_model, act):
    worker, projects = start_server()
    held, other = fill(projects, 1), fill(projects, 3)
    with write_locked(projects, held):
        acts = {"start": lambda: begin(worker, projects, held, known_model), "cancel": lambda: worker.cancel(held)}
        waiting = threading.Thread(target=acts[act])
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
        began = time.monotonic()
        assert worker.resume(other) is None  # as when the other one's page opens
        job = begin(worker, projects, other, known_model)
        wait(job)
        worker.cancel(other)
        assert time.monotonic() - began < PATIENCE_S / 3
        assert job.done == 3
        assert waiting.is_alive()
    waiting.join()
    if act == "start":
        wait(worker.status(held))
        assert worker.status(held).done == 1
    assert projects.get(held).setting(BATCH) is None


def test_a_batch_that_is_cancelled_while_its_record_is_written_does_not_come_back(
    start_server, known_model, monkeypatch
):
    worker, projects = start_server()
    key = fill(projects, 3)
    original, cancelled = batch_record.save, threading.Event()

    def late(store, job):
        cancelled.wait(PATIENCE_S)
        original(store, job)

    monkeypatch.setattr(batch_record, "save", late)
    starting = threading.Thread(target=begin, args=(worker, projects, key, known_model))
    starting.start()
    wait_until(lambda: worker.status(key) is not None)
    worker.cancel(key)
    cancelled.set()
    starting.join()
    assert not worker.status(key).running
    again, projects = start_server()
    assert again.resume(key) is None
    assert not any(image.prelabelled for image in images(projects, key))


def test_the_end_of_a_cancelled_batch_leaves_the_next_one_its_record(start_server, known_model, monkeypatch):
    worker, projects = start_server()
    key = fill(projects, 1)
    gates = [threading.Event(), threading.Event()]
    original, reached = Journey._make_ready, []

    def make_ready(journey, image):
        reached.append(image)
        gates[len(reached) - 1].wait(PATIENCE_S)
        return original(journey, image)

    monkeypatch.setattr(Journey, "_make_ready", make_ready)
    first = begin(worker, projects, key, known_model)
    wait_until(lambda: reached)
    worker.cancel(key)
    second = begin(worker, projects, key, known_model)
    gates[0].set()
    wait(first)
    assert second.running
    assert projects.get(key).setting(BATCH)["batch"] == second.batch
    gates[1].set()
    wait(second)
    assert (second.done, second.failed) == (1, 0)
    assert projects.get(key).setting(BATCH) is None
