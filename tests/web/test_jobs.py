"""Pre-labelling in the background."""

import time

import pytest

from annotator.storage.store import Store
from annotator.vision import zoo
from annotator.web.jobs import Prelabelling
from tests.conftest import picture

PATIENCE_S = 30


@pytest.fixture
def jobs():
    worker = Prelabelling()
    yield worker
    worker.stop()


@pytest.fixture
def make_store(tmp_path):
    opened = []

    def make(name, count):
        store = Store.open(tmp_path / name)
        opened.append(store)
        for index in range(count):
            store.add_image(picture(seed=index), file_name=f"{index}.png", width=64, height=48)
        return store

    yield make
    for store in opened:
        store.close()


def images(store):
    return [row.image for row in store.queue()]


def wait(job):
    end = time.monotonic() + PATIENCE_S
    while job.running:
        assert time.monotonic() < end, f"still {job.stage} after {PATIENCE_S} s"
        time.sleep(0.02)


def test_a_batch_runs_to_its_end(jobs, make_store, known_model):
    store = make_store("one", 6)
    job = jobs.start("one", store, zoo.find(known_model), images(store))
    wait(job)
    assert (job.done, job.total, job.error, job.failures) == (6, 6, None, [])
    assert all(row.image.prelabelled for row in store.queue())


def test_a_project_has_one_batch_at_a_time(jobs, make_store, known_model):
    store = make_store("one", 6)
    first = jobs.start("one", store, zoo.find(known_model), images(store))
    assert jobs.start("one", store, zoo.find(known_model), images(store)) is first
    wait(first)


def test_a_second_project_does_not_wait_for_the_whole_of_the_first(jobs, make_store, known_model, monkeypatch):
    monkeypatch.setattr("annotator.web.jobs.SLICE_S", 0.0)
    long, short = make_store("long", 40), make_store("short", 1)
    first = jobs.start("long", long, zoo.find(known_model), images(long))
    second = jobs.start("short", short, zoo.find(known_model), images(short))
    wait(second)
    left = len(first.remaining)
    wait(first)
    assert left > 0
    assert (first.done, second.done) == (40, 1)


def test_a_cancelled_batch_stops_and_the_next_one_runs(jobs, make_store, known_model):
    store = make_store("one", 40)
    job = jobs.start("one", store, zoo.find(known_model), images(store))
    jobs.cancel("one")
    wait(job)
    assert job.remaining
    again = jobs.start("one", store, zoo.find(known_model), images(store))
    wait(again)
    assert again.done == 40


def test_a_network_that_cannot_be_loaded_is_told_in_one_line_and_the_worker_lives(jobs, make_store, known_model):
    store = make_store("one", 1)
    info = zoo.find(known_model)
    whole = info.xml_path.read_bytes()
    info.xml_path.write_bytes(whole.replace(b"constant", b"konstant"))
    broken = jobs.start("one", store, info, images(store))
    wait(broken)
    assert "SHA-384" in broken.error
    assert "\n" not in broken.error
    info.xml_path.write_bytes(whole)
    mended = jobs.start("one", store, zoo.find(known_model), images(store))
    wait(mended)
    assert (mended.done, mended.error) == (1, None)


def test_an_unreadable_picture_is_named_and_the_rest_is_done(jobs, make_store, known_model):
    store = make_store("one", 5)
    store.content_path(images(store)[2].sha256).write_bytes(b"gone bad")
    job = jobs.start("one", store, zoo.find(known_model), images(store))
    wait(job)
    assert job.done == 5
    assert [failure.file_name for failure in job.failures] == ["2.png"]
    assert sum(row.image.prelabelled for row in store.queue()) == 4
