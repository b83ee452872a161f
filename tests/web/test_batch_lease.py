"""Several servers have a project open that lies on a database server: one does its batch, the next goes on after it."""

import threading

import pytest

from annotator.core.settings import BATCH
from annotator.prelabel.journey import Journey
from annotator.storage.locations import location_of, write_location
from annotator.storage.store import Store
from annotator.web import batch_lease
from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects
from tests.conftest import picture
from tests.storage.databases import schemas
from tests.web.batches import Killed, begin, wait, wait_until

__all__ = ["schemas"]

COUNT = 12


@pytest.fixture
def servers(schemas, tmp_path, monkeypatch):
    """Starts one server after the other on one project of a few pictures, each with a folder of its own."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # workers die in these tests
    monkeypatch.setattr(batch_lease, "BEAT_S", 0.05)
    monkeypatch.setattr(batch_lease, "SILENT_S", 1.0)
    location, started = location_of(schemas.address(schemas.fresh_name())), []

    def start():
        folder = tmp_path / f"server {len(started)}"
        write_location(folder, location)
        if not started:
            with Store.open(folder, pictures=f"file://{tmp_path}/pictures") as store:
                for index in range(COUNT):
                    store.add_image(picture(seed=index), file_name=f"{index}.png", width=64, height=48)
        projects = Projects(local=folder)
        started.append((Prelabelling(projects), projects))
        return *started[-1], projects.local_key

    yield start
    for worker, projects in started:
        worker.stop()
        projects.close()


@pytest.fixture
def stored(monkeypatch):
    """The images whose suggestions were stored, by any server; and two events: the third picture is made ready once the
    first of them is set, and the second is set when it waits for that.
    """
    done, go_on, is_held = [], threading.Event(), threading.Event()
    make_ready, set_suggestions = Journey._make_ready, Store.set_suggestions

    def wait_for_it(journey, image):
        if image.id == 3 and not go_on.is_set():
            is_held.set()
            assert go_on.wait(60)
        return make_ready(journey, image)

    def store(self, image_id, suggestions, **named):
        done.append(image_id)
        set_suggestions(self, image_id, suggestions, **named)

    monkeypatch.setattr(Journey, "_make_ready", wait_for_it)
    monkeypatch.setattr(Store, "set_suggestions", store)
    return done, go_on, is_held


def test_one_server_goes_on_and_the_other_tells_how_far_it_is(servers, known_model, stored):
    done, go_on, is_held = stored
    first, projects, key = servers()
    job = begin(first, projects, key, known_model)
    assert is_held.wait(30)
    second, others, same = servers()
    assert same == key
    theirs = second.resume(key)
    assert begin(second, others, key, known_model) is theirs  # nor is another one begun beside it
    assert (theirs.running, theirs.total) == (True, COUNT)
    go_on.set()
    wait(job)
    wait(theirs)
    assert (theirs.done, theirs.error) == (COUNT, None)
    assert sorted(done) == list(range(1, COUNT + 1))
    again = begin(second, others, key, known_model)  # which it may from then on
    wait(again)
    assert (again.done, again.error) == (COUNT, None)


def test_where_a_server_dies_or_ends_the_next_one_goes_on(servers, known_model, stored, monkeypatch):
    done, go_on, is_held = stored
    first, projects, key = servers()
    begin(first, projects, key, known_model)
    assert is_held.wait(30)
    second, _, _ = servers()
    theirs = second.resume(key)
    monkeypatch.setattr(first, "_stopping", True)  # it says no more that it is there

    def die(*_):
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr("annotator.web.slices.note_done", die)
        go_on.set()
        wait_until(lambda: not first._worker.is_alive())
    wait_until(lambda: not theirs.elsewhere)
    wait(theirs)
    assert (theirs.done, theirs.error) == (COUNT, None)
    assert set(done) == set(range(1, COUNT + 1))


def test_a_batch_is_cancelled_from_any_server(servers, known_model, stored):
    _, go_on, is_held = stored
    first, projects, key = servers()
    job = begin(first, projects, key, known_model)
    assert is_held.wait(30)
    second, others, _ = servers()
    theirs = second.resume(key)
    second.cancel(key)
    wait(theirs)
    go_on.set()
    wait(job)
    assert (job.cancelled, job.error, job.done < COUNT) == (True, None, True)
    assert others.get(key).setting(BATCH) is None


def test_a_server_that_hung_and_was_replaced_stops(servers, known_model, stored, monkeypatch):
    _, go_on, is_held = stored
    first, projects, key = servers()
    job = begin(first, projects, key, known_model)
    assert is_held.wait(30)
    monkeypatch.setattr(batch_lease, "renew", lambda *_: None)  # nobody hears of it any more
    second, _, _ = servers()
    theirs = second.resume(key)
    wait_until(lambda: not theirs.elsewhere)
    go_on.set()
    wait(theirs)
    wait(job)
    assert job.error == "another server goes on with this batch"
    assert (theirs.done, theirs.error) == (COUNT, None)
