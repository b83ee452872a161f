"""Networks from a script: pictures in, boxes, masks, RLE and COCO out."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

import annotator
from tests.conftest import picture
from tests.vision.networks.prompts import graphs

PIXELS = np.full((96, 160, 3), 90, np.uint8)


def test_a_picture_gives_the_boxes_and_masks_of_its_objects(known_model):
    found = annotator.load_model(known_model)(PIXELS)
    assert found.names == ["person"]  # the other one is below the network's own threshold
    assert np.abs(found.boxes - [10, 10, 50, 60]).max() <= 1  # the box of the mask, whose border the paste rounds
    assert found.masks.shape == (1, 96, 160)
    assert found.masks[0, 10:60, 10:50].all()
    assert (coco_mask.decode(found.rles[0].to_coco()) == found.masks[0]).all()


def test_the_threshold_is_the_callers_to_choose(known_model):
    model = annotator.load_model(known_model)
    found = model(PIXELS, threshold=0.2)
    assert found.scores.round(2).tolist() == [0.9, 0.3]
    assert len(found.above(0.5)) == len(found.of("person").above(0.5)) == 1
    assert len(found.of("dog")) == 0


def test_a_file_is_read_upright(known_model, tmp_path):
    (tmp_path / "photo.png").write_bytes(picture(160, 96))
    (found,) = annotator.load_model(known_model).stream([tmp_path / "photo.png"])
    assert (found.width, found.height) == (160, 96)


def test_a_picture_without_objects_has_empty_arrays_of_the_right_form(known_model):
    found = annotator.load_model(known_model)(PIXELS, threshold=1)
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)
    assert found.masks.shape == (0, 96, 160)
    assert found.to_results(1) == []


def test_what_leaves_as_coco_decodes_to_the_masks(known_model):
    found = annotator.load_model(known_model)(PIXELS, threshold=0.2)
    document = found.to_coco("photo.jpg")
    assert document["images"] == [{"id": 1, "width": 160, "height": 96, "file_name": "photo.jpg"}]
    for annotation, mask in zip(document["annotations"], found.masks, strict=True):
        rles = coco_mask.frPyObjects(annotation["segmentation"], 96, 160)
        assert (coco_mask.decode(coco_mask.merge(rles)) == mask).all()
        assert annotation["area"] == mask.sum()
    assert [row["bbox"] for row in found.to_results(7)] == [row["bbox"] for row in document["annotations"]]
    assert {row["image_id"] for row in found.to_results(7)} == {7}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.zeros((4, 4), np.uint8), r"picture: found uint8 \[4, 4\], expected uint8 \[H, W, 3\], red first"),
        (np.zeros((4, 4, 3), np.float32), r"picture: found float32 \[4, 4, 3\]"),
        (np.zeros((0, 4, 3), np.uint8), "expected 1 to 65500 pixels a side"),
        ("no-such-file.jpg", "no-such-file.jpg: cannot be read"),
        (b"GIF89a", r"picture: found bytes, expected a path, or an array \[H, W, 3\] of uint8"),
    ],
)
def test_what_is_no_picture_is_told(known_model, wrong, said):
    with pytest.raises(annotator.ImageError, match=said):
        annotator.load_model(known_model)(wrong)


def test_a_model_that_is_not_here_is_not_fetched_unasked(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path))
    with pytest.raises(annotator.ModelError, match="expected fetch=True or annotator models fetch person-0007"):
        annotator.load_model("person-0007")
    with pytest.raises(annotator.ModelError, match="model 'nobody': not known, there are starter-person"):
        annotator.load_model("nobody")


def test_a_network_of_ones_own_brings_masks():
    masks = np.zeros((3, 8, 10), bool)
    masks[0, 2:4, 3:7] = masks[1, 5, 5] = True
    found = annotator.Detections.from_masks(
        masks, scores=[0.4, 0.6, 0.9], names=["cloud", "person", "cloud"], source="mine@1"
    )
    assert found.names == ["person", "cloud"]  # the surest first, without the empty one
    assert found.category_ids.tolist() == [1, 91]
    assert found.boxes.tolist() == [[5, 5, 6, 6], [3, 2, 7, 4]]


@pytest.mark.parametrize(
    ("masks", "scores", "said"),
    [
        (np.zeros((1, 2, 2)), [0.5], r"masks: found float64 \[1, 2, 2\], expected bool"),
        (np.zeros((1, 2, 2), bool), [0.5, 0.5], "found 1 masks, 2 scores and 1 names"),
        (np.zeros((1, 2, 2), bool), [1.5], "scores: expected numbers from 0 to 1"),
        (np.zeros((1, 2, 2), bool), [float("nan")], "scores: expected numbers from 0 to 1"),
    ],
)
def test_masks_that_do_not_fit_are_told(masks, scores, said):
    with pytest.raises(annotator.GeometryError, match=said):
        annotator.Detections.from_masks(masks, scores=scores, names=["person"], source="mine@1")


def test_points_get_the_mask_of_any_object(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    graphs.encoder(tmp_path / "mine")
    graphs.decoder(tmp_path / "mine")
    (tmp_path / "mine" / "model.toml").write_text('kind = "prompt"\nname = "mine"\n')
    look = annotator.load_prompt_model("mine").look(PIXELS)
    answer = look.ask(points=[(80, 48)])
    assert answer is not None
    assert answer.mask.shape == (96, 160)
    assert answer.mask[48, 80]
    assert look.ask(points=[(80, 48)], not_points=[(2, 2)], earlier=answer) is not None
    with pytest.raises(annotator.GeometryError):
        look.ask()


def test_a_notebook_shows_each_in_one_line(known_model, tmp_path):
    model = annotator.load_model(known_model)
    look = annotator.load_prompt_model("starter-click").look(PIXELS)
    with annotator.Project(tmp_path / "people") as project:
        shown = [repr(one) for one in (model, model(PIXELS), look, project)]
    assert shown == [
        f"Model({model.source}, person)",
        "Detections(person 0.90 (2096 px))",
        "Look(starter-click, 160 x 96)",
        f"Project({str(tmp_path / 'people')!r})",
    ]
