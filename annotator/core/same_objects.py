"""Which masks of two lists show the same objects, traced anew by another tool."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pycocotools import mask as coco_mask

from annotator.core.masks import Rle, rle_to_runs
from annotator.core.measures import areas_of, boxes_of

SAME_IOU = 0.9

# Tracing moves an outline by a pixel or two and fills holes: little of a compact mask, half of a thin one, more of a
# tiny one. On COCO's instances traced with cv2.findContours, with and without approxPolyDP, these find 99 in 100 again;
# no two different objects of one category come near them.
_TRACED_IOU = 0.4
_TRACED_PX = 5.0
SMALL_PX = 32 * 32
"""COCO's own bound of what is small."""

_LOOKED_AT = 32  # masks near by that one is compared with, so that a picture full of the same takes no n x m
_NEAR = 64  # of which these are chosen


@dataclass(frozen=True)
class _Shape:
    coded: dict[str, Any]
    area: float
    box_xywh: tuple[float, ...]
    x: float
    y: float

    @property
    def level(self) -> int:
        """The scale, by which masks of one IoU lie one apart at most."""
        return max(3, int(math.log2(self.area) / 2))


def same_objects(found: Sequence[Rle], known: Sequence[Rle]) -> dict[int, int]:
    """For masks of one picture and category, by index: which of `found` shows the same object as which of `known`.

    One to one, the likest first. Two masks show the same object from an IoU of 0.9 on; from 0.4 on where they are small
    or their boxes agree to 5 pixels.
    """
    shapes = _shapes_of(known)
    cells: dict[tuple[int, int, int], list[int]] = {}
    for index, shape in shapes.items():
        cells.setdefault(_cell(shape, shape.level), []).append(index)
    pairs = []
    for index, shape in _shapes_of(found).items() if cells else ():
        near = list(_near(shape, shapes, cells))
        coded = [shapes[other].coded for other in near]
        overlaps = coco_mask.iou([shape.coded], coded, [0] * len(near))
        for other, iou in zip(near, overlaps[0] if near else (), strict=True):
            if _is_same(shape, shapes[other], float(iou)):
                pairs.append((-float(iou), index, other))
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, index, other in sorted(pairs):
        if index not in matches and other not in taken:
            matches[index] = other
            taken.add(other)
    return matches


def _is_same(first: _Shape, second: _Shape, iou: float) -> bool:
    if iou >= SAME_IOU or iou < _TRACED_IOU:
        return iou >= SAME_IOU
    return max(first.area, second.area) < SMALL_PX or is_same_box(first.box_xywh, second.box_xywh)


def is_same_box(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether two boxes, xywh, lie over each other with sides as near as tracing anew leaves them."""
    (x, y, w, h), (a, b, c, d) = first, second
    common = max(0.0, min(x + w, a + c) - max(x, a)) * max(0.0, min(y + h, b + d) - max(y, b))
    if common < _TRACED_IOU * (w * h + c * d - common):
        return False
    return max(abs(x - a), abs(y - b), abs(x + w - a - c), abs(y + h - b - d)) <= _TRACED_PX


def _near(shape: _Shape, shapes: dict[int, _Shape], cells: dict[tuple[int, int, int], list[int]]) -> list[int]:
    """The masks of about that size whose centres lie about there, in order of their index."""
    found: list[int] = []
    for level in range(shape.level - 1, shape.level + 2):
        scale, column, row = _cell(shape, level)
        for x in (column - 1, column, column + 1):
            for y in (row - 1, row, row + 1):
                found += cells.get((scale, x, y), ())[:_NEAR]
    if len(found) > _LOOKED_AT:
        found = sorted(found, key=lambda other: abs(shapes[other].x - shape.x) + abs(shapes[other].y - shape.y))
    return sorted(found[:_LOOKED_AT])


def _cell(shape: _Shape, level: int) -> tuple[int, int, int]:
    side = 4 << level
    return level, int(shape.x // side), int(shape.y // side)


def _shapes_of(rles: Sequence[Rle]) -> dict[int, _Shape]:
    """By index, those that are not empty."""
    return {
        index: _Shape(rle.to_coco(), area, tuple(box), *_centre(rle, area))
        for index, (rle, area, box) in enumerate(zip(rles, areas_of(rles), boxes_of(rles), strict=True))
        if area
    }


def _centre(rle: Rle, area: float) -> tuple[float, float]:
    """The mean of the mask's pixels, x and y: sums over whole runs, which may reach over columns."""
    runs = rle_to_runs(rle)
    ends = runs.cumsum()
    columns, rows = divmod(ends, rle.height)
    # Of all pixels before an end: the sum of their columns, and of their rows.
    x = rle.height * (columns * (columns - 1) // 2) + columns * rows
    y = columns * (rle.height * (rle.height - 1) // 2) + rows * (rows - 1) // 2
    covered = slice(1, None, 2)
    before = slice(0, len(ends) - 1, 2)
    return float((x[covered] - x[before]).sum()) / area, float((y[covered] - y[before]).sum()) / area
