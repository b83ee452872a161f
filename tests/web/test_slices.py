"""What one picture costs a batch: itself, and never the pictures beside it."""

from annotator.core.errors import ModelError
from annotator.prelabel import batch
from annotator.vision.networks import zoo
from annotator.vision.pictures import sandbox
from annotator.web.batch_record import CAREFUL
from tests.web.batches import begin, deadly, fill, images, killed_at, restart, wait, wait_until


def test_an_unreadable_picture_is_named_and_the_rest_is_done(start_server, known_model):
    worker, projects = start_server()
    key = fill(projects, 5)
    store = projects.get(key)
    store.content_path(images(projects, key)[2].sha256).write_bytes(b"gone bad")
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert (job.done, job.failed) == (5, 1)
    assert [failure.file_name for failure in job.failures] == ["2.png"]
    assert sum(image.prelabelled for image in images(projects, key)) == 4
    # It stays one that failed, with the reason, whatever other batches and servers do.
    wait(worker.start(key, zoo.find(known_model), images(projects, key)[:2]))
    worker.stop()
    _, projects = start_server()
    failures = {row.image.file_name: row.failure for row in projects.get(key).queue() if row.failure}
    assert list(failures) == ["2.png"]
    assert failures["2.png"] in str(job.failures[0])


def test_a_decoder_that_dies_costs_its_own_picture(start_server, known_model, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_SANDBOX", "1")
    original = sandbox.Child.decode

    def fragile(child, content, file_name, *rest):
        if file_name == "2.png":
            child.process.kill()
        return original(child, content, file_name, *rest)

    monkeypatch.setattr(sandbox.Child, "decode", fragile)
    worker, projects = start_server()
    key = fill(projects, 5)
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert (job.done, job.failed, job.error) == (5, 1, None)
    assert "brought the decoder down" in str(job.failures[0])


def test_a_picture_that_brings_the_server_down_each_time_is_given_up_and_can_be_tried_again(
    start_server, known_model, monkeypatch
):
    worker, projects = start_server()
    key = fill(projects, 5)
    with monkeypatch.context() as patch:
        deaths = deadly(patch, "2.png")
        begin(worker, projects, key, known_model)
        for _ in range(3):
            worker, projects, job = restart(start_server, worker, key)
        wait(job)
    assert len(deaths) == 3  # once in company, twice alone
    assert (job.done, job.failed, [failure.file_name for failure in job.failures]) == (5, 1, ["2.png"])
    assert "given up: the server ended twice" in job.failures[0].reason
    assert sum(image.prelabelled for image in images(projects, key)) == 4
    again = worker.retry(key)
    wait(again)
    assert (again.total, again.done, again.failed) == (1, 1, 0)
    assert not any(row.failure for row in projects.get(key).queue())
    assert all(image.prelabelled for image in images(projects, key))
    assert worker.retry(key) is None


def test_no_picture_is_blamed_for_a_server_that_ends_of_something_else(start_server, known_model, stored, monkeypatch):
    """As kill -9 does: here each time while the same picture, seen already, is being stored."""
    worker, projects = start_server()
    key = fill(projects, 5)
    killed_at(stored, "2.png")
    begin(worker, projects, key, known_model)
    for _ in range(5):
        wait_until(lambda: not worker._worker.is_alive())  # noqa: B023
        killed_at(stored, "2.png")
        worker, projects, job = restart(start_server, worker, key)
    wait_until(lambda: not worker._worker.is_alive())
    worker, projects, job = restart(start_server, worker, key)
    wait(job)
    assert (job.done, job.failed, job.error) == (5, 0, None)
    assert stored.names == [f"{index}.png" for index in range(5)]


def test_an_error_nobody_foresaw_costs_its_own_picture(start_server, known_model, monkeypatch):
    original = batch.suggest
    worker, projects = start_server()
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


def test_a_network_that_fails_on_everything_is_one_line_and_not_thousands(start_server, known_model, monkeypatch):
    def broken(*_, **__):
        raise ModelError("inference failed: no such layer")

    monkeypatch.setattr(batch, "suggest", broken)
    worker, projects = start_server()
    key = fill(projects, 40)
    job = begin(worker, projects, key, known_model)
    wait(job)
    assert "no such layer" in job.error
    assert (job.done, job.failed) == (CAREFUL, CAREFUL)
