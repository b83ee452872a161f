"""Pre-labelling in the background."""

import contextlib
import json
import sqlite3
import threading
import time

import pytest

from annotator.core.errors import ModelError
from annotator.prelabel import batch
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.vision.pictures import sandbox
from annotator.web import jobs as jobs_module
from annotator.web.jobs import BATCH, PROGRESS, Prelabelling
from annotator.web.projects import Projects
from annotator.web.sharing.limits import LimitError, Limits
from tests.conftest import picture

PATIENCE_S = 30


@pytest.fixture
def server(tmp_path):
    """Makes the worker of a server over the same visitors' projects, again and again: a restart each time."""
    started = []

    def start(**limits):
        projects = Projects(visitors=tmp_path / "visitors", limits=Limits(**limits))
        worker = Prelabelling(projects)
        started.append((worker, projects))
        return worker, projects

    yield start
    for worker, projects in started:
        worker.stop()
        projects.close()


def fill(projects, count):
    """A new project with so many pictures; its key."""
    key = projects.create()
    with projects.use(key) as store:
        for index in range(count):
            store.add_image(picture(seed=index), file_name=f"{index}.png", width=64, height=48)
    return key


def begin(worker, projects, key, model):
    return worker.start(key, zoo.find(model), images(projects, key))


def images(projects, key):
    return [row.image for row in projects.get(key).queue()]


def wait(job):
    wait_until(lambda: not job.running)


def wait_until(true):
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"still waiting after {PATIENCE_S} s"
        time.sleep(0.01)


class Stored:
    """What the projects of a server hold of its batches; `before(name)` may stop what is being stored."""

    def __init__(self, visitors):
        self._visitors = visitors
        self.before = None

    @property
    def names(self):
        """File names of the pictures whose suggestions were stored, in order; what was stored twice is there twice."""
        names = []
        for path in sorted(self._visitors.glob("*/project.db")):
            with contextlib.closing(sqlite3.connect(path)) as database:
                rows = database.execute(
                    "SELECT file_name FROM suggestions JOIN images ON images.id = image_id ORDER BY suggestions.rowid"
                ).fetchall()
            names += [name for (name,) in rows[::2]]  # the network sees two people on every picture
        return names


@pytest.fixture
def stored(monkeypatch, tmp_path):
    found = Stored(tmp_path / "visitors")
    original = Store.set_suggestions

    def store(self, image_id, suggestions):
        if found.before is not None:
            found.before(self.image(image_id).file_name)
        original(self, image_id, suggestions)

    monkeypatch.setattr(Store, "set_suggestions", store)
    return found


class Killed(BaseException):
    """What ends a worker's thread at once, as kill -9 ends its process: nothing after it runs."""


def killed_at(stored, name):
    """Make the worker die when it is about to store this picture."""

    def die(found):
        if found == name:
            stored.before = None
            raise Killed

    stored.before = die


@pytest.fixture(autouse=True)
def quiet_deaths(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)


def test_a_batch_runs_to_its_end(server, known_model):
    worker, projects = server()
    key = fill(projects, 6)
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert (job.done, job.total, job.error, job.failures) == (6, 6, None, [])
    assert all(image.prelabelled for image in images(projects, key))
    assert projects.get(key).setting(BATCH) is None


def test_a_project_has_one_batch_at_a_time(server, known_model):
    worker, projects = server()
    key = fill(projects, 6)
    first = begin(worker, projects, key, known_model)
    assert begin(worker, projects, key, known_model) is first
    wait(first)


def test_a_second_project_does_not_wait_for_the_whole_of_the_first(server, known_model, monkeypatch):
    monkeypatch.setattr(jobs_module, "SLICE_S", 0.0)
    worker, projects = server()
    long, short = fill(projects, 20), fill(projects, 1)
    first = begin(worker, projects, long, known_model)
    second = begin(worker, projects, short, known_model)
    wait(second)
    left = len(first.remaining)
    wait(first)
    assert left > 0
    assert (first.done, second.done) == (20, 1)


def test_the_network_is_shared_evenly_among_many(server, known_model, monkeypatch, stored):
    monkeypatch.setattr(jobs_module, "SLICE_S", 0.0)
    worker, projects = server()
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


def test_no_more_batches_wait_than_the_limit_says(server, known_model, stored):
    worker, projects = server(jobs=2)
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


def test_a_cancelled_batch_stops_and_the_next_one_runs(server, known_model):
    worker, projects = server()
    key = fill(projects, 40)
    job = begin(worker, projects, key, known_model)
    worker.cancel(key)
    again = begin(worker, projects, key, known_model)
    assert again is not job
    wait(job)
    assert job.remaining
    wait(again)
    assert again.done == 40


def test_a_cancelled_batch_stays_cancelled_over_a_restart(server, known_model, stored):
    worker, projects = server()
    key = fill(projects, 6)
    killed_at(stored, "3.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    worker.cancel(key)
    again, projects = server()
    assert again.resume(key) is None


def test_a_network_that_cannot_be_loaded_is_told_in_one_line_and_the_worker_lives(server, known_model):
    worker, projects = server()
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


def test_an_unreadable_picture_is_named_and_the_rest_is_done(server, known_model):
    worker, projects = server()
    key = fill(projects, 5)
    store = projects.get(key)
    store.content_path(images(projects, key)[2].sha256).write_bytes(b"gone bad")
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert (job.done, job.failed) == (5, 1)
    assert [failure.file_name for failure in job.failures] == ["2.png"]
    assert sum(image.prelabelled for image in images(projects, key)) == 4


def test_a_decoder_that_dies_costs_its_own_picture(server, known_model, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_SANDBOX", "1")
    original = sandbox.Child.decode

    def fragile(child, content, file_name, *rest):
        if file_name == "2.png":
            child.process.kill()
        return original(child, content, file_name, *rest)

    monkeypatch.setattr(sandbox.Child, "decode", fragile)
    worker, projects = server()
    key = fill(projects, 5)
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert (job.done, job.failed, job.error) == (5, 1, None)
    assert "brought the decoder down" in str(job.failures[0])


@pytest.mark.parametrize("at", ["0.png", "4.png", "8.png"])
def test_a_batch_goes_on_after_a_restart_with_no_picture_twice_and_none_left_out(server, known_model, stored, at):
    worker, projects = server()
    key = fill(projects, 9)
    store = projects.get(key)
    # One that cannot be read, beyond what is done: it must be counted once, in its turn.
    store.content_path(images(projects, key)[6].sha256).write_bytes(b"gone bad")
    killed_at(stored, at)
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    again, projects = server()
    job = again.resume(key)
    wait(job)
    assert (job.done, job.total, job.failed, job.error) == (9, 9, 1, None)
    assert [failure.file_name for failure in job.failures] == ["6.png"]
    assert stored.names == [f"{index}.png" for index in range(9) if index != 6]
    assert projects.get(key).setting(BATCH) is None


def test_a_server_that_ends_stops_after_the_pictures_under_way_and_the_next_one_goes_on(
    server, known_model, stored, monkeypatch
):
    monkeypatch.setattr(batch, "STORED_TOGETHER", 1)
    worker, projects = server()
    key = fill(projects, 14)
    job = begin(worker, projects, key, known_model)
    wait_until(lambda: job.done >= 3)
    worker.stop()
    assert not worker._worker.is_alive()
    assert 0 < job.done < 14
    again, projects = server()
    rest = again.resume(key)
    wait(rest)
    assert (rest.done, rest.total) == (14, 14)
    assert sorted(stored.names) == sorted(f"{index}.png" for index in range(14))


def test_a_death_between_storing_and_noting_does_what_was_not_noted_again_and_replaces_it(
    server, known_model, stored, monkeypatch
):
    worker, projects = server()
    key = fill(projects, 5)
    original = Prelabelling._mark

    monkeypatch.setattr(batch, "STORED_TOGETHER", 1)

    def die(self, job, store):
        if len(job.remaining) == 2:
            raise Killed
        original(self, job, store)

    monkeypatch.setattr(Prelabelling, "_mark", die)
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    monkeypatch.setattr(Prelabelling, "_mark", original)
    again, projects = server()
    wait(again.resume(key))
    assert stored.names == ["0.png", "1.png", "2.png", "2.png", "3.png", "4.png"]
    store = projects.get(key)
    counts = [len(store.instances(image.id)) for image in images(projects, key)]
    assert counts == [2] * 5


def test_a_picture_that_brings_the_server_down_each_time_is_passed_over(server, known_model, monkeypatch):
    original, deaths = batch.prelabel_queued, []

    def deadly(store, detector, queued, **hooks):
        for image in queued:
            if image.file_name == "2.png":
                deaths.append(len(queued))
                raise Killed
            original(store, detector, [image], **hooks)

    monkeypatch.setattr(batch, "prelabel_queued", deadly)
    worker, projects = server()
    key = fill(projects, 5)
    job = begin(worker, projects, key, known_model)
    for _ in range(2):
        wait_until(lambda: not worker._worker.is_alive())  # noqa: B023
        worker, projects = server()
        job = worker.resume(key)
    wait_until(lambda: not worker._worker.is_alive())
    worker, projects = server()
    job = worker.resume(key)
    wait(job)
    assert (job.done, job.failed) == (5, 1)
    assert deaths == [5, 1, 1]  # once in company, then alone
    assert [failure.file_name for failure in job.failures] == ["2.png"]
    assert sum(image.prelabelled for image in images(projects, key)) == 4


def test_an_error_nobody_foresaw_costs_its_own_picture(server, known_model, monkeypatch):
    original = batch.suggest
    worker, projects = server()
    key = fill(projects, 8)
    calls = iter(range(100))

    def fragile(found, **rest):
        if next(calls) in (3, 5):  # once in company, and once more when it is alone
            raise MemoryError("no more of it")
        return original(found, **rest)

    monkeypatch.setattr(batch, "suggest", fragile)
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert (job.done, job.failed, job.error) == (8, 1, None)
    assert "MemoryError" in job.failures[0].reason


def test_a_network_that_fails_on_everything_is_one_line_and_not_thousands(server, known_model, monkeypatch):
    def broken(*_, **__):
        raise ModelError("inference failed: no such layer")

    monkeypatch.setattr(batch, "suggest", broken)
    worker, projects = server()
    key = fill(projects, 40)
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert "no such layer" in job.error
    assert job.done <= 2 * jobs_module.CAREFUL


def test_images_removed_while_the_server_was_down_are_told(server, known_model, stored):
    worker, projects = server()
    key = fill(projects, 8)
    killed_at(stored, "3.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    store = projects.get(key)
    store.remove_image(images(projects, key)[5].id)
    killed_at(stored, "4.png")
    again, projects = server()
    again.resume(key)
    wait_until(lambda: not again._worker.is_alive())
    third, projects = server()
    job = third.resume(key)
    wait(job)
    assert (job.done, job.total, job.failed) == (8, 8, 1)
    assert stored.names == [f"{index}.png" for index in range(8) if index != 5]


def test_a_batch_whose_network_is_gone_says_so_and_waits_for_it(server, known_model, stored, monkeypatch, tmp_path):
    worker, projects = server()
    key = fill(projects, 3)
    killed_at(stored, "1.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "empty"))
    again, projects = server()
    assert known_model in again.resume(key).error
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    job = again.resume(key)
    wait(job)
    assert job.done == 3


def test_opening_a_project_is_enough_to_go_on(server, known_model, stored):
    worker, projects = server()
    key = fill(projects, 4)
    killed_at(stored, "2.png")
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    again, projects = server()
    projects.when_opened(again.resume)
    projects.get(key)
    wait(again.status(key))
    assert stored.names == [f"{index}.png" for index in range(4)]


def test_the_mark_after_each_picture_stays_small(server, known_model):
    worker, projects = server()
    key = fill(projects, 3)
    for image in images(projects, key):
        projects.get(key).content_path(image.sha256).write_bytes(b"gone bad")
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert job.failed == 3
    assert len(json.dumps(projects.get(key).setting(PROGRESS))) < 1000
