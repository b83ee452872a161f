"""Overlaps of masks: IoU in bulk, and which suggestions a person has answered already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotator.core.dataset import Instance, State, Suggestion
from annotator.core.errors import GeometryError
from annotator.core.masks import Rle
from annotator.core.measures import areas_of, boxes_of

ANSWERED_IOU = 0.5
"""From this overlap on, a suggestion is about an object that was decided upon. COCO's own bar for the same object."""

MOST_COMPARED = 500_000_000
"""Characters of masks that two lists have in pairs which may overlap: some seconds of work."""

_PAIR = 100  # what a pair costs beside its characters, in such characters

# Boxes are compared in blocks of so many rows and columns: some megabytes.
_ROWS, _COLUMNS = 256, 4096

_Indices = NDArray[np.intp]
_Floats = NDArray[np.float64]


def mask_iou(first: Sequence[Rle], second: Sequence[Rle]) -> _Floats:
    """IoU of each mask with each other one, (len(first), len(second)); all masks are of one image.

    For the detections of a picture. Of many masks, `overlaps` finds those that lie over each other.
    """
    if not first or not second:
        return np.zeros((len(first), len(second)))
    rows, columns = [rle.to_coco() for rle in first], [rle.to_coco() for rle in second]
    return np.asarray(coco_mask.iou(rows, columns, [0] * len(columns)), np.float64)


def overlaps(first: Sequence[Rle], second: Sequence[Rle], *, least: float) -> Iterator[tuple[int, _Indices, _Floats]]:
    """The pairs of masks of one image with an IoU of at least `least`, above 0.

    Yields an index into `first`, those into `second`, (k,), and their IoUs, (k,), for each mask that has any, in any
    order. Only masks whose areas and boxes allow the overlap are compared.
    Raises GeometryError where these are too many; what was yielded before is right.
    """
    if not first or not second:
        return
    rows, columns = _Measured(first), _Measured(second)
    compared = 0.0
    order = np.argsort(rows.boxes[:, 0], kind="stable")
    for begin in range(0, len(order), _ROWS):
        some = order[begin : begin + _ROWS]
        around = np.concatenate((rows.boxes[some, :2].min(axis=0), rows.boxes[some, 2:].max(axis=0)))
        near = np.flatnonzero((_common_sides(around, columns.boxes) > 0).all(axis=-1))
        for start in range(0, len(near), _COLUMNS):
            others = near[start : start + _COLUMNS]
            common = _common_sides(rows.boxes[some, None], columns.boxes[others]).clip(0).prod(axis=-1)
            areas = rows.areas[some, None] + columns.areas[others]
            # The common pixels lie in both boxes: IoU <= common / (areas - common). Half a pixel for rounding.
            may = (common > 0) & (common * (1 + least) + 0.5 >= least * areas)
            compared += may.sum(axis=1) @ (rows.lengths[some] + _PAIR) + may.sum(axis=0) @ columns.lengths[others]
            if compared > MOST_COMPARED:
                raise GeometryError(
                    f"{len(first)} masks and {len(second)} others of the same image lie over each other too much to "
                    f"be compared, expected at most {MOST_COMPARED} characters of pairs of masks"
                )
            for place in np.flatnonzero(may.any(axis=1)).tolist():
                index = int(some[place])
                candidates = others[may[place]]
                coded = [columns.coded[other] for other in candidates.tolist()]
                iou = np.asarray(coco_mask.iou([rows.coded[index]], coded, [0] * len(coded))[0], np.float64)
                found = iou >= least
                if found.any():
                    yield index, candidates[found], iou[found]


class _Measured:
    """What bounds the overlap of masks without their pixels: boxes xyxy (n, 4), areas and lengths (n,)."""

    def __init__(self, rles: Sequence[Rle]) -> None:
        self.boxes = np.array(boxes_of(rles), np.float64)
        self.boxes[:, 2:] += self.boxes[:, :2]
        self.areas = np.array(areas_of(rles), np.float64)
        self.lengths = np.array([len(rle.counts) for rle in rles], np.float64)
        self.coded = [rle.to_coco() for rle in rles]


def _common_sides(first: _Floats, second: _Floats) -> _Floats:
    """Width and height of what boxes xyxy (..., 4) have in common, (..., 2); not above 0 where that is nothing."""
    sides: _Floats = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    return sides


def unanswered(suggestions: Sequence[Suggestion], known: Sequence[Instance]) -> list[Suggestion]:
    """The suggestions for objects that nobody has decided about, so that pre-labelling again asks nothing twice.

    An accepted object answers whatever its category; a rejection only answers for the category that was rejected.
    Raises GeometryError where too many masks lie over each other.
    """
    decided = [instance for instance in known if instance.state is not State.SUGGESTED]
    accepted = np.array([item.state is State.ACCEPTED for item in decided], bool)
    categories = np.array([item.category_id for item in decided])
    answered = set()
    for index, others, _ in overlaps(
        [item.rle for item in suggestions], [item.rle for item in decided], least=ANSWERED_IOU
    ):
        if (accepted[others] | (categories[others] == suggestions[index].category_id)).any():
            answered.add(index)
    return [item for index, item in enumerate(suggestions) if index not in answered]
