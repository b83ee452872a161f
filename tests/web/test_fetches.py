"""A network that is still on its way holds up its own batches alone."""

import pytest

from annotator.core.settings import BATCH
from annotator.vision.networks import zoo
from tests.vision.networks.server import serving
from tests.web.batches import PATIENCE_S, begin, fill, wait, wait_until


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


def test_a_network_that_comes_slowly_is_waited_for_by_those_alone_who_want_it(start_server, known_model, slow_model):
    worker, projects = start_server()
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


def test_a_batch_that_waits_for_its_network_is_cancelled_at_once(start_server, slow_model):
    worker, projects = start_server()
    key = fill(projects, 2)
    job = begin(worker, projects, key, "slow")
    wait_until(lambda: job.fetch is not None and slow_model.requests)
    worker.cancel(key)
    assert not job.running
    assert projects.get(key).setting(BATCH) is None
    slow_model.released.set()
    assert job.fetch.ended.wait(PATIENCE_S)
    assert job.fetch.error is not None


def test_a_network_that_cannot_be_fetched_ends_its_batch_with_one_line(start_server, slow_model):
    slow_model.faults = ["404"]
    worker, projects = start_server()
    job = begin(worker, projects, fill(projects, 2), "slow")
    wait(job)
    assert "answered 404" in job.error
    assert (job.done, job.cancelled) == (0, False)
