"""Graphs as torchvision exports Mask R-CNN, made by hand: their answers are known."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.core.errors import ModelError
from annotator.core.masks import rle_to_mask
from annotator.core.paste import heatmaps_to_rles
from annotator.vision.networks import zoo
from annotator.vision.networks.adapters.torchvision import hint
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures.photo import Photo

BOXES = np.array([[10.2, 5.5, 40.9, 30.1], [0, 0, 20, 47], [30, 10, 60, 44]], np.float32)
SCORES = np.array([0.6, 0.9, 0.3], np.float32)
LABELS = np.array([2, 1, 3])
HEATMAPS = np.random.default_rng(0).random((3, 1, 28, 28)).astype(np.float32)
NAMES = "person\nmy helmet\ncar\n"


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))


def export(folder, *, sides=(3, -1, -1), classes=4, labels=LABELS, pad=1, limits=(200, 320), names=NAMES):
    """An IR with the ports, the paste and the limits of an export; labels and scores as the constants above."""
    image = ops.parameter(ov.PartialShape(list(sides)), np.float32, name="images")
    image.output(0).tensor.set_names({"images"})
    size = ops.gather(ops.shape_of(image), ops.constant([1, 2]), ops.constant(0))
    shown = ops.multiply(ops.reduce_mean(image, ops.constant([0, 1, 2])), np.float32(0))
    padded = ops.pad(
        ops.add(ops.constant(HEATMAPS), shown),
        ops.constant([0, 0, pad, pad]),
        ops.constant([0, 0, pad, pad]),
        "constant",
    )
    target = ops.concat([ops.constant([3, 1]), size], 0)
    scales = [
        ops.multiply(ops.divide(np.float32(1), ops.convert(reduced, "f32")), np.float32(limit))
        for reduced, limit in zip(
            (ops.reduce_min(size, ops.constant([0])), ops.reduce_max(size, ops.constant([0]))), limits, strict=True
        )
    ]
    scale = ops.multiply(ops.minimum(*scales), np.float32(0))
    classified = ops.softmax(ops.add(ops.constant(np.zeros((5, classes), np.float32)), scale), 1)
    scores = ops.add(
        ops.constant(SCORES), ops.multiply(ops.reduce_mean(classified, ops.constant([0, 1])), np.float32(0))
    )
    nodes = {
        "boxes": ops.constant(BOXES),
        "labels": ops.constant(np.asarray(labels, np.int64)),
        "scores": scores,
        "masks": ops.broadcast(ops.reduce_mean(padded, ops.constant([2, 3]), keep_dims=True), target),
    }
    results = []
    for name, node in nodes.items():
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node))
    folder.mkdir(exist_ok=True)
    ov.save_model(ov.Model(results, [image]), folder / "model.xml", compress_to_fp16=False)
    if names:
        (folder / "labels.txt").write_text(names)
    return folder


def test_it_joins_the_zoo_and_its_heatmaps_are_pasted_as_ours(tmp_path):
    info = zoo.add("mine", export(tmp_path / "mine"))
    assert (info.outputs, info.resize, info.largest, info.order, info.scale) == (
        "regions",
        "shrink",
        (320, 200),
        "RGB",
        (255, 255, 255),
    )
    assert zoo.find("mine") == info
    detector = Detector(info, device="CPU")
    assert detector.network.input_size == (320, 200)
    found = detector.detect(Photo("p.png", b"", "", np.zeros((48, 64, 3), np.uint8)))
    assert found.scores.tolist() == pytest.approx([0.9, 0.6, 0.3])
    assert found.category_ids.tolist() == [1, 91, 3]
    order = [1, 0, 2]
    np.testing.assert_allclose(found.boxes_xyxy, BOXES[order])
    assert found.masks(range(3)) == heatmaps_to_rles(HEATMAPS[order, 0], BOXES[order], height=48, width=64)


def test_pictures_of_several_sizes_are_answered_in_turn(tmp_path):
    detector = Detector(zoo.add("mine", export(tmp_path / "mine")), device="CPU")
    sizes = [(64, 48), (640, 401), (33, 500), (64, 48)] * 3
    photos = [(size, Photo("p.png", b"", "", np.zeros((size[1], size[0], 3), np.uint8))) for size in sizes]
    found = list(detector.stream(photos))
    assert [size for size, _ in found] == sizes
    # A picture of 640 x 401 goes in as 319 x 200: the boxes are of that.
    np.testing.assert_allclose(found[1][1].boxes_xyxy, BOXES[[1, 0, 2]] * ([640 / 319, 401 / 200] * 2), rtol=1e-6)
    assert rle_to_mask(found[1][1].mask(0)).shape == (401, 640)


def test_labels_without_a_category_of_coco_are_no_detections(tmp_path):
    info = zoo.add("mine", export(tmp_path / "mine", classes=91, labels=[90, 12, 1], names=""))
    assert len(info.categories) == 80
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", np.zeros((48, 64, 3), np.uint8)))
    # 12 is a gap among COCO's ids.
    assert found.category_ids.tolist() == [90, 1]
    assert found.scores.tolist() == pytest.approx([0.6, 0.3])


REFUSED = {
    "fixed sides": ({"sides": (3, 48, 64)}, "its picture has fixed sides, expected open ones: torch.onnx.export"),
    "no names": ({"names": ""}, "says no names of its 3 classes: found no labels.txt beside it"),
    "too few names": ({"names": "one\n"}, "says no names of its 3 classes: found 1 in labels.txt"),
    "no paste": ({"pad": 2}, "masks: found no heatmaps [n, 1, s, s] that are pasted"),
}


@pytest.mark.parametrize(("changed", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_by_a_sentence(changed, said, tmp_path):
    with pytest.raises(ModelError) as error:
        zoo.add("mine", export(tmp_path / "mine", **changed))
    assert str(error.value).startswith(f"{tmp_path / 'mine' / 'model.xml'}: {said}")


def test_a_graph_that_says_no_limits_is_shrunk_as_torchvision_shrinks(tmp_path):
    assert zoo.add("mine", export(tmp_path / "mine", limits=(0.5, 0.5))).largest == (1333, 800)


def test_where_openvino_fails_on_the_paste_the_way_out_is_said():
    assert "dynamic_axes={'images': [1, 2]}" in hint("-- Conversion is failed for: Loop-17")
    assert hint("-- Conversion is failed for: Frobnicate-1") == ""
