"""Promptable networks made up for tests: real contracts, and answers that are known.

Each decoder answers with a disk around every point of label 1, less those around points of label 0, and with the box of
the labels 2 and 3, on the canvas; an earlier mask is added to it. So what it was asked can be read off its answer.
"""

from __future__ import annotations

import annotator  # noqa: F401  # isort: skip  (before openvino: it keeps that silent)

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

RADIUS = 80.0
"""Of a disk, in canvas pixels."""

CANVAS, SIDE = 1024, 256

NAMES = {
    "points": "point_coords",
    "labels": "point_labels",
    "mask": "mask_input",
    "has_mask": "has_mask_input",
    "size": "orig_im_size",
}
"""What SAM's decoder calls its inputs."""


def parameter(name: str, shape: list[int], kind: type = np.float32) -> ov.op.Parameter:
    made = ops.parameter(shape, kind, name=name)
    made.output(0).tensor.set_names({name})
    return made


def result(node: ov.Node, name: str) -> ov.op.Result:
    output = ops.add(node, ops.constant(np.float32(0)))
    if name:
        output.output(0).tensor.set_names({name})
    return ops.result(output)


def encoder(
    folder: Path, *, canvas: int = CANVAS, shapes: list[tuple[int, ...]] | None = None, image: list[int] | None = None
) -> Path:
    """folder/encoder.xml, whose outputs have these shapes and hold the picture's mean value."""
    picture = parameter("image", image or [1, 3, canvas, canvas])
    mean = ops.reduce_mean(picture, ops.constant(np.arange(len(image or [0] * 4))), keep_dims=False)
    outputs = [ops.broadcast(mean, ops.constant(np.array(shape))) for shape in shapes or [(1, 256, 64, 64)]]
    results = [result(output, f"out_{index}") for index, output in enumerate(outputs)]
    return write(ov.Model(results, [picture], "encoder"), folder / "encoder.xml")


def write(model: ov.Model, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ov.save_model(model, path, compress_to_fp16=False)
    return path


def disks(points: ov.Node, labels: ov.Node, *, side: int, canvas: int) -> ov.Node:
    """Logits [1, 1, side, side] of points [n, 2] and labels [n], f32."""
    centres = (np.arange(side, dtype=np.float32) + 0.5) * (canvas / side)
    cells = np.stack(np.meshgrid(centres, centres), axis=-1)[None]  # [1, side, side, 2]
    places = ops.reshape(points, ops.constant(np.array([-1, 1, 1, 2])), False)
    offsets = ops.subtract(ops.constant(cells), places)
    distance = ops.reduce_sum(ops.multiply(offsets, offsets), ops.constant(np.array([3])), keep_dims=False)
    depth = ops.multiply(ops.subtract(ops.constant(np.float32(RADIUS**2)), distance), ops.constant(np.float32(0.01)))
    signs = ops.reshape(labels, ops.constant(np.array([-1, 1, 1])), False)

    def around(label: float) -> ov.Node:
        chosen = ops.select(ops.equal(signs, ops.constant(np.float32(label))), depth, ops.constant(np.float32(-9)))
        return ops.reduce_max(chosen, ops.constant(np.array([0])), keep_dims=True)

    yes, no = around(1), around(0)
    logits = ops.minimum(yes, ops.negative(no))
    clipped = ops.clamp(logits, -9.0, 9.0)
    return ops.reshape(
        ops.maximum(clipped, _box(places, signs, cells)), ops.constant(np.array([1, 1, side, side])), False
    )


def _box(places: ov.Node, signs: ov.Node, cells: np.ndarray) -> ov.Node:
    """9 inside the box of the labels 2 and 3, -9 outside and where there is none."""

    def corner(label: float) -> ov.Node:
        chosen = ops.select(
            ops.unsqueeze(ops.equal(signs, ops.constant(np.float32(label))), ops.constant(np.array([3]))),
            places,
            ops.constant(np.float32(0)),
        )
        return ops.reduce_sum(chosen, ops.constant(np.array([0])), keep_dims=True)

    after = ops.greater_equal(ops.constant(cells), corner(2))
    before = ops.less(ops.constant(cells), corner(3))
    inside = ops.reduce_logical_and(ops.logical_and(after, before), ops.constant(np.array([3])), keep_dims=False)
    return ops.select(inside, ops.constant(np.float32(9)), ops.constant(np.float32(-9)))


def decoder(
    folder: Path,
    *,
    features: dict[str, list[int]] | None = None,
    names: dict[str, str] | None = None,
    kinds: dict[str, type] | None = None,
    ranks: dict[str, list[int]] | None = None,
    masks: int = 1,
    scores: tuple[float, ...] = (0.9,),
    outputs: tuple[str, str, str] = ("masks", "iou_predictions", "low_res_masks"),
    side: int = SIDE,
    canvas: int = CANVAS,
    answer: float | None = None,
) -> Path:
    """folder/decoder.xml of a contract.

    names: how it calls `points`, `labels`, `mask`, `has_mask` and `size`; "" for what it does not take. kinds, ranks:
    element types and shapes of these where they are not SAM's. masks: how many; the k-th is smaller by k. outputs: the
    names of the full-size masks, the scores and the small masks; no full-size ones without `size`. answer: the value of
    every logit in place of an answer, NaN for example.
    """
    called = NAMES | (names or {})
    shapes: dict[str, list[int]] = {"points": [1, -1, 2], "labels": [1, -1], "mask": [1, 1, side, side]}
    shapes |= {"has_mask": [1], "size": [2]} | (ranks or {})
    inputs = {
        name: parameter(name, shape) for name, shape in (features or {"image_embeddings": [1, 256, 64, 64]}).items()
    }
    said = {
        role: parameter(name, shapes[role], (kinds or {}).get(role, np.float32))
        for role, name in called.items()
        if name
    }
    as_float = {role: ops.convert(node, np.float32) for role, node in said.items()}
    logits = disks(as_float["points"], as_float["labels"], side=side, canvas=canvas)
    if "mask" in said:
        share = ops.multiply(as_float["mask"], ops.reduce_max(as_float["has_mask"], ops.constant(np.array([0])), False))
        logits = ops.maximum(logits, ops.select(ops.greater(share, ops.constant(np.float32(0))), share, logits))
    # Every input is read, so that no graph's input is dropped.
    for node in (*inputs.values(), *([as_float["size"]] if "size" in said else [])):
        flat = ops.reduce_mean(node, ops.constant(np.arange(len(node.get_output_partial_shape(0)))), keep_dims=False)
        logits = ops.add(logits, ops.multiply(flat, ops.constant(np.float32(0))))
    if answer is not None:
        logits = ops.add(ops.multiply(logits, ops.constant(np.float32(0))), ops.constant(np.float32(answer)))
    smaller = np.arange(masks, dtype=np.float32).reshape(1, masks, 1, 1)
    several = ops.subtract(logits, ops.constant(smaller))
    made = {outputs[1]: ops.constant(np.array([scores], np.float32)), outputs[2]: several}
    if "size" in said:
        size = ops.reshape(ops.convert(said["size"], np.int64), ops.constant(np.array([2])), False)
        full = ops.interpolate(several, size, "linear", "sizes", axes=np.array([2, 3]))
        made = {outputs[0]: full} | made
    results = [result(node, name) for name, node in made.items()]
    return write(ov.Model(results, [*inputs.values(), *said.values()], "decoder"), folder / "decoder.xml")
