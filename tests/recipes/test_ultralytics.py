"""The recipe for Ultralytics: its own conversion and its own drawing of what it converted, and an epoch of training."""

import math

import numpy as np
import pytest

pytest.importorskip("ultralytics", reason="the recipe's ultralytics is not installed")

from annotator.cli import main
from tests.recipes.conftest import CATEGORIES, overlap, recipe, scenes


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Its settings beside the test, and nothing asked of the network."""
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("YOLO_OFFLINE", "true")


@pytest.fixture
def dataset(exported):
    export = exported("polygons")
    recipe("Pictures in a folder for each part")
    recipe("Ultralytics")
    return export


def read(folder, part):
    """(name of the picture, names of the classes, masks) of every picture, as Ultralytics draws them to train on."""
    from ultralytics.data.dataset import YOLODataset
    from ultralytics.data.utils import check_det_dataset, polygons2masks

    settings = check_det_dataset(str(folder / "data.yaml"), autodownload=False)
    for row in YOLODataset(img_path=settings[part], data=settings, task="segment", augment=False).labels:
        height, width = row["shape"]
        rings = [ring * (width, height) for ring in row["segments"]]
        names = [settings["names"][int(label)] for label in row["cls"].ravel()]
        name = row["im_file"].partition(f"/images/{part}/")[2]
        yield name, names, polygons2masks((height, width), rings, color=1)


def test_every_instance_is_converted_with_its_category_and_nearly_its_mask(dataset):
    found = {}
    for part in ("train", "val"):
        ids = {image["file_name"]: image["id"] for image in dataset.document(part)["images"]}
        rows = list(read(dataset.folder, part))
        assert {name for name, _, _ in rows} == set(ids)
        for name, names, masks in rows:
            expected = dataset.on(ids[name])
            assert names == [CATEGORIES[truth.category_id] for truth in expected]
            found |= {
                truth.annotation_id: overlap(mask, truth.mask) for mask, truth in zip(masks, expected, strict=True)
            }
    assert len(found) == sum(not truth.crowd for truth in dataset.truths)
    # It fills the pixels on the outline too: 0.86 to 0.98 on discs of 9 to 30 pixels.
    assert min(found.values()) > 0.85


def test_its_own_format_is_read_with_every_category_and_nearly_every_mask(project, tmp_path):
    pytest.importorskip("supervision", reason="the extra formats is not installed")
    said = ["export", "--project", project, "--out", tmp_path, "--split", "0.6", "--format", "yolo-seg"]
    assert main([str(word) for word in said]) == 0
    # Its pictures lie in no folders, each part of an instance is an object, and here a class comes once a picture.
    scene = {
        name.replace("/", "_"): [truth for truth in truths if not truth.crowd] for (_, name), truths in scenes().items()
    }
    worst = 1.0
    for part in ("train", "val"):
        for name, names, masks in read(tmp_path, part):
            expected = scene.pop(name)
            for truth in expected:
                own = CATEGORIES[truth.category_id]
                drawn = [mask for mask, found in zip(masks, names, strict=True) if found == own]
                assert len(drawn) == truth.parts
                worst = min(worst, overlap(np.any(drawn, axis=0), truth.mask))
    assert not scene
    # It cuts off what lies behind the point where we mean the pixel: up to one pixel to the left and above.
    assert worst > 0.9


def test_an_epoch_of_training_has_a_finite_loss(dataset, tmp_path):
    from ultralytics import YOLO

    network = YOLO("yolo11n-seg.yaml")
    network.train(
        data=str(dataset.folder / "data.yaml"),
        project=str(tmp_path / "runs"),
        epochs=1,
        imgsz=64,
        batch=4,
        device="cpu",
        workers=0,
        pretrained=False,
        plots=False,
        val=False,
        save=False,
    )
    losses = network.trainer.label_loss_items(network.trainer.tloss)
    assert losses
    assert all(math.isfinite(loss) for loss in losses.values())
