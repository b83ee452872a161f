"""Matches masks of two lists that show the same objects, where another tool has traced them anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotator.core.masks import Rle, normal_to_runs
from annotator.core.measures import areas_of, boxes_of

SAME_IOU = 0.9

# Tracing moves an outline by a pixel or two and fills holes: little of a compact mask, half of a thin one, more of a
# tiny one. On COCO's instances traced with cv2.findContours, with and without approxPolyDP, these find 99 in 100 again;
# no two different objects of one category come near them.
_TRACED_IOU = 0.4
_TRACED_PX = 5.0
SMALL_PX = 32 * 32
"""COCO's own bound of what is small."""

_NEAR = 64  # masks of a cell that are near enough to be looked at
_LOOKED_AT, _LEAST_LOOKED_AT = 32, 8  # of these, that one mask is compared with
_MOST_PAIRS = 100_000  # that are compared with so many each; a picture full of the same takes no n x m
_AT_ONCE = 1_000  # masks whose runs are in memory

_Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shapes:
    """Masks of one picture that are not empty.

    indices: in the list that they come from. centres: (n, 2), the mean of each one's pixels.
    """

    indices: list[int]
    coded: list[dict[str, Any]]
    areas: _Numbers
    boxes_xywh: _Numbers
    centres: _Numbers

    @classmethod
    def of(cls, rles: Sequence[Rle]) -> Shapes:
        areas = np.array(areas_of(rles), np.float64)
        indices = np.flatnonzero(areas).tolist()
        kept = [rles[index] for index in indices]
        boxes = np.array(boxes_of(kept), np.float64).reshape(-1, 4)
        return cls(indices, [rle.to_coco() for rle in kept], areas[indices], boxes, _centres(kept, areas[indices]))

    def __len__(self) -> int:
        return len(self.indices)

    def overlaps(self, index: int, others: Shapes, near: NDArray[np.intp], *, inside: bool = False) -> _Numbers:
        """The IoU with each; or how much of this one lies inside each."""
        if not len(near):
            return np.zeros(0)
        coded = [others.coded[other] for other in near.tolist()]
        found: _Numbers = coco_mask.iou([self.coded[index]], coded, [int(inside)] * len(coded))[0]
        return found

    def are_same(self, index: int, others: Shapes, near: NDArray[np.intp], ious: _Numbers) -> NDArray[np.bool_]:
        small = np.maximum(self.areas[index], others.areas[near]) < SMALL_PX
        boxes = _are_same_boxes(self.boxes_xywh[index], others.boxes_xywh[near])
        same: NDArray[np.bool_] = (ious >= SAME_IOU) | ((ious >= _TRACED_IOU) & (small | boxes))
        return same


def same_objects(found: Sequence[Rle], known: Sequence[Rle]) -> dict[int, int]:
    """For masks of one picture and category, by index: which of `found` shows the same object as which of `known`.

    One to one, the likest first. Two masks show the same object from an IoU of 0.9 on; from 0.4 on where they are small
    or their boxes agree to 5 pixels. Masks are in the normal form.
    """
    ours, theirs = Shapes.of(found), Shapes.of(known)
    if not len(ours) or not len(theirs):
        return {}
    cells = _Cells(theirs)
    most = max(_LEAST_LOOKED_AT, min(_LOOKED_AT, _MOST_PAIRS // len(ours)))
    pairs: list[tuple[float, int, int]] = []
    for index, place in enumerate(ours.indices):
        near = cells.near(ours, index, most=most)
        ious = ours.overlaps(index, theirs, near)
        same = ours.are_same(index, theirs, near, ious)
        pairs += ((-iou, place, theirs.indices[other]) for iou, other in zip(ious[same], near[same], strict=True))
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, place, other in sorted(pairs):
        if place not in matches and other not in taken:
            matches[place] = other
            taken.add(other)
    return matches


def is_same_box(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether two boxes, xywh, lie over each other with sides as near as tracing anew leaves them."""
    return bool(_are_same_boxes(np.array(first, np.float64), np.array([second], np.float64))[0])


def _are_same_boxes(box: _Numbers, others: _Numbers) -> NDArray[np.bool_]:
    (x, y, w, h), (a, b, c, d) = box, others.T
    common = np.maximum(0.0, np.minimum(x + w, a + c) - np.maximum(x, a))
    common = common * np.maximum(0.0, np.minimum(y + h, b + d) - np.maximum(y, b))
    sides = np.abs([x - a, y - b, x + w - a - c, y + h - b - d]).max(axis=0)
    same: NDArray[np.bool_] = (common >= _TRACED_IOU * (w * h + c * d - common)) & (sides <= _TRACED_PX)
    return same


class _Cells:
    """Masks by where they are and how large: a picture in squares, of each size of a mask its own."""

    def __init__(self, shapes: Shapes) -> None:
        self._x, self._y = shapes.centres[:, 0], shapes.centres[:, 1]
        cells: dict[tuple[int, int, int], list[int]] = {}
        for index in np.argsort(self._x, kind="stable").tolist():
            cells.setdefault(_cell(shapes, index, _level(shapes, index)), []).append(index)
        self._cells = {cell: np.array(some) for cell, some in cells.items()}

    def near(self, shapes: Shapes, index: int, *, most: int) -> NDArray[np.intp]:
        """The masks of about the size of this one whose centres lie about there, by their index; the nearest ones."""
        some = []
        x, y = shapes.centres[index].tolist()
        for level in range(_level(shapes, index) - 1, _level(shapes, index) + 2):
            scale, column, row = _cell(shapes, index, level)
            for cell in ((scale, column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
                if cell in self._cells:
                    some.append(self._around(self._cells[cell], x, turn=index))
        if not some:
            return np.zeros(0, np.intp)
        found = np.concatenate(some)
        if len(found) > most:
            far = np.abs(self._x[found] - x) + np.abs(self._y[found] - y)
            found = found[np.argsort(far, kind="stable")[:most]]
        return np.sort(found)

    def _around(self, members: NDArray[np.intp], x: float, *, turn: int) -> NDArray[np.intp]:
        """Of the masks of a cell those whose x is the nearest; among many of the same x, others at each turn."""
        if len(members) <= _NEAR:
            return members
        first, last = np.searchsorted(self._x[members], x), np.searchsorted(self._x[members], x, side="right")
        middle = int(first + turn % (last - first + 1))
        begin = min(max(middle - _NEAR // 2, 0), len(members) - _NEAR)
        return members[begin : begin + _NEAR]


def _level(shapes: Shapes, index: int) -> int:
    """The scale, by which masks of one IoU lie one apart at most."""
    return max(3, int(math.log2(shapes.areas[index]) / 2))


def _cell(shapes: Shapes, index: int, level: int) -> tuple[int, int, int]:
    side = 4 << level
    x, y = shapes.centres[index].tolist()
    return level, int(x // side), int(y // side)


def _centres(rles: Sequence[Rle], areas: _Numbers) -> _Numbers:
    """The mean of each mask's pixels, x and y, (n, 2): sums over whole runs, which may reach over columns."""
    sums = [np.zeros((0, 2))]
    for start in range(0, len(rles), _AT_ONCE):
        chunk = rles[start : start + _AT_ONCE]
        height, total = chunk[0].height, chunk[0].height * chunk[0].width
        runs, lengths = normal_to_runs([rle.counts for rle in chunk])
        firsts = np.cumsum(lengths) - lengths
        ends = np.cumsum(runs) - np.repeat(np.arange(len(chunk)) * total, lengths)
        columns, rows = divmod(ends, height)
        # Of all pixels before an end: the sum of their columns, and of their rows.
        before = (
            height * (columns * (columns - 1) // 2) + columns * rows,
            columns * (height * (height - 1) // 2) + rows * (rows - 1) // 2,
        )
        covers = (np.arange(len(runs)) - np.repeat(firsts, lengths)) % 2 == 1
        sums.append(np.stack([np.add.reduceat(np.diff(one, prepend=0) * covers, firsts) for one in before], axis=1))
    centres: _Numbers = np.concatenate(sums) / areas[:, None]
    return centres
