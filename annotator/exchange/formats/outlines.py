"""The polygons of a mask, with the library supervision's seams to its holes, and what is lost by them.

Readers of these formats fill polygons from pixel centre to pixel centre (cv2.fillPoly), and so does the comparison
here. A mask is looked at in the window around it: pictures are a hundred times larger than what they show.

Tests: tests/exchange/formats/test_outlines.py, tests/exchange/formats/test_polygons.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.masks import BoolMask, Rle, rle_box_xyxy
from annotator.core.trace import crop

LIBRARY = "supervision"

Points = NDArray[np.float64]

_MIN_POINTS = 3  # of a contour that the library writes as a polygon


@dataclass(frozen=True, eq=False)
class Outline:
    """A mask, in a window of its picture that has a margin of background, and its polygons.

    window: (h, w) bool, which begins at left, top. polygons: each (n, 2) int64, from pixel centre to pixel centre of
    the picture; none where the mask is too thin for one. has_holes: a seam of no width joins them to the outline.
    is_filled: the holes are gone, because no seam leads to one. box_xyxy: (4,) around the mask.
    """

    window: BoolMask
    left: int
    top: int
    polygons: tuple[NDArray[np.int64], ...]
    has_holes: bool
    is_filled: bool
    box_xyxy: Points

    @property
    def objects(self) -> int:
        """How many objects a format makes of it: one a polygon, or its box."""
        return max(len(self.polygons), 1)

    def iou_with(self, objects: Sequence[Points]) -> float:
        """Of the mask with what a reader fills between these points of the picture."""
        height, width = self.window.shape
        points = np.concatenate([np.round(one) for one in objects])
        low = np.minimum(points.min(axis=0), [self.left, self.top]).astype(np.int64)
        high = np.maximum(points.max(axis=0) + 1, [self.left + width, self.top + height]).astype(np.int64)
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), bool)
        y, x = self.top - low[1], self.left - low[0]
        mask[y : y + height, x : x + width] = self.window
        filled = np.zeros(mask.shape, np.uint8)
        for one in objects:
            cv2.fillPoly(filled, [(np.round(one) - low).astype(np.int32)], 1)
        found = filled == 1
        return int((mask & found).sum()) / int((mask | found).sum())


def outlined(rle: Rle) -> Outline:
    """The outline of a mask. Raises ValueError where the library makes none."""
    region, left, top = crop(rle)
    window, left, top = np.pad(region, 1) == 1, left - 1, top - 1
    rings, has_holes = _rings_of(window)
    is_filled = False
    if has_holes:
        rings, is_filled = _with_seams(window, count=len(rings))
    corner = np.array([left, top], np.int64)
    placed = tuple(ring.astype(np.int64) + corner for ring in rings)
    return Outline(window, left, top, placed, has_holes and not is_filled, is_filled, np.array(rle_box_xyxy(rle)))


def _rings_of(window: BoolMask) -> tuple[list[NDArray[np.int32]], bool]:
    """The outer rings that are polygons, and whether there are holes."""
    found, places = cv2.findContours(window.astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    above = [place[3] for place in places[0]] if places is not None else []
    rings = [ring[:, 0] for ring, parent in zip(found, above, strict=True) if parent < 0 and len(ring) >= _MIN_POINTS]
    return rings, any(parent >= 0 for parent in above)


def _with_seams(window: BoolMask, *, count: int) -> tuple[list[NDArray[Any]], bool]:
    """The rings, each with its holes; and whether these are gone, because the library finds no way to one of them."""
    make: Callable[..., list[NDArray[Any]]] = import_module(f"{LIBRARY}.dataset.utils").approximate_mask_with_polygons
    try:
        rings = make(mask=window, bridge_holes=True)
    except ValueError:
        return _rings_of(_filled(window))[0], True
    if len(rings) != count:
        raise ValueError(f"{len(rings)} polygons of a mask of {count} pieces")
    return rings, False


def _filled(window: BoolMask) -> BoolMask:
    """The mask without its holes."""
    rings, _ = cv2.findContours(window.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(window.shape, np.uint8)
    cv2.drawContours(filled, rings, -1, 1, cv2.FILLED)
    return np.asarray(filled == 1)
