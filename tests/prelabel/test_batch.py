"""A project's pictures are pre-labelled and stored."""

import hashlib
import io
import threading
from dataclasses import replace

import cv2
import numpy as np
import PIL.Image
import pytest

from annotator.core.dataset import Category, State
from annotator.core.errors import ModelError, StoreError
from annotator.core.masks import rle_box_xyxy
from annotator.core.review import Change, Gesture
from annotator.prelabel import batch
from annotator.prelabel.files import prelabel_files
from annotator.prelabel.journey import Failed
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures import decode
from annotator.vision.pictures.finding import find_pictures, relative_names
from tests.conftest import picture
from tests.vision.graphs import fragile_network


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


def queue(store, paths):
    """Put pictures into a project; its images in their order."""
    names = relative_names(paths)
    photos = [(names[path], decode.read(path)) for path in paths]
    return [store.add_image(one.content, file_name=name, width=one.width, height=one.height) for name, one in photos]


def decide(store, image_id, instance, state, *, number=1):
    change = Change(instance.key, instance.category_id, state)
    revision = store.image(image_id).revision
    store.record(Gesture(image_id, "test", number, revision, "accept", "me", (change,)))


def test_a_batch_stores_what_the_network_saw(store, detector, photographs):
    added = queue(store, find_pictures([photographs]))
    seen = []
    report = batch.prelabel_queued(store, detector, added, progress=lambda done, total: seen.append((done, total)))
    assert (report.done, report.failures, report.cancelled) == (20, (), False)
    assert seen == [(index, 20) for index in range(1, 21)]
    for row in store.queue():
        assert row.image.prelabelled
        assert [round(item.score, 3) for item in store.instances(row.image.id)] == [0.9, 0.3]


def test_a_stored_picture_that_vanished_does_not_stop_the_batch(store, detector, photographs):
    added = queue(store, find_pictures([photographs]))
    store.content_path(added[3].sha256).unlink()
    report = batch.prelabel_queued(store, detector, added)
    assert report.done == 19
    assert [failure.file_name for failure in report.failures] == ["03.png"]


def test_a_picture_removed_during_the_batch_does_not_stop_it(store, detector, photographs):
    added = queue(store, find_pictures([photographs]))
    store.remove_image(added[5].id)
    report = batch.prelabel_queued(store, detector, added)
    assert report.done == 19
    assert len(report.failures) == 1


def test_a_cancelled_batch_keeps_what_was_done(store, detector, photographs):
    added = queue(store, find_pictures([photographs]))
    enough = threading.Event()
    report = batch.prelabel_queued(
        store, detector, added, progress=lambda done, _: enough.set() if done == 5 else None, cancelled=enough.is_set
    )
    assert report.cancelled
    assert 5 <= report.done <= 20
    assert [row.image.prelabelled for row in store.queue()] == [True] * report.done + [False] * (20 - report.done)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("decode", "store"))]


def test_pre_labelling_again_asks_nothing_twice(store, detector, photographs):
    added = queue(store, [photographs / "sub" / "00.png"])
    batch.prelabel_queued(store, detector, added)
    sure, unsure = store.instances(added[0].id)
    decide(store, added[0].id, sure, State.ACCEPTED, number=1)
    decide(store, added[0].id, unsure, State.REJECTED, number=2)
    batch.prelabel_queued(store, detector, added)
    states = [(item.key, item.state) for item in store.instances(added[0].id)]
    assert states == [(sure.key, State.ACCEPTED), (unsure.key, State.REJECTED)]
    # What was deleted since is as decided as what was rejected.
    decide(store, added[0].id, sure, State.DELETED, number=3)
    batch.prelabel_queued(store, detector, added)
    assert [item.key for item in store.instances(added[0].id)] == [unsure.key]


def test_an_id_that_another_name_holds_is_not_taken_over(store, detector, photographs):
    store.add_category("helmet", id=1)
    added = queue(store, [photographs / "sub" / "00.png"])
    batch.prelabel_queued(store, detector, added)
    names = {category.id: category.name for category in store.categories()}
    assert {names[item.category_id] for item in store.instances(added[0].id)} == {"person"}
    assert names[1] == "helmet"


def test_a_category_that_gives_way_takes_no_id_of_another_one_of_the_network(store, known_model, photographs):
    info = replace(zoo.find(known_model), categories=(Category(1, "person", ""), Category(91, "helmet", "")))
    store.add_category("vest", id=1)
    added = queue(store, [photographs / "sub" / "00.png"])
    assert batch.prelabel_queued(store, Detector(info), added).done == 1
    assert {category.id: category.name for category in store.categories()} == {1: "vest", 91: "person", 92: "helmet"}


def test_new_pictures_are_added_and_pre_labelled_in_one_go_in_their_order(store, detector, photographs):
    (photographs / "sub" / "03.png").write_bytes(b"not a picture at all")
    (photographs / "sub" / "again.png").write_bytes((photographs / "sub" / "00.png").read_bytes())
    paths = find_pictures([photographs])
    seen = []
    report = batch.prelabel_new(store, detector, paths, progress=lambda done, total: seen.append((done, total)))
    assert [failure.file_name for failure in report.failures] == [str(photographs / "sub" / "03.png")]
    assert seen == [(index, 21) for index in range(1, 22)]
    rows = store.queue()
    assert [row.image.file_name for row in rows] == [f"{index:02}.png" for index in range(20) if index != 3]
    assert [row.image.width for row in rows] == [64 + index for index in range(20) if index != 3]
    assert {row.suggested for row in rows} == {2}


def oriented_jpeg(width, height, orientation):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    pixels = cv2.resize(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8), (width, height))
    PIL.Image.fromarray(pixels).save(content, "JPEG", exif=exif)
    return content.getvalue()


ODD = {
    "one.png": (picture(1, 1), (1, 1)),
    "row.png": (picture(1, 50), (1, 50)),
    "wide.png": (picture(20_000, 3), (20_000, 3)),
    "wide.jpg": (picture(20_000, 700, suffix=".jpg"), (20_000, 700)),
    "turned.jpg": (oriented_jpeg(1200, 800, 6), (800, 1200)),
    "mirrored.jpg": (oriented_jpeg(1200, 800, 7), (800, 1200)),
    "upside-down.jpg": (oriented_jpeg(1200, 800, 3), (1200, 800)),
}


@pytest.mark.parametrize("draft", [False, True])
def test_odd_pictures_go_the_whole_way_and_keep_their_own_size(store, detector, tmp_path, draft):
    (tmp_path / "odd").mkdir()
    for name, (content, _) in ODD.items():
        (tmp_path / "odd" / name).write_bytes(content)
    paths = [tmp_path / "odd" / name for name in ODD]
    assert batch.prelabel_new(store, detector, paths, draft=draft).failures == ()
    dataset, _ = prelabel_files(paths, detector, threshold=0.05, draft=draft)
    for row, loose, (content, (width, height)) in zip(store.queue(), dataset.images, ODD.values(), strict=True):
        sha256 = hashlib.sha256(content).hexdigest()
        assert (row.image.width, row.image.height, row.image.sha256) == (width, height, sha256)
        assert (loose.width, loose.height, loose.sha256) == (width, height, sha256)
        assert store.content(row.image) == content
        found = [item.rle for item in store.instances(row.image.id)]
        assert found == [item.rle for item in dataset.instances if item.image_id == loose.id]
        assert {(rle.height, rle.width) for rle in found} <= {(height, width)}
    # What the network answers lies at the same place of every picture, in that picture's own pixels.
    x0, y0, x1, y1 = rle_box_xyxy(store.instances(store.queue()[4].image.id)[0].rle)
    assert (x0 / 800, y0 / 1200, x1 / 800, y1 / 1200) == pytest.approx((10 / 160, 10 / 96, 50 / 160, 60 / 96), abs=0.02)


def test_only_a_draft_decodes_less_than_everything(store, detector, tmp_path, monkeypatch):
    (tmp_path / "large.jpg").write_bytes(picture(1600, 1200, suffix=".jpg"))
    decoded = []
    original = Detector.prepare

    def prepare(self, photo):
        decoded.append(photo.pixels.shape[:2])
        return original(self, photo)

    monkeypatch.setattr(Detector, "prepare", prepare)
    paths = [tmp_path / "large.jpg"]
    batch.prelabel_new(store, detector, paths)
    batch.prelabel_new(store, detector, paths, draft=True)
    queued = [row.image for row in store.queue()]
    batch.prelabel_queued(store, detector, queued)
    batch.prelabel_queued(store, detector, queued, draft=True)
    prelabel_files(paths, detector, threshold=0.5)
    assert decoded == [(1200, 1600), (150, 200), (1200, 1600), (150, 200), (1200, 1600)]


def test_what_cannot_be_stored_ends_the_batch_and_undoes_its_group_only(store, detector, photographs, monkeypatch):
    added = queue(store, find_pictures([photographs]))
    monkeypatch.setattr(batch, "STORED_TOGETHER", 4)
    original, told = Store.set_suggestions, []

    def full(self, image_id, suggestions, **named):
        if image_id == added[11].id:
            raise StoreError("the disk is full")
        original(self, image_id, suggestions, **named)

    monkeypatch.setattr(Store, "set_suggestions", full)
    with pytest.raises(StoreError, match="disk is full"):
        batch.prelabel_queued(store, detector, added, finished=told.extend)
    stored = [row.image for row in store.queue() if row.image.prelabelled]
    assert stored == [store.image(outcome.item.id) for outcome in told]
    assert stored == [row.image for row in store.queue()][: len(stored)]
    assert 7 < len(stored) < 12


@pytest.mark.parametrize("project", [False, True])
def test_a_picture_on_which_the_network_fails_is_named_and_the_rest_is_done(store, detector, tmp_path, project):
    """Several under way at once, and several that fail: person-0007 in bf16 did so on every tenth picture."""
    fragile_network(tmp_path / "models" / "fragile")
    folder = tmp_path / "some"
    folder.mkdir()
    for index in range(20):
        cv2.imwrite(str(folder / f"{index:02}.png"), np.full((48, 64, 3), 250 if index in (3, 4, 5, 19) else index))
    fragile, paths = Detector(zoo.find("fragile")), find_pictures([folder])
    if project:
        report = batch.prelabel_new(store, fragile, paths)
        assert [row.image.file_name for row in store.queue()] == [
            f"{index:02}.png" for index in range(19) if index not in (3, 4, 5)
        ]
    else:
        dataset, report = prelabel_files(paths, fragile, threshold=0.5)
        assert len(dataset.instances) == len(dataset.images) == 16
    assert report.done == 16
    assert [failure.file_name for failure in report.failures] == [str(paths[index]) for index in (3, 4, 5, 19)]
    assert all(failure.reason.startswith("inference failed: ") for failure in report.failures)


def test_a_network_that_fails_now_and_then_does_not_end_the_batch(store, detector, tmp_path):
    fragile_network(tmp_path / "models" / "fragile")
    paths = [tmp_path / f"{index:02}.png" for index in range(2 * batch.PATIENCE + 2)]
    for index, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((48, 64, 3), 250 if index % 2 else index))
    report = batch.prelabel_new(store, Detector(zoo.find("fragile")), paths)
    assert (report.done, len(report.failures)) == (batch.PATIENCE + 1, batch.PATIENCE + 1)


def test_a_network_that_fails_on_everything_ends_the_batch_with_one_line(store, detector, tmp_path):
    fragile_network(tmp_path / "models" / "fragile")
    for index in range(40):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((48, 64, 3), 250))
    fragile, paths = Detector(zoo.find("fragile")), find_pictures([tmp_path])
    with pytest.raises(ModelError, match="inference failed"):
        batch.prelabel_new(store, fragile, paths)
    with pytest.raises(ModelError, match="inference failed"):
        batch.prelabel_queued(store, fragile, queue(store, paths[:1]))
    with pytest.raises(ModelError, match="inference failed"):
        fragile.detect(decode.read(paths[0]))


@pytest.mark.parametrize("bad", [{0}, {19}, set(range(0, 20, 2)), set(range(15)), set(range(20))])
def test_pictures_that_cannot_be_read_take_their_turn(store, detector, photographs, bad):
    paths = find_pictures([photographs])
    added = queue(store, paths)
    for index in bad:
        store.content_path(added[index].sha256).write_bytes(b"gone bad")
    outcomes = []
    report = batch.prelabel_queued(store, detector, added, finished=outcomes.extend)
    assert [outcome.item for outcome in outcomes] == added
    assert {index for index, outcome in enumerate(outcomes) if isinstance(outcome, Failed)} == bad
    assert (report.done, len(report.failures)) == (20 - len(bad), len(bad))
