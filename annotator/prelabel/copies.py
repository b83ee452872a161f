"""Objects that a network finds on copies of a picture, mirrored or zoomed, and that the picture itself did not give.

A network sees a mirrored picture a little otherwise. Zoomed are the quarters in which small objects are likely: where
the network found some at all, however unsure, or people did.

Tests: tests/prelabel/test_copies.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annotator.core.geometry import box_iou, common_areas
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures.photo import Photo

Boxes = NDArray[np.float64]

GIVEN = 0.25
"""From this score on, or decided, the picture itself gives an object that its copy shows."""

SAME_OBJECT = 0.5
"""IoU of boxes."""

MAX_ZOOMED = 2
"""Quarters of a picture that are looked at closely."""

SMALL = 0.25
"""Of the picture's sides, the most that a small object takes."""

PART_OF = 0.7
"""Of its box, what lies inside another one where it is a part of that object: close up, a head looks like somebody."""

_EDGE = 3  # pixels from the edge of a quarter: what reaches so far may be cut off there
_PLACES = (0.0, 0.5, 1.0)


@dataclass(frozen=True, eq=False)
class Given:
    """What a picture holds already. boxes: xyxy, (n, 4). scores: 1 where somebody decided, (n,)."""

    boxes: Boxes
    scores: NDArray[np.float64]


def count_besides(photo: Photo, detector: Detector, given: Given) -> int:
    """How many objects, from the network's own threshold on, copies of the picture show besides. At most 3 runs."""
    known = given.boxes[given.scores >= GIVEN]
    mirrored = _mirrored(photo, detector)
    found = mirrored[_overlaps(mirrored, known) < SAME_OBJECT]
    for quarter in likely_quarters(given, width=photo.width, height=photo.height):
        boxes = _close_up(photo, detector, quarter)
        others = np.concatenate((known, found))
        is_new = (_overlaps(boxes, others) < SAME_OBJECT) & (_inside(boxes, others) < PART_OF)
        found = np.concatenate((found, boxes[is_new]))
    return len(found)


def likely_quarters(given: Given, *, width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """The quarters, left, top, right, bottom, in which most small objects are, those of the one before left out."""
    boxes = given.boxes
    sides = np.maximum((boxes[:, 2] - boxes[:, 0]) / width, (boxes[:, 3] - boxes[:, 1]) / height)
    weights = np.where(sides < SMALL, 0.1 + np.minimum(given.scores, 0.5), 0.0)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    w, h = width // 2, height // 2
    quarters = [(int(left * (width - w)), int(top * (height - h))) for top in _PLACES for left in _PLACES]
    for _ in range(MAX_ZOOMED):
        inside = [(x >= left) & (x < left + w) & (y >= top) & (y < top + h) for left, top in quarters]
        worth = [float(weights[one].sum()) for one in inside]
        best = int(np.argmax(worth))
        if worth[best] <= 0 or not w or not h:
            return
        weights = np.where(inside[best], 0.0, weights)
        left, top = quarters[best]
        yield left, top, left + w, top + h


def _mirrored(photo: Photo, detector: Detector) -> Boxes:
    boxes = _detected(replace(photo, pixels=np.ascontiguousarray(photo.pixels[:, ::-1])), detector)
    return np.column_stack((photo.width - boxes[:, 2], boxes[:, 1], photo.width - boxes[:, 0], boxes[:, 3]))


def _close_up(photo: Photo, detector: Detector, quarter: tuple[int, int, int, int]) -> Boxes:
    """In pixels of the picture; without what the quarter's edge may cut off."""
    left, top, right, bottom = quarter
    part = np.ascontiguousarray(photo.pixels[top:bottom, left:right])
    boxes = _detected(replace(photo, pixels=part), detector) + np.array([left, top, left, top])
    low = np.array([left + _EDGE if left else -np.inf, top + _EDGE if top else -np.inf])
    high = np.array(
        [right - _EDGE if right < photo.width else np.inf, bottom - _EDGE if bottom < photo.height else np.inf]
    )
    is_whole = (boxes[:, :2] > low).all(axis=1) & (boxes[:, 2:] < high).all(axis=1)
    return np.asarray(boxes[is_whole], np.float64)


def _detected(photo: Photo, detector: Detector) -> Boxes:
    found = detector.detect(photo)
    return np.asarray(found.clipped_boxes()[found.scores >= detector.info.threshold], np.float64)


def _overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """The largest IoU of each with another one, (n,)."""
    return np.asarray(box_iou(*common_areas(boxes, others)).max(axis=1, initial=0.0), np.float64)


def _inside(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """The largest share of each that lies in another one, (n,)."""
    common, own, _ = common_areas(boxes, others)
    return np.asarray(common.max(axis=1, initial=0.0) / np.maximum(own, 1e-9), np.float64)
