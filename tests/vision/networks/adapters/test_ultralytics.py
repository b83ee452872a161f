"""Ultralytics' own exports, with random weights: what is read of them is what Ultralytics makes of the same outputs."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from annotator.core.geometry import Resize
from annotator.core.masks import rle_area, rle_to_mask
from annotator.vision.networks import zoo
from annotator.vision.networks.adapters.registry import adapter_of
from annotator.vision.networks.detector import Detector, resize_into_input, to_detections
from annotator.vision.pictures.photo import Photo

torch = pytest.importorskip("torch", reason="the extra exporters is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra exporters is not installed")
pytest.importorskip("ultralytics", reason="the extra exporters is not installed", exc_type=ImportError)

NAMES = {0: "helmet", 1: "person", 2: "traffic light"}
INPUT = (256, 320)  # width, height
SIZES = ((640, 427), (333, 1001), (257, 319), (1920, 1080))
CONFIDENCE, OVERLAP = 0.25, 0.7


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Settings and files beside the test, and nothing asked of the network."""
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("YOLO_OFFLINE", "true")
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def export(name, *, to="onnx", **options):
    """Ultralytics' export of a network of 3 classes whose scores lie all over 0..1."""
    from ultralytics import YOLO
    from ultralytics.nn.tasks import yaml_model_load

    torch.manual_seed(0)
    described = yaml_model_load(f"{name}.yaml") | {"nc": len(NAMES)}
    Path(f"{name}.yaml").write_text(yaml.safe_dump(described))
    network = YOLO(f"{name}.yaml")
    network.model.names = NAMES
    animate(network.model)
    size = INPUT[::-1]
    return os.path.abspath(network.export(format=to, imgsz=size, verbose=False, **options))


def animate(network):
    """Let what a network answers depend on the picture: layers that were never trained let nothing through."""
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = 1.0
    pictures = np.stack([picture(*INPUT, seed=seed) for seed in range(4)]).transpose(0, 3, 1, 2)
    with torch.no_grad():
        network.train()(torch.from_numpy(np.ascontiguousarray(pictures, np.float32) / 255))
    network.eval()
    for branch in ("cv3", "one2one_cv3"):
        for layers in getattr(network.model[-1], branch, None) or ():
            torch.nn.init.normal_(layers[-1].weight, std=0.3)
            torch.nn.init.normal_(layers[-1].bias, mean=-2.0)


def picture(width, height, seed=0):
    coarse = np.random.default_rng(width + seed).integers(0, 256, (12, 16, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def prepared(pixels, info):
    """The picture in the input, as OpenVINO and as onnxruntime take it, and how it lies there."""
    height, width, _ = pixels.shape
    resize = Resize.plan(rule=info.resize, image_size=(width, height), input_size=INPUT)
    laid = resize_into_input(pixels, resize, pad=info.pad)
    return resize, np.ascontiguousarray(laid.transpose(2, 0, 1)[None], np.float32) / 255


def expected(outputs, resize, *, finished):
    """What Ultralytics makes of the outputs of one of its graphs: boxes with score and class, and masks or None."""
    import torchvision  # noqa: F401  (it is what Ultralytics takes overlaps out with, where it was imported before)
    from ultralytics.utils import ops
    from ultralytics.utils.nms import non_max_suppression

    found, *prototypes = (torch.from_numpy(one.copy()) for one in outputs)
    (rows,) = non_max_suppression(found, CONFIDENCE, OVERLAP, nc=len(NAMES), max_det=300, end2end=finished)
    picture = (resize.image_height, resize.image_width)
    rows[:, :4] = ops.scale_boxes((resize.input_height, resize.input_width), rows[:, :4], picture)
    masks = ops.process_mask_native(prototypes[0][0], rows[:, 6:], rows[:, :4], picture) if prototypes else None
    return rows[:, :6].numpy(), None if masks is None else masks.numpy().astype(bool)


CASES = {
    "segmentation": ("yolo11n-seg", {}, False),
    "segmentation with NMS": ("yolo11n-seg", {"nms": True, "conf": CONFIDENCE}, True),
    "detection": ("yolo11n", {}, False),
    "detection without NMS by training": ("yolo26n", {"nms": False}, True),
    "segmentation without NMS by training": ("yolo26n-seg", {"nms": False}, True),
    "detection of any size": ("yolo11n", {"dynamic": True}, False),
}


@pytest.mark.parametrize(("name", "options", "finished"), CASES.values(), ids=CASES)
def test_boxes_and_masks_are_those_of_ultralytics(name, options, finished, tmp_path):
    path = export(name, **options)
    info = zoo.add("mine", tmp_path / path)
    assert [category.name for category in info.categories] == list(NAMES.values())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    counts = []
    for size in SIZES:
        resize, values = prepared(picture(*size), info)
        outputs = session.run(None, {"images": values})
        rows, masks = expected(outputs, resize, finished=finished)
        found = to_detections(adapter_of(info).read(outputs, info, INPUT), resize, info)
        sure = np.flatnonzero(found.scores > CONFIDENCE)
        assert len(sure) == len(rows)
        counts.append(len(rows))
        np.testing.assert_array_equal(found.scores[sure].astype(np.float32), rows[:, 4])
        np.testing.assert_allclose(found.clipped_boxes()[sure], rows[:, :4], atol=1e-3)
        assert [info.categories[int(index)].id for index in rows[:, 5]] == found.category_ids[sure].tolist()
        if masks is not None:
            drawn = np.array([rle_to_mask(rle) for rle in found.masks(sure)])
            # Both enlarge in 32 bits, and not by the same sums: a pixel on the outline may go either way.
            differing = (drawn != masks).sum()
            assert differing <= 1e-5 * masks.sum() + 2
    assert min(counts) > 3


@pytest.mark.parametrize("to", ["onnx", "openvino"])
def test_a_picture_is_seen_as_ultralytics_sees_it(to, tmp_path):
    from ultralytics import YOLO

    path = export("yolo11n-seg")
    # Its OpenVINO export is the same network; run by Ultralytics it would be rounded to bf16 where the processor can.
    info = zoo.add("mine", tmp_path / (path if to == "onnx" else export("yolo11n-seg", to=to)))
    assert [category.name for category in info.categories] == list(NAMES.values())
    pixels = picture(640, 427)
    (seen,) = YOLO(path, task="segment").predict(
        pixels[..., ::-1], conf=CONFIDENCE, iou=OVERLAP, retina_masks=True, imgsz=INPUT[::-1], verbose=False
    )
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", pixels))
    sure = np.flatnonzero(found.scores > CONFIDENCE)
    # Both leave out what has no pixel, here where suggestions are made.
    sure = sure[[rle_area(rle) > 0 for rle in found.masks(sure)]]
    theirs = seen.boxes.data.numpy()
    np.testing.assert_allclose(found.scores[sure], theirs[:, 4], atol=1e-4)
    np.testing.assert_allclose(found.clipped_boxes()[sure], theirs[:, :4], atol=0.05)
    drawn = np.array([rle_to_mask(rle) for rle in found.masks(sure)])
    assert (drawn != seen.masks.data.numpy().astype(bool)).sum() <= 1e-3 * drawn.sum()
