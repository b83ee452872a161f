"""`annotator masks`: boxes that become masks, and everything else that stays."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from annotator.cli import main
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.prompts.network import PromptNetwork
from tests.vision.networks.prompts import graphs

WIDTH, HEIGHT = 640, 480
POLYGON = [[1, 1, 20, 1, 20, 20, 1, 20]]


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    """`boxes` answers a box with what is inside it."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    folder = tmp_path / "models" / "boxes"
    graphs.encoder(folder)
    graphs.decoder(folder)
    (folder / "model.toml").write_text('kind = "prompt"\nname = "boxes"\nversion = "3"\n')


@pytest.fixture
def content(tmp_path):
    """Three pictures; boxes on two of them."""
    (tmp_path / "pictures").mkdir()
    for name in ("a", "b", "c"):
        cv2.imwrite(str(tmp_path / "pictures" / f"{name}.png"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    images = [
        {"id": index, "file_name": f"{name}.png", "width": WIDTH, "height": HEIGHT}
        for index, name in enumerate("abc", start=1)
    ]
    box = {"category_id": 1, "iscrowd": 0, "area": 1.0}
    annotations = [
        {"id": 1, "image_id": 1, "bbox": [100, 100, 200, 80], "mine": "kept", **box},
        {"id": 2, "image_id": 1, "bbox": [1, 1, 19, 19], "segmentation": POLYGON, **box},
        {"id": 3, "image_id": 1, "bbox": [400, 300, 100, 100], "segmentation": [], **box},
        {"id": 4, "image_id": 2, "bbox": [10, 10, 300, 300], "annotator": {"source": "yolo@8"}, **box},
        {"id": 5, "image_id": 2, "bbox": [10, 10, 50, 50], **box, "iscrowd": 1},
    ]
    return {"info": {"mine": 1}, "images": images, "annotations": annotations, "categories": [{"id": 1, "name": "x"}]}


@pytest.fixture
def run(tmp_path, capsys):
    def ran(content, *more, name="in.json", out="out.json"):
        (tmp_path / name).write_text(json.dumps(content))
        words = ["masks", str(tmp_path / name), "--images", str(tmp_path / "pictures"), "--model", "boxes"]
        code = main([*words, "--out", str(tmp_path / out), *more])
        said = capsys.readouterr()
        found = json.loads((tmp_path / out).read_text()) if (tmp_path / out).is_file() else None
        return code, found, said

    return ran


def decoded(segmentation):
    if isinstance(segmentation, list):
        return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(segmentation, HEIGHT, WIDTH)))
    return coco_mask.decode(segmentation)


def test_boxes_get_masks_and_everything_else_stays(run, content, tmp_path):
    code, found, said = run(content)
    assert (code, said.out) == (0, f"3 boxes with a mask now, 1 crowd left alone -> {tmp_path / 'out.json'}\n")
    one, two, three, four, five = found["annotations"]
    by = compile_cache.hashed_name(zoo.find_prompt("boxes"))
    x, y, width, height = one["bbox"]
    mask = decoded(one["segmentation"])
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[y : y + height, x : x + width] = True
    assert (mask.astype(bool) & inside).sum() / (mask.astype(bool) | inside).sum() > 0.93
    assert one["area"] == mask.sum()
    assert (one["mine"], one["bbox"], one["annotator"]) == ("kept", [100, 100, 200, 80], {"mask": by})
    assert three["segmentation"]
    assert four["annotator"] == {"source": "yolo@8", "mask": by}
    assert (two, five) == (content["annotations"][1], content["annotations"][4])
    assert {key: found[key] for key in ("info", "images", "categories")} == {
        key: content[key] for key in ("info", "images", "categories")
    }
    assert not (tmp_path / "out.json.part").exists()
    assert run(found, name="again.json")[2].out.startswith("0 boxes with a mask now")


def test_what_is_no_json_is_named(run, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    code, _, said = run([], "--annotations", str(tmp_path / "broken.json"))
    assert code == 1
    assert "broken.json: is not JSON: " in said.err


def test_a_list_of_results_gets_masks_too(run, content, tmp_path):
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    results = [{"image_id": 3, "category_id": 1, "bbox": [50, 60, 100, 100], "score": 0.4}]
    code, found, _ = run(results, "--annotations", str(tmp_path / "dataset.json"), name="results.json")
    assert code == 0
    assert decoded(found[0]["segmentation"])[110, 100]
    assert found[0]["score"] == 0.4
    code, _, said = run(results, name="results.json", out="other.json")
    assert (code, "a list of results and --annotations" in said.err) == (1, True)


def test_a_killed_run_goes_on_where_it_was(run, content, tmp_path, monkeypatch):
    seen = []
    features = PromptNetwork.features

    def look(network, photo, crop=None):
        seen.append(photo.file_name)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return features(network, photo, crop)

    monkeypatch.setattr(PromptNetwork, "features", look)
    code, found, said = run(content)
    assert (code, found) == (1, None)
    assert "interrupted" in said.err
    with (tmp_path / "out.json.part").open("a") as file:
        file.write('{"image": "2", "mas')  # as a kill in the middle of a line leaves it
    code, found, _ = run(content)
    assert code == 0
    assert len(seen) == 3  # the first picture is not looked at again
    assert all(row.get("segmentation") for row in found["annotations"][:4])


def test_another_work_does_not_go_on_from_a_record(run, content, tmp_path):
    (tmp_path / "out.json.part").write_text('{"work": "another"}\n{"image": "1", "masks": [null, null]}\n')
    code, found, _ = run(content)
    assert code == 0
    assert found["annotations"][0]["segmentation"]


def test_a_picture_that_cannot_be_looked_at_is_named_and_the_others_are_done(run, content, tmp_path):
    (tmp_path / "pictures" / "a.png").unlink()
    code, found, said = run(content)
    assert code == 1
    assert "a.png" in said.err
    assert "segmentation" not in found["annotations"][0]
    assert found["annotations"][3]["segmentation"]


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd"])
def test_no_picture_outside_the_folder_is_read(run, content, tmp_path, name):
    cv2.imwrite(str(tmp_path / "secret.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    content["images"][0]["file_name"] = name
    code, _, said = run(content)
    assert code == 1
    assert f"{name}: leads out of" in said.err


def test_a_picture_of_another_size_is_not_masked(run, content):
    content["images"][0]["width"] = 1000
    code, found, said = run(content)
    assert code == 1
    assert "a.png: 640 x 480, in the file 1000 x 480" in said.err
    assert "segmentation" not in found["annotations"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bbox": [1, 2, 3]}, "annotations[0].bbox is [1, 2, 3], expected [x, y, width, height]"),
        ({"bbox": [1, 2, 0, 3]}, "annotations[0].bbox is [1, 2, 0, 3], expected"),
        ({"bbox": None}, "annotations[0].bbox is None, expected"),
        ({"image_id": 77}, "annotations[0].image_id is 77, which is not among the images"),
        ({"image_id": [1]}, "annotations[0].image_id is [1], which is not among the images"),
    ],
)
def test_a_malformed_box_is_named_before_the_work_begins(run, content, change, said, tmp_path):
    content["annotations"][0] |= change
    code, found, told = run(content)
    assert (code, found) == (1, None)
    assert said in told.err.replace(":", "")
    assert not (tmp_path / "out.json.part").exists()


def test_a_box_beside_its_picture_stays_a_box(run, content):
    content["annotations"][0]["bbox"] = [5000, 5000, 10, 10]
    code, found, said = run(content)
    assert code == 0
    assert "2 boxes with a mask now, 1 without an answer" in said.out
    assert "segmentation" not in found["annotations"][0]


def test_a_box_whose_mask_lies_mostly_outside_stays_a_box(run, content, tmp_path):
    graphs.decoder(tmp_path / "models" / "boxes", answer=9)  # everything that it sees
    content["annotations"] = [content["annotations"][0] | {"bbox": [300, 200, 6, 9]}]
    code, found, said = run(content)
    assert (code, said.out) == (0, f"0 boxes with a mask now, 1 without an answer -> {tmp_path / 'out.json'}\n")
    assert found["annotations"] == content["annotations"]
