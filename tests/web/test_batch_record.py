"""A batch is kept in its project, and the next server goes on with it."""

import json

import pytest

from annotator.core.settings import BATCH, PROGRESS
from annotator.prelabel import batch
from annotator.web import slices
from tests.web.batches import (
    Killed,
    begin,
    fill,
    images,
    killed_at,
    restart,
    wait,
    wait_until,
)


def test_a_cancelled_batch_stays_cancelled_over_a_restart(start_server, known_model, stored):
    worker, projects = start_server()
    key = fill(projects, 6)
    killed_at(stored, "3.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    worker.cancel(key)
    again, projects = start_server()
    assert again.resume(key) is None


@pytest.mark.parametrize("at", ["0.png", "4.png", "8.png"])
def test_a_batch_goes_on_after_a_restart_with_no_picture_twice_and_none_left_out(start_server, known_model, stored, at):
    worker, projects = start_server()
    key = fill(projects, 9)
    store = projects.get(key)
    # One that cannot be read, beyond what is done: it must be counted once, in its turn.
    store.content_path(images(projects, key)[6].sha256).write_bytes(b"gone bad")
    killed_at(stored, at)
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    again, projects = start_server()
    job = again.resume(key)
    wait(job)
    assert (job.done, job.total, job.failed, job.error) == (9, 9, 1, None)
    assert [failure.file_name for failure in job.failures] == ["6.png"]
    assert stored.names == [f"{index}.png" for index in range(9) if index != 6]
    assert projects.get(key).setting(BATCH) is None


def test_a_server_that_ends_stops_after_the_pictures_under_way_and_the_next_one_goes_on(
    start_server, known_model, stored, monkeypatch
):
    monkeypatch.setattr(batch, "STORED_TOGETHER", 1)
    worker, projects = start_server()
    key = fill(projects, 14)
    job = begin(worker, projects, key, known_model)
    wait_until(lambda: job.done >= 3)
    worker.stop()
    assert not worker._worker.is_alive()
    assert 0 < job.done < 14
    again, projects = start_server()
    rest = again.resume(key)
    wait(rest)
    assert (rest.done, rest.total) == (14, 14)
    assert sorted(stored.names) == sorted(f"{index}.png" for index in range(14))


def test_a_death_between_storing_and_noting_does_what_was_not_noted_again_and_replaces_it(
    start_server, known_model, stored, monkeypatch
):
    worker, projects = start_server()
    key = fill(projects, 5)
    original = slices.note_done

    monkeypatch.setattr(batch, "STORED_TOGETHER", 1)

    def die(store, job, outcomes):
        if len(job.remaining) == 3:
            raise Killed
        original(store, job, outcomes)

    monkeypatch.setattr(slices, "note_done", die)
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    monkeypatch.setattr(slices, "note_done", original)
    again, projects = start_server()
    wait(again.resume(key))
    assert stored.names == ["0.png", "1.png", "2.png", "2.png", "3.png", "4.png"]
    store = projects.get(key)
    counts = [len(store.instances(image.id)) for image in images(projects, key)]
    assert counts == [2] * 5


def test_what_failed_before_a_restart_can_be_tried_again_after_it(start_server, known_model, stored):
    worker, projects = start_server()
    key = fill(projects, 6)
    bad = projects.get(key).content_path(images(projects, key)[1].sha256)
    whole = bad.read_bytes()
    bad.write_bytes(b"gone bad")
    killed_at(stored, "4.png")
    begin(worker, projects, key, known_model)
    worker, projects, job = restart(start_server, worker, key)
    wait(job)
    assert job.failed == 1
    bad.write_bytes(whole)
    again = worker.retry(key)
    wait(again)
    assert (again.total, again.failed) == (1, 0)
    assert all(image.prelabelled for image in images(projects, key))


def test_images_removed_while_the_server_was_down_are_told(start_server, known_model, stored):
    worker, projects = start_server()
    key = fill(projects, 8)
    killed_at(stored, "3.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    store = projects.get(key)
    store.remove_image(images(projects, key)[5].id)
    killed_at(stored, "4.png")
    again, projects = start_server()
    again.resume(key)
    wait_until(lambda: not again._worker.is_alive())
    third, projects = start_server()
    job = third.resume(key)
    wait(job)
    assert (job.done, job.total, job.failed) == (8, 8, 1)
    assert stored.names == [f"{index}.png" for index in range(8) if index != 5]


def test_a_batch_whose_network_is_gone_says_so_and_waits_for_it(
    start_server, known_model, stored, monkeypatch, tmp_path
):
    worker, projects = start_server()
    key = fill(projects, 3)
    killed_at(stored, "1.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "empty"))
    again, projects = start_server()
    assert known_model in again.resume(key).error
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    job = again.resume(key)
    wait(job)
    assert job.done == 3


def test_opening_a_project_is_enough_to_go_on(start_server, known_model, stored):
    worker, projects = start_server()
    key = fill(projects, 4)
    killed_at(stored, "2.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    again, projects = start_server()
    projects.when_opened(again.resume)
    projects.get(key)
    wait(again.status(key))
    assert stored.names == [f"{index}.png" for index in range(4)]


def test_the_mark_after_each_picture_stays_small(start_server, known_model):
    worker, projects = start_server()
    key = fill(projects, 3)
    for image in images(projects, key):
        projects.get(key).content_path(image.sha256).write_bytes(b"gone bad")
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert job.failed == 3
    assert len(json.dumps(projects.get(key).setting(PROGRESS))) < 1000
