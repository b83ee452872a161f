"""Which of a network's detections on a picture are which of its objects, by the rules of COCOeval.

Source: pycocotools.cocoeval, computeIoU and evaluateImg; T.-Y. Lin et al., Microsoft COCO (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotator.core.masks import Rle

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]
Bits = NDArray[np.uint16]

IOUS: Floats = np.linspace(0.5, 0.95, 10)
"""The overlaps at which a detection counts as found; AP is the mean over them."""

SIZES = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
"""The objects that are measured, by their area in square pixels."""

MAX_DETECTIONS = 100
"""Of a category on a picture, those with the highest scores."""

_BITS = (1 << np.arange(len(IOUS))).astype(np.uint16)
_LOW, _HIGH = np.array(list(SIZES.values())).T


@dataclass(frozen=True, eq=False)
class Objects:
    """What there is on a picture, or what a network found on it.

    categories: ids, (n,). boxes: xywh in image pixels, (n, 4). masks: n of them; None where there are boxes alone.
    areas: in square pixels, (n,). scores: of detections, (n,). crowd: of objects, (n,).
    """

    categories: Integers
    boxes: Floats
    masks: Sequence[Rle] | None
    areas: Floats
    scores: Floats
    crowd: Truths

    def __len__(self) -> int:
        return len(self.categories)


@dataclass(frozen=True, eq=False)
class Matches:
    """What became of the n detections and the m objects of a picture.

    categories, scores: of the detections, the highest score first, (n,). hits: for each of SIZES, a bit for each of
    IOUS at which the detection is an object, (n, 4). ignored: the same for those that count neither way, (n, 4).
    object_categories: (m,). counted: which objects are measured among each of SIZES, (m, 4).
    pairs: (p, 2), detection and object of any category that overlap by 0.5 or more, crowds apart. pair_ious: (p,).
    in_crowd: whether half of a detection lies in a crowd, (n,).
    """

    categories: Integers
    scores: Floats
    hits: Bits
    ignored: Bits
    object_categories: Integers
    counted: Truths
    pairs: Integers
    pair_ious: Floats
    in_crowd: Truths


def match(truth: Objects, found: Objects, *, masks: bool) -> Matches:
    """masks: compare these, else boxes."""
    found = _best(found)
    iou = _overlaps(truth, found, masks=masks)
    areas = found.areas if masks else found.boxes[:, 2] * found.boxes[:, 3]
    outside = (areas[:, None] < _LOW) | (areas[:, None] > _HIGH)
    counted = ~(truth.crowd[:, None] | (truth.areas[:, None] < _LOW) | (truth.areas[:, None] > _HIGH))
    hits, ignored = np.zeros((2, len(found), len(SIZES)), np.uint16)
    for category in np.unique(found.categories).tolist():
        rows, columns = np.flatnonzero(found.categories == category), np.flatnonzero(truth.categories == category)
        part = iou[np.ix_(rows, columns)]
        hits[rows], ignored[rows] = _match_category(part, truth.crowd[columns], counted[columns])
    # What is nothing, and of another size, might have been an object that is not measured.
    ignored |= np.where(outside, ~hits & _BITS.sum(dtype=np.uint16), 0).astype(np.uint16)
    pairs = np.argwhere((iou >= IOUS[0]) & ~truth.crowd)
    return Matches(
        categories=found.categories,
        scores=found.scores,
        hits=hits,
        ignored=ignored,
        object_categories=truth.categories,
        counted=counted,
        pairs=pairs,
        pair_ious=iou[pairs[:, 0], pairs[:, 1]],
        in_crowd=((iou >= IOUS[0]) & truth.crowd).any(axis=1),
    )


def _best(found: Objects) -> Objects:
    """The highest scores first, and of each category no more than count."""
    order = np.argsort(-found.scores, kind="stable")
    rank = np.zeros(len(order), np.int64)
    for category in np.unique(found.categories).tolist():
        mine = found.categories[order] == category
        rank[mine] = np.arange(mine.sum())
    kept = order[rank < MAX_DETECTIONS]
    return Objects(
        categories=found.categories[kept],
        boxes=found.boxes[kept],
        masks=None if found.masks is None else [found.masks[index] for index in kept.tolist()],
        areas=found.areas[kept],
        scores=found.scores[kept],
        crowd=found.crowd[kept],
    )


def _overlaps(truth: Objects, found: Objects, *, masks: bool) -> Floats:
    """(n, m); with a crowd the share of the detection that lies in it."""
    if not len(truth) or not len(found):
        return np.zeros((len(found), len(truth)))
    sides: list[Any] = []
    for one in (found, truth):
        sides.append([rle.to_coco() for rle in one.masks or ()] if masks else np.ascontiguousarray(one.boxes, float))
    return np.asarray(coco_mask.iou(*sides, truth.crowd.astype(np.uint8).tolist()), np.float64)


def _match_category(iou: Floats, crowd: Truths, counted: Truths) -> tuple[Bits, Bits]:
    """Detections of one category and its objects -> hits and ignored, (n, 4) each.

    One after another, each takes the free object that it fits best: one that counts if there is any, else another.
    Of equal ones it takes the last. A crowd is always free.
    """
    count, objects = iou.shape
    hits, ignored = np.zeros((2, count, len(SIZES)), np.uint16)
    if not objects:
        return hits, ignored
    least = np.minimum(IOUS, 1 - 1e-10)[:, None]
    taken = np.zeros((len(SIZES), len(IOUS), objects), bool)
    size, at = np.ogrid[: len(SIZES), : len(IOUS)]
    measured = counted.T[:, None, :]
    for index in np.flatnonzero(iou.max(axis=1) >= IOUS[0]).tolist():
        row = iou[index]
        free = (row >= least) & (~taken | crowd)
        best, is_counted = _last_best(free & measured, row)
        other, is_other = _last_best(free & ~measured, row)
        is_other &= ~is_counted
        taken[size, at, np.where(is_counted, best, other)] |= is_counted | is_other
        hits[index] = (is_counted | is_other) @ _BITS
        ignored[index] = is_other @ _BITS
    return hits, ignored


def _last_best(allowed: Truths, row: Floats) -> tuple[Integers, Truths]:
    """For each size and overlap the index of the best of what is allowed, the last of equal ones; whether any is."""
    best = allowed.shape[-1] - 1 - np.where(allowed, row, -1.0)[..., ::-1].argmax(axis=-1)
    return best, np.asarray(allowed.any(axis=-1), np.bool_)
