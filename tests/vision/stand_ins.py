"""Small networks that stand for the published topologies in a clone that does not have these."""

from __future__ import annotations

import annotator  # noqa: F401  # isort: skip  (before openvino: it keeps that silent)

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

STRIDE, SAMPLERS = 16, 25
BOXES = np.float32([[20, 20, 200, 300], [250, 40, 420, 280], [60, 100, 300, 220], [10, 10, 500, 310]])


def two_stages(folder: Path, *, input_size: tuple[int, int], side: int, sampled: bool) -> Path:
    """An IR of the contract with known boxes, whose scores and heatmaps come from a feature map of the picture.

    side: of a heatmap, a multiple of 28. sampled: as person-0007 refines its heatmaps, by 25 unrolled samplers.
    """
    width, height = input_size
    image = ops.parameter([1, 3, height, width], np.float32, name="image")
    image.output(0).tensor.set_names({"image"})
    weights = np.random.default_rng(7).normal(0, 0.02, (4, 3, STRIDE, STRIDE)).astype(np.float32)
    none = [0, 0]
    maps = ops.relu(ops.convolution(image, ops.constant(weights / 60), [STRIDE] * 2, none, none, [1, 1]))
    seen = ops.reshape(ops.reduce_mean(maps, np.array([1, 2, 3]), False), np.array([1, 1]), False)
    sure = ops.sigmoid(ops.multiply(seen, ops.constant(np.float32([[4], [3], [2], [1]]))))
    boxes = ops.concat([ops.constant(BOXES), sure], 1)
    count = ops.gather(ops.shape_of(boxes), ops.constant(np.array([0])), ops.constant(0))
    corners = ops.gather(boxes, ops.constant(np.arange(4)), ops.constant(1))
    batch = ops.broadcast(ops.constant(np.int64(0)), count)
    coarse = ops.roi_align(maps, corners, batch, 28, 28, 2, 1 / STRIDE, "avg")
    masks = ops.reduce_mean(coarse, np.array([1]), False)
    if sampled:
        masks = ops.add(masks, _refined(maps, corners, size=(width // STRIDE, height // STRIDE)))
    masks = ops.sigmoid(ops.subtract(ops.multiply(masks, np.float32(8)), np.float32(1)))
    fine = ops.constant(np.repeat(np.arange(28), side // 28))
    masks = ops.gather(ops.gather(masks, fine, ops.constant(1)), fine, ops.constant(2))
    results = []
    for name, node in (("boxes", boxes), ("labels", ops.constant(np.zeros(len(BOXES), np.int64))), ("masks", masks)):
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node, name=name))
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(ov.Model(results, [image], "two stages"), folder / "model.xml", compress_to_fp16=False)
    return folder / "model.xml"


def _refined(maps: ov.Node, corners: ov.Node, *, size: tuple[int, int]) -> ov.Node:
    """The mean of so many samplers of the map, each a little beside the last: [n, 28, 28]."""
    grey = ops.reduce_mean(maps, np.array([1]), True)
    across, down = (np.linspace(0, 1, 28, dtype=np.float32) for _ in range(2))
    steps = np.tile(across, 28), np.repeat(down, 28)
    total = None
    for number in range(SAMPLERS):
        places = []
        for axis in (0, 1):
            begin, end = (ops.gather(corners, np.array([axis + far]), ops.constant(1)) for far in (0, 2))
            along = ops.multiply(ops.subtract(end, begin), ops.constant(steps[axis][None]))
            place = ops.multiply(ops.add(begin, along), np.float32(1 / STRIDE))
            inside = ops.clamp(ops.add(place, np.float32(number / SAMPLERS)), 0.0, float(size[axis] - 1))
            places.append(ops.reshape(inside, np.array([1, -1]), False))
        one = ops.multiply(unrolled_sampler(grey, *places, width=size[0]), np.float32(1 / SAMPLERS))
        total = one if total is None else ops.add(total, one)
    return ops.reshape(total, np.array([-1, 28, 28]), False)


def unrolled_sampler(feature_map, x, y, *, width):
    """mmcv's bilinear_grid_sample as an export unrolls it: a map [1, 1, h, w] at x, y [1, p] in pixels -> [1, 1, p]."""
    once = ops.constant(np.array([0, 0, 1, 1]))
    padded = ops.pad(feature_map, once, once, "constant", ops.constant(np.float32(0)))
    flat = ops.reshape(padded, ops.constant(np.array([1, 1, -1])), False)
    terms, low = [], {place: ops.floor(place) for place in (x, y)}
    for right, below in ((0, 0), (0, 1), (1, 0), (1, 1)):
        steps = ((x, right), (y, below))
        column, row = (ops.add(ops.convert(low[place], "i64"), np.int64(1 + step)) for place, step in steps)
        index = ops.add(column, ops.multiply(row, np.int64(width + 2)))
        parts = (ops.abs(ops.subtract(ops.subtract(place, low[place]), np.float32(1 - step))) for place, step in steps)
        gathered = ops.gather_elements(flat, ops.unsqueeze(index, ops.constant(1)), 2)
        terms.append(ops.multiply(gathered, ops.unsqueeze(ops.multiply(*parts), ops.constant(1))))
    return ops.add(ops.add(ops.add(terms[0], terms[1]), terms[2]), terms[3])
