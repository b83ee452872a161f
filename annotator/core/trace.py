"""Masks -> the polygons along their pixels' edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.errors import GeometryError
from annotator.core.masks import Rle, rle_box_xyxy, rle_to_runs
from annotator.core.polygons import Part, Ring


def rle_to_parts(rle: Rle) -> tuple[Part, ...]:
    """RLE -> parts traced along the pixels' edges, which decode to that very mask.

    Pixels that touch at a corner only belong to different parts, so that no outer ring crosses itself.
    """
    rings, region, left, top = _trace(rle)
    outers = [ring for ring in rings if _signed_area(ring) > 0]
    if len(outers) == len(rings):
        return tuple(Part(_placed(ring, left, top)) for ring in outers)
    _, labels = cv2.connectedComponents(region, connectivity=4)
    holes: dict[int, list[Ring]] = {}
    for ring in rings:
        if _signed_area(ring) < 0:
            holes.setdefault(_label_at(labels, ring), []).append(_placed(ring, left, top))
    return tuple(Part(_placed(ring, left, top), tuple(holes.get(_label_at(labels, ring), ()))) for ring in outers)


def rle_to_polygons(rle: Rle) -> list[Ring] | None:
    """RLE -> polygons traced along the pixels' edges, or None where a hole forbids plain polygons.

    >>> [ring.tolist() for ring in rle_to_polygons(Rle(height=2, width=3, counts="2111"))]
    [[[1.0, 0.0], [3.0, 0.0], [3.0, 2.0], [2.0, 2.0], [2.0, 1.0], [1.0, 1.0]]]
    """
    rings, _, left, top = _trace(rle)
    if any(_signed_area(ring) < 0 for ring in rings):
        return None
    return [_placed(ring, left, top) for ring in rings]


def _placed(ring: NDArray[np.int64], left: int, top: int) -> Ring:
    return ring.astype(np.float64) + np.array([left, top], np.float64)


def _signed_area(ring: NDArray[np.int64]) -> int:
    """Twice the area, positive for outer rings: each corner's x by how far its upright edge leads down."""
    x, y = ring[:, 0], ring[:, 1]
    return int(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1])


def _label_at(labels: NDArray[np.int32], ring: NDArray[np.int64]) -> int:
    """The component that a ring runs around: the pixel below any edge that runs to the right."""
    start = int(np.argmax(np.roll(ring[:, 0], -1) > ring[:, 0]))
    return int(labels[ring[start, 1], ring[start, 0]])


def _trace(rle: Rle) -> tuple[list[NDArray[np.int64]], NDArray[np.uint8], int, int]:
    """Rings of corners around the mask, the mask at the right hand; with the mask cropped to its box.

    Returns rings (n, 2) in pixels of the crop, the crop (h, w) of 0 and 1, and the left and top of its first pixel.
    Sorted along a row or a column, corners pair up: (0, 1), (2, 3), ... are the two ends of one edge. Where two pixels
    touch diagonally there are two corners; each takes the edges of one of the pixels, which keeps the rings apart.
    """
    region, left, top = crop(rle)
    if not region.size:
        return [], region, left, top
    h, w = region.shape
    padded = np.zeros((w + 2, h + 2), np.uint8)  # in column order, as the runs are
    padded[1:-1, 1:-1] = region.T
    level = padded[:, 1:] ^ padded[:, :-1]  # whether a boundary runs level across a column at a height
    turns = level[1:] ^ level[:-1]
    upright = padded[1:] ^ padded[:-1]
    both = level[1:] & level[:-1] & upright[:, 1:] & upright[:, :-1]  # two pixels touch diagonally
    x, y = np.divmod(np.flatnonzero((turns | both).view(bool)), h + 1)
    twice = both[x, y] == 1
    above = np.zeros(len(x) + int(np.count_nonzero(twice)), np.int64)
    if len(above) > len(x):
        above[len(x) :] = 1
        x, y = np.concatenate((x, x[twice])), np.concatenate((y, y[twice]))
    # From the left above to the right below: the upper corner turns to the left; else the lower one does.
    beside = np.where(padded[x, y] == 1, above, 1 - above)
    across = np.lexsort((beside, x, y))
    along = np.lexsort((above, y, x))
    following = np.empty(len(x), np.int64)
    first, second = across[::2], across[1::2]
    rightwards = padded[x[first] + 1, y[first] + 1] == 1  # the mask lies below
    following[np.where(rightwards, first, second)] = np.where(rightwards, second, first)
    first, second = along[::2], along[1::2]
    downwards = padded[x[first], y[first] + 1] == 1  # the mask lies to the left
    following[np.where(downwards, first, second)] = np.where(downwards, second, first)
    corners = np.stack((x, y), axis=1)
    return [corners[ring] for ring in _cycles(following.tolist())], region, left, top


def crop(rle: Rle) -> tuple[NDArray[np.uint8], int, int]:
    """The mask cropped to its box, as (h, w) of 0 and 1, and the left and top of its first pixel."""
    left, top, right, bottom = (int(value) for value in rle_box_xyxy(rle))
    if left == right:
        return np.zeros((0, 0), np.uint8), 0, 0
    runs = rle_to_runs(rle)
    runs[0] -= left * rle.height
    values = (np.arange(len(runs)) & 1).astype(np.uint8)
    columns = np.repeat(values, runs)[: (right - left) * rle.height].reshape(right - left, rle.height)
    if columns.size < (right - left) * rle.height:
        raise GeometryError("RLE: runs end before the image does")
    return columns[:, top:bottom].T, left, top


def _cycles(following: list[int]) -> list[list[int]]:
    """The cycles of a permutation, each from its lowest index on."""
    cycles = []
    for start, there in enumerate(following):
        if there < 0:
            continue
        cycle = []
        here = start
        while following[here] >= 0:
            cycle.append(here)
            following[here], here = -1, following[here]
        cycles.append(cycle)
    return cycles
