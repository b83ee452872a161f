"""What the benchmarks of inference run on: networks of the two models' cost, and photographs of three sizes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import annotator  # noqa: F401  # isort: skip  (before openvino: it keeps that silent)

import cv2
import numpy as np
import openvino as ov
from openvino import opset13 as ops

from annotator.vision.networks import zoo
from annotator.vision.networks.zoo import ModelInfo
from tests.machine import DATA, NO_DATA
from tests.vision import graphs

SIZES = {"vga": (640, 480), "1080p": (1920, 1080), "12mp": (4000, 3000)}


def security_0002(folder: Path) -> Path:
    """A stand-in of security-0002's cost and contract: 427 GFLOPs of convolutions at 1024x768, 100 objects.

    Its boxes and heatmaps are known ones that hang by a thread on the picture, so that nothing can be folded away.
    """
    noise = np.random.default_rng(0)

    def convolved(source: ov.Node, channels: tuple[int, int], *, side: int = 3, stride: int = 1) -> ov.Node:
        weights = noise.normal(0, np.sqrt(2 / (channels[0] * side * side)), (channels[1], channels[0], side, side))
        pads = [side // 2] * 2
        constant = ops.constant(weights.astype(np.float32))
        return ops.relu(ops.convolution(source, constant, [stride] * 2, pads, pads, [1, 1]))

    image = ops.parameter([1, 3, 768, 1024], np.float32, name="image")
    image.output(0).tensor.set_names({"image"})
    flow = ops.multiply(ops.subtract(image, np.float32(128)), np.float32(1 / 64))
    flow = convolved(flow, (3, 64), side=7, stride=2)
    flow = convolved(flow, (64, 128), stride=2)
    for _ in range(8):
        flow = convolved(flow, (128, 128))
    flow = convolved(flow, (128, 256), stride=2)
    for _ in range(20):
        flow = convolved(flow, (256, 256))
    thread = ops.multiply(ops.tanh(ops.reduce_mean(flow, np.array([0, 1, 2, 3]), False)), np.float32(1e-6))

    y, x = np.mgrid[:28, :28] / 28 - 0.5
    blob = 0.7 / (1 + np.exp(8 * (np.hypot(x, y) - 0.4)))
    rough = np.stack([cv2.resize(item, (28, 28), interpolation=cv2.INTER_CUBIC) for item in noise.random((100, 5, 5))])
    corners = noise.uniform([0, 0], [800, 600], (100, 2))
    boxes = np.hstack([corners, corners + noise.uniform(20, 220, (100, 2)), np.linspace(0.95, 0.06, 100)[:, None]])
    answers = {
        "boxes": ops.add(ops.constant(boxes.astype(np.float32)), thread),
        "labels": ops.constant(noise.integers(0, 80, 100)),
        "masks": ops.add(ops.constant((blob + 0.3 * rough).astype(np.float32)), thread),
    }
    results = []
    for name, node in answers.items():
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node, name=name))
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(ov.Model(results, [image], "security-0002"), folder / "model.xml", compress_to_fp16=False)
    return folder / "model.xml"


def security_0002_int8(folder: Path) -> Path:
    """The INT8 twin of the stand-in, by NNCF. Raises ImportError without the extra `int8`."""
    import nncf

    with tempfile.TemporaryDirectory() as first:
        graph = ov.Core().read_model(security_0002(Path(first) / "f32"))
        pictures = np.random.default_rng(1).integers(0, 256, (2, 1, 3, 768, 1024)).astype(np.float32)
        quantized = nncf.quantize(graph, nncf.Dataset(list(pictures)), subset_size=2, fast_bias_correction=True)
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(quantized, folder / "model.xml", compress_to_fp16=False)
    return folder / "model.xml"


def known(folder: Path) -> Path:
    """A network that costs nothing: what is measured is everything around it."""
    masks = np.zeros((10, 28, 28), np.float32)
    masks[:, 4:24, 4:24] = 1
    boxes = [[10 * index, 10 * index, 200 + 10 * index, 150 + 10 * index, 0.9] for index in range(10)]
    return graphs.constant_network(folder, boxes=boxes, labels=[0] * 10, masks=masks, input_size=(544, 320))


MAKERS = {
    "known": (known, {}),
    "person-0007": (graphs.person_0007, {}),
    "security-0002": (security_0002, {"resize": "fit", "categories": 80}),
    "security-0002-int8": (security_0002_int8, {"resize": "fit", "categories": 80}),
}


@contextmanager
def network(name: str) -> Iterator[ModelInfo]:
    """A model of the zoo, or one made up here: kept in the folder ANNOTATOR_BENCH where that is set.

    The topology of person-0007 with random weights; a stand-in of security-0002's cost, and its INT8 twin; `known`,
    whose answers are constants.
    """
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(os.environ.get("ANNOTATOR_BENCH") or temporary)
        before = {key: os.environ.get(key) for key in ("ANNOTATOR_MODELS", "ANNOTATOR_HOME")}
        os.environ.update(ANNOTATOR_MODELS=str(root / "models"), ANNOTATOR_HOME=str(root / "home"))
        try:
            if name in MAKERS:
                make, description = MAKERS[name]
                name = f"made-{name}"
                folder = root / "models" / name
                if not (folder / "model.toml").is_file():
                    make(folder)
                    graphs.described(folder, **description)
            yield zoo.find(name)
        finally:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value


def jpegs(images: Path, size: tuple[int, int], count: int) -> list[bytes]:
    """So many different photographs of that size as a camera writes them: with its noise, quality 90."""
    noise = np.random.default_rng(0)
    sources = sorted(path for path in images.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    made = []
    for index in range(count):
        pixels = cv2.resize(cv2.imread(str(sources[index % len(sources)])), size, interpolation=cv2.INTER_CUBIC)
        grain = noise.normal(0, 4, (size[1], size[0], 1)).astype(np.float32)
        pixels = (pixels + grain).clip(0, 255).astype(np.uint8)
        made.append(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    return made


def evaluation_file(named: Path) -> Path:
    """The COCO file itself, else the one of that name in data/eval; ends the program where that is not here."""
    if named.is_file():
        return named
    if DATA is None:
        raise SystemExit(NO_DATA)
    return Path(DATA) / "data" / "eval" / named
