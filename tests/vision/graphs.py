"""Networks made up for tests: one whose outputs are known, and the real topologies with random weights."""

from __future__ import annotations

import annotator  # noqa: F401  # isort: skip  (before openvino: it keeps that silent)

import gzip
import hashlib
import os
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openvino as ov
from numpy.typing import ArrayLike, NDArray
from openvino import opset13 as ops

from tests.vision.stand_ins import two_stages


def topology(name: str) -> Path | None:
    """The published graph of that name below ANNOTATOR_TEST_DATA; None where that does not name a folder."""
    named = os.environ.get("ANNOTATOR_TEST_DATA")
    return Path(named) / "models" / f"instance-segmentation-{name}.xml.gz" if named else None


def constant_network(
    folder: Path, *, boxes: ArrayLike, labels: ArrayLike, masks: ArrayLike, input_size: tuple[int, int]
) -> Path:
    """An IR of the contract that answers every picture alike: folder/model.xml, with its model.bin, is returned.

    boxes: (n, 5) x0 y0 x1 y1 score in input pixels. labels: (n,) class indices. masks: (n, s, s) heatmaps.
    input_size: (width, height) of the input. The picture is the network's real input, but adds nothing.
    """
    width, height = input_size
    image = ops.parameter([1, 3, height, width], np.float32, name="image")
    image.output(0).tensor.set_names({"image"})
    answers = {
        "labels": np.asarray(labels, np.int64).reshape(-1),
        "boxes": np.asarray(boxes, np.float32).reshape(-1, 5),
        "masks": np.asarray(masks, np.float32),
    }
    results = []
    for name, values in answers.items():
        constant = ops.constant(values, name=f"{name}_values")
        constant.output(0).tensor.set_names({name})
        results.append(ops.result(constant, name=name))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.xml"
    ov.save_model(ov.Model(results, [image], "constant"), path, compress_to_fp16=False)
    return path


def fragile_network(folder: Path, *, input_size: tuple[int, int] = (64, 48)) -> Path:
    """An IR of the contract that sees one object, and fails on pictures that are brighter than grey."""
    width, height = input_size
    image = ops.parameter([1, 3, height, width], np.float32, name="image")
    image.output(0).tensor.set_names({"image"})
    mean = ops.reduce_mean(image, ops.constant(np.arange(4)), True)
    # As a sampler that was unrolled reads beyond its map.
    index = ops.convert(ops.floor(ops.divide(ops.reshape(mean, ops.constant([1]), False), np.float32(128))), "i64")
    score = ops.gather_elements(ops.constant(np.array([0.9], np.float32)), index, 0)
    boxes = ops.concat([ops.constant(np.array([[4, 4, 40, 30]], np.float32)), ops.unsqueeze(score, np.int64(0))], 1)
    masks = ops.constant(np.ones((1, 7, 7), np.float32))
    nodes = {"boxes": boxes, "labels": ops.constant(np.array([0])), "masks": masks}
    results = []
    for name, node in nodes.items():
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node))
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(ov.Model(results, [image]), folder / "model.xml", compress_to_fp16=False)
    return described(folder)


# --- the real topologies, with random weights ------------------------------------------------------------------------

BIG = 2**31 - 1


def _anchors(size: float, *, form: tuple[int, ...]) -> NDArray[np.float32]:
    """Three boxes about the origin, of `size` squared pixels and the aspects 1:2, 1:1 and 2:1."""
    aspect = np.sqrt(np.array([0.5, 1.0, 2.0]))
    w, h = size / aspect, size * aspect
    return np.stack([-w / 2, -h / 2, w / 2, h / 2], axis=1).reshape(form).astype(np.float32)


# What a weights file holds besides weights, by offset: axes, indices, shapes, limits. They follow from the shapes on
# the ports that consume them; equal bytes are stored once, so that one offset may serve as an integer and as floats.
Structure = dict[int, ArrayLike]

PERSON_0007: Structure = {
    0: [103.53, 116.28, 123.675],  # mean
    6: 2,
    14: 4,
    22: 1,
    30: 0,
    38: 0.0,
    **{
        offset: _anchors(size, form=(1, 3, 4))
        for offset, size in zip((40, 12211922, 12230450, 12248978, 12267506), (32, 64, 128, 256, 512), strict=True)
    },
    2496: [2, 3],
    12174640: 1e-5,
    12211834: 3,
    12211842: -1,
    12211850: [-1, 1, 4],
    12211874: [-1, 4],
    12211890: [1, 2, 0],
    12211914: 50,  # proposals a level
    12230442: 8,
    12248970: 16,
    12267498: 32,
    12267530: 64,
    12267538: 0.5,
    12268332: [1, 1, 1, 1],
    12268340: [0, 0],
    12268356: [0, BIG],
    12268372: [1, 4],
    12268388: [0, 2],
    12268404: [0, 1],
    12268420: [0, 3],
    12268436: 1.0,
    12268438: 0.7,  # overlap of proposals
    12268440: [-1, 1],
    12268456: 10,  # most objects
    12268464: [0, 4],
    12268480: [1, 1],
    12268496: [0, 5],
    12268512: [-1, 1568],
    13205496: [0.1, 0.1, 0.2, 0.2],
    13206532: [-1, -1, -1],
    13206556: [1, 1, 1],
    13206580: 0.05,  # least score
    14109080: 7,
    14109088: [1, 1, 2, 2],
    14109104: -1.0,
    14109106: [0, 0, 1, 1],
    14109138: BIG,
    14109146: -BIG,
    14109154: [1, 1, 2],
    14109178: 1 / 4,
    14109180: 2.0,
    14109182: [1, 2],
    14109198: [1, 0, 2],
    14109222: 1 / 8,
    14109224: 1 / 16,
    14109226: 1 / 32,
    14121838: 448,  # points refined
    14121846: 5,
}

SECURITY_1040: Structure = {
    **{
        offset: _anchors(size, form=(3, 4))
        for offset, size in zip((0, 29318768, 29549536, 29780304, 30011072), (32, 64, 128, 256, 512), strict=True)
    },
    48: [-103.53, -116.28, -123.675],
    60: [0, 0, 0, 0],
    92: [0, 0, 1, 1],
    124: 0,
    4992: 2,
    5000: 0,
    5008: 1,
    140392: [0, 0, 2, 2],
    28856288: [1, 1],
    28856296: 2,
    28856300: 3,
    28856304: BIG,
    28856312: 1e-5,
    29318728: [1, 2, 0],
    29318752: -1,
    29318760: 200,  # proposals a level
    30011120: 0.5,
    30015012: [-1, 4],
    30015028: [1, 1, 1, 1],
    30015044: 1,
    30015048: 4,
    30015056: 0,
    30015072: [0, BIG],
    30015088: [1, 4],
    30015104: [0, 2],
    30015120: -0.5,
    30015124: [1, 1],
    30015140: [0, 1],
    30015156: [0, 3],
    30015172: 3,
    30015180: 1.0,
    30015184: [4, 1],
    30015200: [1, -1, 4],
    30015224: [1, 1, -1],
    30015248: 1000,
    30015256: 0.7,
    30015260: [0, -1],
    30015276: [100, 5],  # most objects
    30015292: [0, 4],
    30015308: [0, 5],
    30015324: [-1, 3920],
    51586156: [0.1, 0.1, 0.2, 0.2],
    51586172: [0, 320],
    51918288: [0, 80],
    51918304: [1, 0],
    51918320: 100,
    51918328: 0.05,
    52969852: [0, 1],
    52969860: 5,
}

WEIGHTED = ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul")
TYPES = {"f16": np.float16, "f32": np.float32, "i64": np.int64, "i32": np.int32, "u64": np.uint64}


def random_network(zipped_xml: Path, folder: Path, *, structure: Structure, gain: float, seed: int = 7) -> Path:
    """A published graph and a weights file for it: noise for weights, no biases, `structure` for the rest.

    gain: variance of the noise times a weight's fan-in; 2 after He, less where residuals add up. Returns
    folder/model.xml.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.xml"
    path.write_bytes(gzip.decompress(zipped_xml.read_bytes()))
    root = ElementTree.parse(path).getroot()
    layers = {layer.attrib["id"]: layer for layer in root.iterfind("layers/layer")}
    consumers: dict[str, list[str]] = {}
    for edge in root.iterfind("edges/edge"):
        consumers.setdefault(edge.attrib["from-layer"], []).append(edge.attrib["to-layer"])

    def used_by(layer: str) -> set[str]:
        kinds: set[str] = set()
        for other in consumers.get(layer, []):
            kind = layers[other].attrib["type"]
            kinds |= used_by(other) if kind == "Convert" else {kind}
        return kinds

    noise = np.random.default_rng(seed)
    content = bytearray()
    for identifier, layer in layers.items():
        data = layer.find("data")
        if layer.attrib["type"] != "Const" or data is None:
            continue
        offset, size = int(data.attrib["offset"]), int(data.attrib["size"])
        shape = tuple(int(side) for side in data.attrib["shape"].split(",") if side.strip())
        kind = TYPES[data.attrib["element_type"]]
        if offset in structure:
            values = np.broadcast_to(np.asarray(structure[offset]).reshape(-1), (int(np.prod(shape)),))
        elif kind in (np.float16, np.float32):
            kinds = used_by(identifier)
            fan_in = int(np.prod(shape[2:] if "GroupConvolution" in kinds else shape[1:]))
            if kinds <= set(WEIGHTED):
                divisor = 60 if shape[1:2] == (3,) else 1  # the first layer divides what lies in 0..255
                values = noise.normal(0, np.sqrt(gain / fan_in) / divisor, shape)
            else:
                values = np.full(shape, 1.0 if "Multiply" in kinds else 0.0)
        else:
            raise AssertionError(f"{layer.attrib['name']}: {kind} at {offset} is not in the structure")
        content.extend(bytes(max(offset + size - len(content), 0)))
        content[offset : offset + size] = values.astype(kind).tobytes()
    path.with_suffix(".bin").write_bytes(content)
    return path


def described(folder: Path, *, resize: str = "stretch", threshold: float = 0.3, categories: int = 1) -> Path:
    """Write the model.toml of an IR that lies in `folder`, which names the model; `folder` is returned."""
    lines = [f'name = "{folder.name}"', f'title = "{folder.name}"', 'version = "1"', f"threshold = {threshold}"]
    lines += ['description = "known answers"', "[input]", f'resize = "{resize}"', "pad = 0", 'order = "BGR"']
    lines += ["mean = [0, 0, 0]", "scale = [1, 1, 1]"]
    for index in range(categories):
        name = "person" if index == 0 else f"thing {index}"
        lines += ["[[categories]]", f"id = {index * 3 + 1}", f'name = "{name}"', 'supercategory = ""']
    for file in ("model.xml", "model.bin"):
        content = (folder / file).read_bytes()
        lines += ["[[files]]", 'precision = "FP32"', f'name = "{file}"', f"bytes = {len(content)}"]
        lines += [f'sha384 = "{hashlib.sha384(content).hexdigest()}"']
    (folder / "model.toml").write_text("\n".join(lines) + "\n")
    return folder


def person_0007(folder: Path) -> Path:
    """The topology of person-0007 itself, 10 detections with scores of 0.5 to 0.8 on noise; or what stands for it."""
    graph = topology("person-0007.fp16")
    if graph is None:
        return two_stages(folder, input_size=(544, 320), side=224, sampled=True)
    return random_network(graph, folder, structure=PERSON_0007, gain=1.8)


def security_1040(folder: Path) -> Path:
    """The topology of security-1040, whose outputs are those of security-0002, some 80 detections; or a stand-in."""
    graph = topology("security-1040.fp32")
    if graph is None:
        return two_stages(folder, input_size=(608, 608), side=28, sampled=False)
    return random_network(graph, folder, structure=SECURITY_1040, gain=2.0)
