"""One image's journey, and the batch loop over it."""

import os
import threading

import pytest

from annotator import pipeline
from annotator.core.dataset import State
from annotator.core.errors import ImageError
from annotator.core.review import Change, Gesture
from annotator.storage.store import Store
from annotator.vision import zoo
from annotator.vision.detector import Detector
from tests.conftest import picture


@pytest.fixture
def detector(known_model):
    return Detector(zoo.find(known_model))


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "project") as opened:
        yield opened


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "photographs"
    (folder / "sub").mkdir(parents=True)
    for index in range(20):
        (folder / "sub" / f"{index:02}.png").write_bytes(picture(64 + index, 48, seed=index))
    return folder


def decide(store, image_id, instance, state, *, number=1):
    change = Change(instance.key, instance.category_id, state)
    revision = store.image(image_id).revision
    store.record(Gesture(image_id, "test", number, revision, "accept", "me", (change,)))


def test_a_batch_stores_what_the_network_saw(store, detector, photographs):
    added, failures = pipeline.add_pictures(store, pipeline.find_pictures([photographs]))
    assert failures == ()
    seen = []
    report = pipeline.prelabel(store, detector, added, progress=lambda done, total: seen.append((done, total)))
    assert (report.done, report.failures, report.cancelled) == (20, (), False)
    assert seen == [(index, 20) for index in range(1, 21)]
    for row in store.queue():
        assert row.image.prelabelled
        assert [round(item.score, 3) for item in store.instances(row.image.id)] == [0.9, 0.3]


def test_one_bad_picture_among_twenty_is_named_and_the_rest_is_done(store, detector, photographs):
    (photographs / "sub" / "07.png").write_bytes(b"not a picture at all")
    added, failures = pipeline.add_pictures(store, pipeline.find_pictures([photographs]))
    assert len(added) == 19
    assert [failure.file_name for failure in failures] == [str(photographs / "sub" / "07.png")]
    assert "\n" not in str(failures[0])
    assert pipeline.prelabel(store, detector, added).done == 19


def test_a_stored_picture_that_vanished_does_not_stop_the_batch(store, detector, photographs):
    added, _ = pipeline.add_pictures(store, pipeline.find_pictures([photographs]))
    store.content_path(added[3].sha256).unlink()
    report = pipeline.prelabel(store, detector, added)
    assert report.done == 19
    assert [failure.file_name for failure in report.failures] == ["03.png"]


def test_a_picture_removed_during_the_batch_does_not_stop_it(store, detector, photographs):
    added, _ = pipeline.add_pictures(store, pipeline.find_pictures([photographs]))
    store.remove_image(added[5].id)
    report = pipeline.prelabel(store, detector, added)
    assert report.done == 19
    assert len(report.failures) == 1


def test_a_cancelled_batch_keeps_what_was_done(store, detector, photographs):
    added, _ = pipeline.add_pictures(store, pipeline.find_pictures([photographs]))
    enough = threading.Event()
    report = pipeline.prelabel(
        store, detector, added, progress=lambda done, _: enough.set() if done == 5 else None, cancelled=enough.is_set
    )
    assert report.cancelled
    assert report.done == 5
    assert sum(row.image.prelabelled for row in store.queue()) == 5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_pre_labelling_again_asks_nothing_twice(store, detector, photographs):
    added, _ = pipeline.add_pictures(store, [photographs / "sub" / "00.png"])
    pipeline.prelabel(store, detector, added)
    sure, unsure = store.instances(added[0].id)
    decide(store, added[0].id, sure, State.ACCEPTED, number=1)
    decide(store, added[0].id, unsure, State.REJECTED, number=2)
    pipeline.prelabel(store, detector, added)
    states = [(item.key, item.state) for item in store.instances(added[0].id)]
    assert states == [(sure.key, State.ACCEPTED), (unsure.key, State.REJECTED)]


def test_an_id_that_another_name_holds_is_not_taken_over(store, detector, photographs):
    store.add_category("helmet", id=1)
    added, _ = pipeline.add_pictures(store, [photographs / "sub" / "00.png"])
    pipeline.prelabel(store, detector, added)
    names = {category.id: category.name for category in store.categories()}
    assert {names[item.category_id] for item in store.instances(added[0].id)} == {"person"}
    assert names[1] == "helmet"


def test_files_are_done_without_a_project(detector, photographs):
    dataset, report = pipeline.prelabel_files(
        pipeline.find_pictures([photographs]), detector, threshold=detector.info.threshold
    )
    assert report.done == 20
    assert [image.file_name for image in dataset.images[:2]] == ["00.png", "01.png"]
    assert len(dataset.instances) == 20
    assert {item.score >= 0.5 for item in dataset.instances} == {True}


def test_pictures_of_one_name_in_two_folders_stay_apart(store, tmp_path):
    for index, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(picture(seed=index))
    added, _ = pipeline.add_pictures(store, pipeline.find_pictures([tmp_path / "a", tmp_path / "b"]))
    assert [image.file_name for image in added] == ["a/x.png", "b/x.png"]


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"nowhere: no such file or folder"):
        pipeline.find_pictures([tmp_path / "nowhere"])


def test_a_folder_gives_its_pictures_once_in_order_and_nothing_else(tmp_path, photographs):
    (photographs / "notes.txt").write_text("no picture")
    os.symlink(photographs / "sub" / "00.png", photographs / "broken.png.lnk")
    found = pipeline.find_pictures([photographs, photographs / "sub" / "03.png"])
    assert [path.name for path in found] == [f"{index:02}.png" for index in range(20)]
