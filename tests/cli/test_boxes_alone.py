"""A network of the user's own that finds boxes alone: added, checked, listed, measured, and its boxes become masks."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from annotator.cli import main
from annotator.core.masks import rle_box_xyxy
from annotator.storage.store import Store
from annotator.vision.networks import compile_cache, zoo
from annotator.web.page import fragments
from tests.vision.networks.adapters.graphs import answering
from tests.vision.networks.prompts import graphs

WIDTH, HEIGHT = 256, 192
SAID = {"author": "Ultralytics", "description": "YOLO11n", "task": "detect", "names": {0: "person", 1: "my helmet"}}
BOXES = [[80, 60, 80, 40, 0.9, 0.1], [180, 130, 40, 60, 0.2, 0.6]]
"""x, y, width, height about the centre in image pixels, and two scores."""

FOUND = [[40, 40, 80, 40], [160, 100, 40, 60]]


@pytest.fixture(autouse=True)
def networks(tmp_path, monkeypatch):
    """`best` finds the boxes on every picture; `boxes` answers a box with what is inside it."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    columns = np.array(BOXES, np.float32).T
    columns[:4] /= 2  # the input is half as large as the pictures
    answering(tmp_path / "trained", {"output0": columns[None]}, metadata=SAID)
    folder = tmp_path / "models" / "boxes"
    graphs.encoder(folder)
    graphs.decoder(folder)
    (folder / "model.toml").write_text('kind = "prompt"\nname = "boxes"\n')
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "a.png"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ran(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    assert ran("models", "add", "best", "trained/best.xml")[0] == 0
    return ran


def test_what_was_added_says_how_it_is_read(run):
    code, said, _ = run("models", "check", "best")
    assert code == 0
    assert "outputs: Ultralytics YOLO, boxes alone (yolo-detect)" in said
    assert "input: 128 x 96, letterbox, RGB; 2 categories" in said
    listed = {row["name"]: row for row in json.loads(run("models", "list", "--json")[1])}
    assert (listed["best"]["outputs"], listed["best"]["masks"]) == ("yolo-detect", False)
    assert (listed["starter-person"]["outputs"], listed["starter-person"]["masks"]) == ("regions", True)
    assert "2 classes, boxes" in run("models", "list")[1]
    assert "detects: 2 categories · boxes, no masks · default threshold" in fragments.model_cards("en")


def test_its_boxes_leave_as_boxes_and_become_masks(run, tmp_path):
    code, said, _ = run("prelabel", "pictures", "--model", "best", "--out", "boxes.json")
    assert (code, said) == (0, "2 boxes on 1 picture -> boxes.json\n")
    rows = json.loads((tmp_path / "boxes.json").read_text())["annotations"]
    assert [row["bbox"] for row in rows] == FOUND
    assert [(row["category_id"], row["score"]) for row in rows] == [(1, 0.9), (91, 0.6)]
    assert not any("segmentation" in row for row in rows)

    code, said, _ = run("masks", "boxes.json", "--images", "pictures", "--model", "boxes", "--out", "masks.json")
    assert (code, said) == (0, "2 boxes with a mask now -> masks.json\n")
    by = compile_cache.hashed_name(zoo.find_prompt("boxes"))
    for row, (x, y, width, height) in zip(
        json.loads((tmp_path / "masks.json").read_text())["annotations"], FOUND, strict=True
    ):
        segmentation = row["segmentation"]
        if isinstance(segmentation, list):
            segmentation = coco_mask.merge(coco_mask.frPyObjects(segmentation, HEIGHT, WIDTH))
        mask = coco_mask.decode(segmentation)
        inside = mask[y : y + height, x : x + width]
        assert inside.mean() > 0.9
        assert mask.sum() < 1.2 * width * height
        assert row["annotator"] == {"source": "best@1", "mask": by}


def test_in_a_project_each_box_is_a_suggestion_of_its_category(run, tmp_path):
    assert run("prelabel", "pictures", "--model", "best", "--project", "project")[0] == 0
    with Store.open(tmp_path / "project") as store:
        names = {category.id: category.name for category in store.categories()}
        found = store.instances(store.images()[0].id)
    assert [names[one.category_id] for one in found] == ["person", "my helmet"]
    assert {one.source for one in found} == {"best@1"}
    assert [rle_box_xyxy(one.rle) for one in found] == [(x, y, x + w, y + h) for x, y, w, h in FOUND]


def test_its_boxes_are_measured_and_its_masks_are_not(run, tmp_path):
    annotations = [
        {
            "id": 1,
            "image_id": 1,
            "category_id": 1,
            "bbox": FOUND[0],
            "area": 3200,
            "iscrowd": 0,
            "segmentation": [POLYGON],
        }
    ]
    images = [{"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}]
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    code, said, _ = run("evaluate", "--model", "best", "--annotations", "truth.json", "--images", "pictures", "--json")
    figures = json.loads(said)
    assert (code, figures["box"]["AP"], figures["mask"]["AP"]) == (0, 1.0, -1.0)
    assert figures["notes"] == ["the network finds boxes alone, so masks are not measured"]


POLYGON = [40, 40, 120, 40, 120, 80, 40, 80]
