"""A batch on a cluster is the batch of this machine, whatever order its pictures come back in."""

from dataclasses import replace

import pytest

from annotator.core.errors import ModelError, StoreError
from annotator.prelabel import batch
from annotator.prelabel.cluster import engine
from annotator.prelabel.cluster.pictures import list_pictures
from annotator.prelabel.cluster.worker import Worker
from annotator.prelabel.files import prelabel_files
from annotator.prelabel.journey import Failed, Failure
from annotator.storage.store import Store
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures.finding import find_pictures
from tests.prelabel.cluster.conftest import see_here


def contents(store):
    """Everything but the random keys, by the names of the pictures."""
    return {
        image.file_name: (
            image.sha256,
            image.width,
            [(one.category_id, one.score, one.rle, one.source) for one in store.instances(image.id)],
        )
        for image in store.images()
    }


def test_a_project_holds_what_the_engine_of_this_machine_puts_there(plan, folder, tmp_path):
    with Store.open(tmp_path / "here") as here, Store.open(tmp_path / "there") as there:
        local = batch.prelabel_new(here, Detector(plan.info), find_pictures([folder]))
        seen = []
        pictures = list_pictures([str(folder)])
        report = engine.prelabel_project(there, see_here, plan, pictures, progress=lambda *said: seen.append(said))
        assert contents(there) == contents(here)
        assert len(contents(there)) == 38
        assert (report.done, report.failures) == (local.done, local.failures) == (39, report.failures)
        assert seen[-1] == (40, 40)


class Killed(BaseException):
    pass


def test_a_killed_run_goes_on_by_the_hash_and_does_nothing_twice(plan, folder, tmp_path):
    pictures = list_pictures([str(folder)])

    def killed(plan, pictures, *, done=frozenset()):
        for count, result in enumerate(see_here(plan, pictures, done=done)):
            if count == 20:
                raise Killed
            yield result

    asked = []

    def noting(plan, pictures, *, done=frozenset()):
        for result in see_here(plan, pictures, done=done):
            asked.append(type(result).__name__)
            yield result

    with Store.open(tmp_path / "project") as store:
        with pytest.raises(Killed):
            engine.prelabel_project(store, killed, plan, pictures)
        keys = {one.key for image in store.images() for one in store.instances(image.id)}
        # Names do not matter, bytes do.
        moved = [replace(one, name=f"moved/{one.name}") for one in pictures]
        report = engine.prelabel_project(store, noting, plan, moved)
        assert (report.done, len(report.failures)) == (39, 1)
        assert keys <= {one.key for image in store.images() for one in store.instances(image.id)}
        assert asked[:35].count("Known") >= 20
        # Whoever asks again after the end means it.
        asked.clear()
        engine.prelabel_project(store, noting, plan, pictures)
        assert "Known" not in asked


def test_a_store_that_is_gone_ends_the_batch_and_the_same_command_does_only_what_is_left(plan, folder, tmp_path):
    pictures = list_pictures([str(folder)])

    def gone(count):
        def see(plan, pictures, *, done=frozenset()):
            for index, result in enumerate(see_here(plan, pictures, done=done)):
                away = Failed(result.item, Failure(result.item.address, "the store does not answer"), by_store=True)
                yield away if 10 <= index < 10 + count else result

        return see

    def known(store, see=see_here):
        asked = []

        def noting(plan, pictures, *, done=frozenset()):
            for result in see(plan, pictures, done=done):
                asked.append(type(result).__name__)
                yield result

        engine.prelabel_project(store, noting, plan, pictures)
        return asked.count("Known")

    with Store.open(tmp_path / "project") as store:
        with pytest.raises(
            StoreError, match=r"\.png: the store does not answer; once it does, run the same command again"
        ):
            engine.prelabel_project(store, gone(30), plan, pictures)
        assert 0 < store.image_count() < 15
        # It is back after a few pictures: they are named, the rest is done, and they are what is left.
        assert known(store, gone(3)) >= 9
        assert store.image_count() > 30
        assert known(store) > 30
        assert store.image_count() == 38
        assert known(store) == 0


def test_a_dataset_is_that_of_this_machine_to_the_last_number(plan, folder):
    plan = replace(plan, floor=0.5)
    dataset, report = engine.prelabel_dataset(see_here, plan, list_pictures([str(folder)]))
    here, local = prelabel_files(find_pictures([folder]), Detector(plan.info), threshold=0.5)
    assert dataset == here
    assert report == local


def test_a_network_that_fails_on_all_it_gets_ends_the_batch_and_so_does_a_picture_that_is_lost(plan, folder):
    pictures = list_pictures([str(folder)])
    nowhere = replace(plan, info=replace(plan.info, name="nowhere", folder=folder, files=()))
    with pytest.raises(ModelError, match="not there, or without its"):
        engine.prelabel_dataset(lambda plan, some, **_: Worker(plan, dict).see(some), nowhere, pictures)
    with pytest.raises(ModelError, match="3 of 40 pictures have not come back"):
        engine.prelabel_dataset(lambda plan, some, **_: see_here(plan, some[:37]), plan, pictures)
