"""How masks lie over each other: IoU in bulk, and which suggestions a person has answered already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotator.core.dataset import Instance, State, Suggestion
from annotator.core.masks import Rle

ANSWERED_IOU = 0.5
"""From this overlap on, a suggestion is about an object that was decided upon. COCO's own bar for the same object."""


def mask_iou(first: Sequence[Rle], second: Sequence[Rle]) -> NDArray[np.float64]:
    """IoU of each mask with each other one, (len(first), len(second)); all masks are of one image."""
    if not first or not second:
        return np.zeros((len(first), len(second)))
    rows, columns = [rle.to_coco() for rle in first], [rle.to_coco() for rle in second]
    return np.asarray(coco_mask.iou(rows, columns, [0] * len(columns)), np.float64)


def unanswered(suggestions: Sequence[Suggestion], known: Sequence[Instance]) -> list[Suggestion]:
    """The suggestions that no decision of the image speaks about, so that pre-labelling again asks nothing twice.

    An accepted object answers whatever its category; a rejection only answers for the category that was rejected.
    """
    decided = [instance for instance in known if instance.state is not State.SUGGESTED]
    overlap = mask_iou([item.rle for item in suggestions], [item.rle for item in decided]) >= ANSWERED_IOU
    accepted = np.array([item.state is State.ACCEPTED for item in decided], bool)
    categories = np.array([item.category_id for item in decided])
    return [
        item
        for item, row in zip(suggestions, overlap, strict=True)
        if not (row & (accepted | (categories == item.category_id))).any()
    ]
