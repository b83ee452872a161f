"""Exports of RF-DETR: their rules by a plain reference, and what is refused."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.errors import ModelError
from annotator.core.masks import rle_to_mask
from annotator.vision.networks import zoo
from annotator.vision.networks.adapters.rf_detr import SEGMENTATION
from annotator.vision.networks.detector import Detector, prepare, to_detections
from annotator.vision.pictures.photo import Photo
from tests.core.strategies import examples
from tests.vision.networks.adapters.graphs import answering

NAMES = ("traffic light", "my helmet", "person")
IDS = (10, 91, 1)
QUERIES = 12


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))


def answers(random, *, slots=4):
    """Outputs as an export gives them: boxes, logits of the classes and the background, and smooth masks."""
    dets = random.uniform(0.05, 0.9, (1, QUERIES, 4))
    labels = random.normal(size=(1, QUERIES, slots), scale=3)
    coarse = random.normal(size=(QUERIES, 5, 5)).astype(np.float32)
    masks = [cv2.resize(one, (26, 26), interpolation=cv2.INTER_CUBIC) for one in coarse]
    return dets.astype(np.float32), labels.astype(np.float32), np.array(masks, np.float32)[None]


def brought(folder, outputs, *, names=NAMES):
    """An export in a folder, with what a training writes beside it."""
    form = dict(zip(("dets", "labels", "masks"), outputs, strict=False))
    answering(folder, form, input_shape=(1, 3, 104, 104))
    if names:
        (folder / "training_config.json").write_text(json.dumps({"class_names": list(names)}))
    return folder


def reference(dets, labels, masks, *, width, height):
    """Score, class, box and mask, the surest first, one pair of a query and a class after the other."""
    pairs = []
    for query in range(QUERIES):
        for label in range(len(NAMES)):
            pairs.append((1 / (1 + math.exp(-float(labels[0, query, label]))), query, label))
    rows = []
    for score, query, label in sorted(pairs, key=lambda pair: -pair[0])[:QUERIES]:
        x, y, w, h = dets[0, query].astype(float)
        box = [(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height]
        rows.append((score, label, box, cv2.resize(masks[0, query], (width, height)) > 0))
    return rows


@settings(max_examples=examples(20, many=300), deadline=None)
@given(width=st.integers(1, 400), height=st.integers(1, 400), seed=st.integers(0, 10_000))
def test_boxes_and_masks_are_those_of_the_plain_rules_for_pictures_of_any_size(width, height, seed, made_info):
    outputs = answers(np.random.default_rng(seed))
    photo = Photo("p.png", b"", "", np.zeros((height, width, 3), np.uint8))
    resize = prepare(photo, made_info, input_size=(104, 104)).resize
    found = to_detections(SEGMENTATION.read(outputs, made_info, (104, 104)), resize, made_info)
    rows = [row for row in reference(*outputs, width=width, height=height) if row[0] > 0.001]
    assert found.category_ids.tolist() == [IDS[label] for _, label, _, _ in rows]
    np.testing.assert_allclose(found.scores, [score for score, *_ in rows], atol=1e-6)
    np.testing.assert_allclose(found.boxes_xyxy, [box for _, _, box, _ in rows], rtol=1e-4, atol=1e-3)
    for index, (*_, mask) in enumerate(rows):
        assert (rle_to_mask(found.mask(index)) == mask).all()


@pytest.fixture(scope="module")
def made_info(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNOTATOR_MODELS", str(folder / "models"))
        return zoo.add("mine", brought(folder / "export", answers(np.random.default_rng(0))))


def test_an_export_joins_the_zoo_with_the_names_of_its_training(tmp_path):
    outputs = answers(np.random.default_rng(1))
    info = zoo.add("mine", brought(tmp_path / "export", outputs))
    assert (info.outputs, info.resize, info.order, info.mean) == (
        "rf-detr-seg",
        "stretch",
        "RGB",
        (123.675, 116.28, 103.53),
    )
    assert [(one.id, one.name) for one in info.categories] == list(zip(IDS, NAMES, strict=True))
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", np.zeros((77, 131, 3), np.uint8)))
    expected = reference(*outputs, width=131, height=77)
    np.testing.assert_allclose(found.scores, [score for score, *_ in expected], atol=1e-6)
    assert [rle_to_mask(rle).sum() for rle in found.masks(range(len(found)))] == [mask.sum() for *_, mask in expected]


def test_a_list_of_names_beside_the_graph_wins(tmp_path):
    folder = brought(tmp_path / "export", answers(np.random.default_rng(1)))
    (folder / "labels.txt").write_text("one\ntwo\nthree\n")
    assert [one.name for one in zoo.add("mine", folder).categories] == ["one", "two", "three"]


def test_a_detector_finds_boxes_alone(tmp_path):
    info = zoo.add("mine", brought(tmp_path / "export", answers(np.random.default_rng(1))[:2]))
    assert (info.outputs, info.has_masks) == ("rf-detr", False)
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", np.zeros((77, 131, 3), np.uint8)))
    assert len(found) == QUERIES
    assert found.kept_heatmaps([0]) == [None]


def test_its_own_91_classes_are_cocos_without_the_gaps(tmp_path):
    dets, labels, _ = answers(np.random.default_rng(1), slots=91)
    labels[:] = -9
    labels[0, 0, 90], labels[0, 1, 12], labels[0, 2, 1] = 3, 2, 1  # 12 is a gap among COCO's ids
    info = zoo.add("mine", brought(tmp_path / "export", (dets, labels), names=()))
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", np.zeros((77, 131, 3), np.uint8)))
    assert found.category_ids[:2].tolist() == [90, 1]
    assert found.scores[2:].max(initial=0) < 0.01


def test_an_export_of_any_batch_takes_one_picture(tmp_path):
    outputs = dict(zip(("dets", "labels"), answers(np.random.default_rng(1)), strict=False))
    folder = answering(tmp_path / "export", outputs, input_shape=(-1, 3, 104, 96))
    (folder / "labels.txt").write_text("\n".join(NAMES))
    assert Detector(zoo.add("mine", folder), device="CPU").network.input_size == (96, 104)


REFUSED = {
    "no names": ((), lambda outputs: outputs, "says no names of its 3 classes; put training_config.json"),
    "other names": (("a",), lambda outputs: outputs, "labels: found 4 classes and 1 names"),
    "odd rows": (NAMES, lambda outputs: (outputs[0][:, :5], *outputs[1:]), "expected dets [1, q, 4], labels [1, q, c]"),
}


@pytest.mark.parametrize(("names", "change", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_by_a_sentence(names, change, said, tmp_path):
    folder = brought(tmp_path / "export", change(answers(np.random.default_rng(1))), names=names)
    with pytest.raises(ModelError) as error:
        zoo.add("mine", folder)
    assert said in str(error.value)


def test_outputs_without_names_are_refused_with_the_export_that_has_them(tmp_path):
    dets, labels, masks = answers(np.random.default_rng(1))
    folder = answering(tmp_path / "export", {"a": dets, "b": labels, "c": masks}, input_shape=(-1, -1, -1, -1))
    with pytest.raises(ModelError, match=r"without their names; RF-DETR is read from its ONNX export"):
        zoo.add("mine", folder)


def test_keypoints_are_refused(tmp_path):
    dets, labels, masks = answers(np.random.default_rng(1))
    folder = answering(
        tmp_path / "export", {"dets": dets, "labels": labels, "keypoints": masks}, input_shape=(1, 3, 104, 104)
    )
    with pytest.raises(
        ModelError, match="expected dets, labels, masks; export a network for detection or segmentation"
    ):
        zoo.add("mine", folder)


def test_a_description_with_other_categories_than_the_graph_has_is_told_when_it_runs(tmp_path):
    info = zoo.add("mine", brought(tmp_path / "export", answers(np.random.default_rng(1))))
    path = info.folder / "model.toml"
    before, first, *_, last = path.read_text().split("[[categories]]")
    path.write_text(f"{before}[[categories]]{first}[[files]]{last.partition('[[files]]')[2]}")
    with pytest.raises(ModelError, match="labels: found 4 classes for 1 categories"):
        Detector(zoo.find("mine"), device="CPU").detect(Photo("p.png", b"", "", np.zeros((77, 131, 3), np.uint8)))
