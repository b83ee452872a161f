"""Exports of Ultralytics YOLO: their rules by a plain reference, and what is refused."""

from __future__ import annotations

import math

import cv2
import numpy as np
import openvino as ov
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.dataset import Category
from annotator.core.errors import ModelError
from annotator.core.geometry import Resize
from annotator.core.masks import rle_to_mask
from annotator.vision.networks import zoo
from annotator.vision.networks.adapters.yolo import DETECTION, SEGMENTATION, suppress
from annotator.vision.networks.detector import Detector, to_detections
from annotator.vision.networks.model_info import ModelInfo
from annotator.vision.networks.quantize import quantize
from annotator.vision.pictures.photo import Photo
from tests.core.strategies import examples
from tests.vision.networks.adapters.graphs import answering

INPUT = (128, 96)
SAID = {
    "author": "Ultralytics",
    "description": "Ultralytics YOLO11n-seg model",
    "task": "segment",
    "imgsz": [96, 128],
    "names": {0: "traffic light", 1: "my helmet", 2: "person"},
}
CLASSES, WEIGHTS = 3, 4


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))


@pytest.fixture
def info(tmp_path):
    return described(tmp_path)


def described(folder, outputs="yolo-seg"):
    categories = tuple(Category(91 + index, f"thing {index}") for index in range(CLASSES))
    return ModelInfo(
        name="mine",
        title="mine",
        version="1",
        folder=folder,
        files=(),
        description="",
        resize="letterbox",
        pad=114,
        order="RGB",
        mean=(0, 0, 0),
        scale=(255, 255, 255),
        categories=categories,
        threshold=0.25,
        outputs=outputs,
    )


def answers(random, *, places=40, weights=WEIGHTS):
    """Outputs as an export gives them: crowded boxes of three classes, and smooth prototypes."""
    sizes = random.uniform(6, 60, (2, places))
    centres = random.uniform([[0], [0]], [[INPUT[0]], [INPUT[1]]], (2, places)).round(-1)
    columns = [centres, sizes, random.random((CLASSES, places)), random.normal(size=(weights, places))]
    coarse = random.normal(size=(weights, 5, 6)).astype(np.float32)
    prototypes = [cv2.resize(one, (INPUT[0] // 4, INPUT[1] // 4), interpolation=cv2.INTER_CUBIC) for one in coarse]
    output0 = np.concatenate(columns).astype(np.float32)[None]
    return (output0, np.array(prototypes, np.float32)[None]) if weights else (output0,)


def reference(output0, prototypes, *, width, height):
    """Boxes in the picture, scores, class indices and masks, one place after the other."""
    scale = min(INPUT[0] / width, INPUT[1] / height)
    content = max(round(width * scale), 1), max(round(height * scale), 1)
    pad = [(side - inner) / 2 for side, inner in zip(INPUT, content, strict=True)]
    pad = [round(one - 0.1) for one in pad]
    found = []
    for column in sorted(output0[0].T, key=lambda column: -column[4 : 4 + CLASSES].max()):
        x, y, w, h = column[:4]
        label, score = int(column[4 : 4 + CLASSES].argmax()), column[4 : 4 + CLASSES].max()
        box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        if score > 0.001 and all(label != other or iou(box, kept) <= 0.7 for kept, _, other, _ in found):
            found.append((box, score, label, column[4 + CLASSES :]))
    rows = []
    for (x0, y0, x1, y1), score, label, mixed in found:
        ratio = [inner / side for inner, side in zip(content, (width, height), strict=True)]
        box = [(x0 - pad[0]) / ratio[0], (y0 - pad[1]) / ratio[1], (x1 - pad[0]) / ratio[0], (y1 - pad[1]) / ratio[1]]
        logits = sum(weight * one for weight, one in zip(mixed, prototypes[0], strict=True)).astype(np.float32)
        rows.append((box, score, label, drawn(logits, box, content, pad, width=width, height=height)))
    return rows


def drawn(logits, box, content, pad, *, width, height):
    """The mask of the picture: enlarged until the padding ends with a cell, cropped, enlarged, cropped to the box."""
    both = [side - inner for side, inner in zip(INPUT, content, strict=True)]
    times = 4 // math.gcd(4, (both[0] | both[1]) | (both[0] | both[1]) // 2)
    if times > 1:
        logits = cv2.resize(logits, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR)
    left, top = (one * times // 4 for one in pad)
    shown = logits[top : top + content[1] * times // 4, left : left + content[0] * times // 4]
    mask = cv2.resize(shown, (width, height), interpolation=cv2.INTER_LINEAR) > 0
    x0, x1 = np.clip(box[0::2], 0, width)
    y0, y1 = np.clip(box[1::2], 0, height)
    columns, rows = np.arange(width), np.arange(height)
    return mask & ((columns >= x0) & (columns < x1))[None] & ((rows >= y0) & (rows < y1))[:, None]


def iou(a, b):
    common = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


@settings(max_examples=examples(25, many=300), deadline=None)
@given(width=st.integers(1, 400), height=st.integers(1, 400), seed=st.integers(0, 10_000))
def test_boxes_and_masks_are_those_of_the_plain_rules_for_pictures_of_any_size(width, height, seed, tmp_path_factory):
    info = described(tmp_path_factory.getbasetemp())
    outputs = answers(np.random.default_rng(seed))
    resize = Resize.plan(rule="letterbox", image_size=(width, height), input_size=INPUT)
    found = to_detections(SEGMENTATION.read(outputs, info, INPUT), resize, info)
    rows = reference(*outputs, width=width, height=height)
    assert found.category_ids.tolist() == [91 + label for _, _, label, _ in rows]
    np.testing.assert_allclose(found.scores, [score for _, score, _, _ in rows])
    np.testing.assert_allclose(found.boxes_xyxy, [box for box, _, _, _ in rows], rtol=1e-5, atol=1e-3)
    masks = np.array([rle_to_mask(rle) for rle in found.masks(range(len(found)))])
    # Sums in another order may round a value at 0, or a border at a whole pixel, the other way.
    assert (masks != [mask for *_, mask in rows]).sum() <= 2 + 1e-4 * masks.size


def test_an_export_with_its_nms_gives_the_same_as_one_without(info):
    output0, prototypes = answers(np.random.default_rng(3))
    resize = Resize.plan(rule="letterbox", image_size=(301, 177), input_size=INPUT)
    plain = SEGMENTATION.read((output0, prototypes), info, INPUT)
    rows = np.zeros((1, 300, 6 + WEIGHTS), np.float32)
    filled = np.column_stack((plain.boxes, plain.labels, plain.masks.weights))
    rows[0, : len(filled)] = filled
    finished = to_detections(SEGMENTATION.read((rows, prototypes), info, INPUT), resize, info)
    expected = to_detections(plain, resize, info)
    assert len(finished) == len(expected) > 10
    assert finished.masks(range(len(finished))) == expected.masks(range(len(expected)))


@pytest.mark.parametrize("seed", range(5))
def test_of_boxes_that_overlap_the_surest_is_kept(seed):
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 50, (60, 2)).round()
    boxes = np.hstack((corners, corners + random.uniform(20, 60, (60, 2)).round())).astype(np.float32)
    kept = []
    for index, box in enumerate(boxes.tolist()):
        if all(iou(box, boxes[other].tolist()) <= 0.7 for other in kept):
            kept.append(index)
    assert suppress(boxes).tolist() == kept
    assert 1 < len(kept) < 60


def test_at_most_300_are_kept_however_many_there_are():
    corners = np.arange(2000, dtype=np.float32)[:, None] * 20
    assert suppress(np.hstack((corners, corners, corners + 10, corners + 10))).tolist() == list(range(300))


def test_what_a_level_moves_lies_within_the_lower_one_and_is_the_mask_at_a_half(info):
    outputs = answers(np.random.default_rng(1))
    resize = Resize.plan(rule="letterbox", image_size=(701, 433), input_size=INPUT)
    found = to_detections(SEGMENTATION.read(outputs, info, INPUT), resize, info)
    everything = range(len(found))
    checked = 0
    for rle, heatmap in zip(found.masks(everything), found.kept_heatmaps(everything), strict=True):
        mask = rle_to_mask(rle)
        if mask.sum() < 500:
            continue
        low, half, high = (rle_to_mask(heatmap.at(level, height=433, width=701)) for level in (30, 50, 70))
        assert (low | half).sum() == low.sum() >= half.sum() >= high.sum() == (high & half).sum()
        assert (half & mask).sum() / (half | mask).sum() > 0.85
        checked += 1
    assert checked > 5


def test_an_export_joins_the_zoo_and_finds_objects_in_image_pixels(tmp_path):
    output0 = np.zeros((1, 4 + CLASSES + 1, 3), np.float32)
    output0[0, :, 0] = [64, 48, 40, 20, 0.1, 0.9, 0.2, 1]
    output0[0, :, 1] = [65, 48, 40, 20, 0.1, 0.8, 0.2, 1]
    prototypes = np.ones((1, 1, 24, 32), np.float32)
    folder = answering(tmp_path / "best", {"output0": output0, "output1": prototypes}, metadata=SAID)
    info = zoo.add("mine", folder / "best.xml")
    assert (info.outputs, info.resize, info.order, info.pad, info.scale) == (
        "yolo-seg",
        "letterbox",
        "RGB",
        114,
        (255, 255, 255),
    )
    # COCO's own names have COCO's ids, others follow.
    assert [(one.id, one.name) for one in info.categories] == [(10, "traffic light"), (91, "my helmet"), (1, "person")]
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", np.zeros((192, 256, 3), np.uint8)))
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.category_ids.tolist() == [91]
    assert found.boxes_xyxy.tolist() == [[88, 76, 168, 116]]
    mask = rle_to_mask(found.mask(0))
    assert mask.sum() == mask[76:116, 88:168].sum() == 80 * 40


def test_a_detector_gives_its_boxes_for_masks(tmp_path):
    output0 = np.zeros((1, 4 + CLASSES, 2), np.float32)
    output0[0, :, 0] = [64, 48, 40, 20, 0.1, 0.9, 0.2]
    folder = answering(tmp_path / "best", {"output0": output0}, metadata=SAID | {"task": "detect"})
    info = zoo.add("mine", folder)
    assert (info.outputs, info.has_masks) == ("yolo-detect", False)
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", np.zeros((96, 128, 3), np.uint8)))
    mask = rle_to_mask(found.mask(0))
    assert mask.sum() == mask[38:58, 44:84].sum() == 40 * 20
    assert found.kept_heatmaps([0]) == [None]


def test_a_network_of_any_size_gets_the_size_for_which_it_was_exported(tmp_path):
    output0 = np.zeros((1, 4 + CLASSES, 2), np.float32)
    said = SAID | {"task": "detect", "imgsz": [64, 160]}
    folder = answering(tmp_path / "best", {"output0": output0}, metadata=said, input_shape=(-1, 3, -1, -1))
    assert Detector(zoo.add("mine", folder), device="CPU").network.input_size == (160, 64)


def test_labels_of_its_own_for_openvino_stand_in_for_a_missing_metadata_file(tmp_path):
    folder = answering(tmp_path / "best", {"output0": np.zeros((1, 6, 2), np.float32)})
    graph = ov.Core().read_model(folder / "best.xml")
    for key, value in (("model_type", "YOLO"), ("labels", "traffic_light my_helmet")):
        graph.set_rt_info(value, ["model_info", key])
    other = tmp_path / "other"
    other.mkdir()
    ov.save_model(graph, other / "best.xml")
    info = zoo.add("mine", other)
    assert [category.name for category in info.categories] == ["traffic light", "my_helmet"]


def test_a_description_beside_it_wins_over_everything_but_the_form_of_its_outputs(tmp_path):
    output0 = np.zeros((1, 4 + CLASSES, 2), np.float32)
    folder = answering(tmp_path / "best", {"output0": output0}, metadata=SAID | {"task": "detect"})
    own = "".join(f'[[categories]]\nid = {id}\nname = "own {id}"\n' for id in (5, 7, 9))
    (folder / "model.toml").write_text(
        f'name = "x"\nversion = "7"\nthreshold = 0.4\n[input]\nresize = "fit"\norder = "BGR"\n{own}'
    )
    info = zoo.add("mine", folder)
    assert (info.name, info.source, info.threshold, info.resize) == ("mine", "mine@7", 0.4, "fit")
    assert (info.outputs, [category.id for category in info.categories]) == ("yolo-detect", [5, 7, 9])


@pytest.mark.parametrize("named", ["best.pt", ""])
def test_weights_that_were_not_exported_are_refused(named, tmp_path):
    (tmp_path / "best.pt").write_bytes(b"weights")
    with pytest.raises(ModelError, match=r"found best\.pt, which only its trainer reads, expected its export to ONNX"):
        zoo.add("mine", tmp_path / named)


def test_an_export_in_half_precision_is_read_too(tmp_path):
    output0 = np.zeros((1, 4 + CLASSES, 2), np.float16)
    output0[0, :, 0] = [64, 48, 40, 20, 0.1, 0.9, 0.2]
    folder = answering(tmp_path / "best", {"output0": output0}, metadata=SAID | {"task": "detect"}, kind=np.float16)
    found = Detector(zoo.add("mine", folder), device="CPU").detect(
        Photo("p.png", b"", "", np.zeros((96, 128, 3), np.uint8))
    )
    assert found.boxes_xyxy.tolist() == [[44, 38, 84, 58]]
    assert found.scores[0] == pytest.approx(0.9, abs=1e-3)


SEGMENTS = {"output0": np.zeros((1, 8, 5), np.float32), "output1": np.zeros((1, 1, 24, 32), np.float32)}
REFUSED = {
    "pose": ({"task": "pose"}, SEGMENTS, "is a network for pose of Ultralytics"),
    "rt-detr": ({"task": "detect", "head": "RTDETRDecoder"}, SEGMENTS, "is a network for RT-DETR of Ultralytics"),
    "other classes": ({"names": {0: "one"}}, SEGMENTS, "expected [1, 6, n] for 1 classes, or [1, n, 7]; export"),
    "no names": ({"names": None}, SEGMENTS, "says no names of its classes; keep metadata.yaml beside it"),
    "gaps": ({"names": {0: "one", 2: "two"}}, SEGMENTS, "says no names of its classes"),
    "twice": (
        {"names": {0: "a", 1: "b", 2: "a"}},
        SEGMENTS,
        "names: found 'a b a', expected printable names that differ",
    ),
    "other outputs": ({}, {"output0": SEGMENTS["output0"]}, "expected output0 [1, 4 + classes + k, n] and output1"),
}


@pytest.mark.parametrize(("changed", "outputs", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_by_a_sentence(changed, outputs, said, tmp_path):
    folder = answering(tmp_path / "best", outputs, metadata=SAID | changed)
    with pytest.raises(ModelError) as error:
        zoo.add("mine", folder)
    assert str(folder) in str(error.value)
    assert said in str(error.value)
    assert not (tmp_path / "models" / "mine").exists()


def test_an_open_size_that_nobody_says_is_refused(tmp_path):
    said = SAID | {"imgsz": "whatever"}
    folder = answering(tmp_path / "best", SEGMENTS, metadata=said, input_shape=(1, 3, -1, -1))
    with pytest.raises(ModelError, match="export it with dynamic=False"):
        zoo.add("mine", folder)


def test_metadata_that_are_no_yaml_are_named(tmp_path):
    folder = answering(tmp_path / "best", SEGMENTS)
    (folder / "metadata.yaml").write_text("names: [")
    with pytest.raises(ModelError, match=r"metadata\.yaml: is not YAML"):
        zoo.add("mine", folder)


def test_outputs_of_another_form_than_the_graph_promised_are_refused(info):
    with pytest.raises(ModelError, match=r"output0: found \[1, 9, 5\]"):
        DETECTION.read((np.zeros((1, 9, 5), np.float32),), info, INPUT)


def test_a_twin_in_8_bits_is_left_to_its_own_trainer(info):
    with pytest.raises(ModelError, match="mine is read as yolo-seg; let its own trainer export it in INT8"):
        quantize(info, [], name="twin")
