"""Pre-labelling in the background."""

import contextlib
import json
import sqlite3
import threading
import time

import pytest

from annotator.core.errors import ModelError
from annotator.core.settings import BATCH, PROGRESS
from annotator.prelabel import batch
from annotator.prelabel.journey import Journey
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.vision.pictures import sandbox
from annotator.web import batch_record, slices
from annotator.web import jobs as jobs_module
from annotator.web.batch_record import CAREFUL
from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects
from annotator.web.sharing.limits import LimitError, Limits
from tests.conftest import picture
from tests.vision.networks.server import serving

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
    original = slices.save_progress

    monkeypatch.setattr(batch, "STORED_TOGETHER", 1)

    def die(store, job):
        if len(job.remaining) == 2:
            raise Killed
        original(store, job)

    monkeypatch.setattr(slices, "save_progress", die)
    begin(worker, projects, key, known_model)
    wait_until(lambda: not worker._worker.is_alive())
    monkeypatch.setattr(slices, "save_progress", original)
    again, projects = server()
    wait(again.resume(key))
    assert stored.names == ["0.png", "1.png", "2.png", "2.png", "3.png", "4.png"]
    store = projects.get(key)
    counts = [len(store.instances(image.id)) for image in images(projects, key)]
    assert counts == [2] * 5


def restart(server, worker, key):
    """The next server, once this one has died; it goes on with the project's batch."""
    wait_until(lambda: not worker._worker.is_alive())
    again, projects = server()
    return again, projects, again.resume(key)


def deadly(monkeypatch, name):
    """Make the worker die when it reads this picture; counts how often it did."""
    original, deaths = Journey._make_ready, []

    def make_ready(journey, image):
        if image.file_name == name:
            deaths.append(name)
            raise Killed
        return original(journey, image)

    monkeypatch.setattr(Journey, "_make_ready", make_ready)
    return deaths


def test_a_picture_that_brings_the_server_down_each_time_is_given_up_and_can_be_tried_again(
    server, known_model, monkeypatch
):
    worker, projects = server()
    key = fill(projects, 5)
    with monkeypatch.context() as patch:
        deaths = deadly(patch, "2.png")
        begin(worker, projects, key, known_model)
        for _ in range(3):
            worker, projects, job = restart(server, worker, key)
        wait(job)
    assert len(deaths) == 3  # once in company, twice alone
    assert (job.done, job.failed, [failure.file_name for failure in job.failures]) == (5, 1, ["2.png"])
    assert "given up: the server ended twice" in job.failures[0].reason
    assert sum(image.prelabelled for image in images(projects, key)) == 4
    again = worker.retry(key)
    wait(again)
    assert (again.total, again.done, again.failed) == (1, 1, 0)
    assert all(image.prelabelled for image in images(projects, key))
    assert worker.retry(key) is None


def test_no_picture_is_blamed_for_a_server_that_ends_of_something_else(server, known_model, stored, monkeypatch):
    """As kill -9 does: here each time while the same picture, seen already, is being stored."""
    worker, projects = server()
    key = fill(projects, 5)
    killed_at(stored, "2.png")
    begin(worker, projects, key, known_model)
    for _ in range(5):
        wait_until(lambda: not worker._worker.is_alive())  # noqa: B023
        killed_at(stored, "2.png")
        worker, projects, job = restart(server, worker, key)
    wait_until(lambda: not worker._worker.is_alive())
    worker, projects, job = restart(server, worker, key)
    wait(job)
    assert (job.done, job.failed, job.error) == (5, 0, None)
    assert stored.names == [f"{index}.png" for index in range(5)]


def test_what_failed_before_a_restart_can_be_tried_again_after_it(server, known_model, stored):
    worker, projects = server()
    key = fill(projects, 6)
    bad = projects.get(key).content_path(images(projects, key)[1].sha256)
    whole = bad.read_bytes()
    bad.write_bytes(b"gone bad")
    killed_at(stored, "4.png")
    begin(worker, projects, key, known_model)
    worker, projects, job = restart(server, worker, key)
    wait(job)
    assert job.failed == 1
    bad.write_bytes(whole)
    again = worker.retry(key)
    wait(again)
    assert (again.total, again.failed) == (1, 0)
    assert all(image.prelabelled for image in images(projects, key))


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
    assert job.done <= 2 * CAREFUL


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


# --- one project's lock, one network's line -------------------------------------------------------------------------


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
def test_a_project_that_cannot_be_written_holds_up_nobody_else(server, known_model, act):
    worker, projects = server()
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


def test_a_batch_that_is_cancelled_while_its_record_is_written_does_not_come_back(server, known_model, monkeypatch):
    worker, projects = server()
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
    again, projects = server()
    assert again.resume(key) is None
    assert not any(image.prelabelled for image in images(projects, key))


def test_the_end_of_a_cancelled_batch_leaves_the_next_one_its_record(server, known_model, monkeypatch):
    worker, projects = server()
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


@pytest.fixture
def slow_model(known_model, tmp_path, monkeypatch):
    """A copy of the known network that is not here, and the server it comes from, which stalls until it is released."""
    source = zoo.find(known_model)
    folder = tmp_path / "models" / "slow"
    folder.mkdir()
    with serving() as served:
        text = (source.folder / "model.toml").read_text().replace(f'name = "{known_model}"', 'name = "slow"')
        for file in source.files:
            address = f"{served.address}{file.name}"
            text = text.replace(f'name = "{file.name}"', f'name = "{file.name}"\nsource = "{address}"')
            served.files[f"/{file.name}"] = (source.folder / file.name).read_bytes()
        (folder / "model.toml").write_text(text)
        served.faults = ["stall"]
        yield served


def test_a_network_that_comes_slowly_is_waited_for_by_those_alone_who_want_it(server, known_model, slow_model):
    worker, projects = server()
    patient, quick, third = (fill(projects, 2) for _ in range(3))
    job = begin(worker, projects, patient, "slow")
    wait_until(lambda: job.stage == "fetching" and slow_model.requests)
    other = begin(worker, projects, quick, known_model)
    wait(other)
    assert (other.done, other.error) == (2, None)
    same = begin(worker, projects, third, "slow")
    wait_until(lambda: same.fetch is not None)
    assert same.fetch is job.fetch is worker.fetch(zoo.find("slow"))
    slow_model.released.set()
    wait(job)
    wait(same)
    assert [(one.done, one.failed, one.error) for one in (job, same)] == [(2, 0, None)] * 2


def test_a_batch_that_waits_for_its_network_is_cancelled_at_once(server, slow_model):
    worker, projects = server()
    key = fill(projects, 2)
    job = begin(worker, projects, key, "slow")
    wait_until(lambda: job.fetch is not None and slow_model.requests)
    worker.cancel(key)
    assert not job.running
    assert projects.get(key).setting(BATCH) is None
    slow_model.released.set()
    assert job.fetch.ended.wait(PATIENCE_S)
    assert job.fetch.error is not None


def test_a_network_that_cannot_be_fetched_ends_its_batch_with_one_line(server, slow_model):
    slow_model.faults = ["404"]
    worker, projects = server()
    job = begin(worker, projects, fill(projects, 2), "slow")
    wait(job)
    assert "answered 404" in job.error
    assert (job.done, job.cancelled) == (0, False)
