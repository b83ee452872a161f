"""Likely label errors: accepted instances that a network's suggestions speak against, or that are of an odd size.

Everything is told by boxes, so that many thousands of instances take seconds. A reason is a hint to look, no verdict:
a network is wrong too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotator.core.answers import Boxes, Floats

SAME_OBJECT = 0.5
"""The IoU of boxes from which on they are about one object."""

_NEAR = 0.05
_ODD = 3.5  # robust standard deviations


class Reason(StrEnum):
    """Why an instance is doubtful."""

    CATEGORY = "category"
    """A suggestion of another category fits it, and none of its own."""
    PLACE = "place"
    """The suggestion that is nearest fits it badly."""
    SEVERAL = "several"
    """Two suggestions lie in it that are objects of their own."""
    ALONE = "alone"
    """No suggestion is near."""
    SIZE = "size"
    """Much larger or smaller than others of its category."""


@dataclass(frozen=True)
class Doubt:
    """doubt: 0 to 1, how likely an error is, in order only. other: the category that the network sees, of CATEGORY."""

    doubt: float
    reason: Reason
    other: int | None = None


NONE = Doubt(0.0, Reason.PLACE)


def find_doubts(pictures: Sequence[tuple[Boxes, Boxes]]) -> list[list[Doubt]]:
    """For each picture's instances, in their order, the strongest doubt.

    pictures: of each its accepted instances, and what networks suggested on it, whatever became of that.
    """
    sizes = _usual_sizes([labels for labels, _ in pictures])
    return [_of_picture(labels, suggested, sizes) for labels, suggested in pictures]


def _of_picture(labels: Boxes, suggested: Boxes, sizes: dict[int, tuple[float, float]]) -> list[Doubt]:
    common, label_areas, suggested_areas = _common(labels.boxes, suggested.boxes)
    union = label_areas[:, None] + suggested_areas[None] - common
    iou = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    inside = np.divide(common, suggested_areas[None], out=np.zeros_like(common), where=suggested_areas[None] > 0)
    found = []
    for index in range(len(labels.categories)):
        same = suggested.categories == labels.categories[index]
        doubts = [
            _of_category(iou[index], same, suggested),
            _of_place(iou[index], same, suggested.scores),
            _of_several(index, iou[index], inside[index], same, suggested),
            _of_size(labels, index, sizes),
        ]
        found.append(max(doubts, key=lambda one: one.doubt))
    return found


def _of_category(iou: Floats, same: NDArray[np.bool_], suggested: Boxes) -> Doubt:
    fits = iou >= SAME_OBJECT
    others = np.where(fits & ~same, suggested.scores * iou, 0.0)
    if not others.any():
        return NONE
    own = float(np.where(fits & same, suggested.scores * iou, 0.0).max())
    strongest = int(np.argmax(others))
    return Doubt(max(0.0, float(others[strongest]) - own), Reason.CATEGORY, int(suggested.categories[strongest]))


def _of_place(iou: Floats, same: NDArray[np.bool_], scores: Floats) -> Doubt:
    near = np.where(same, iou, 0.0)
    if len(near) and near.max() >= _NEAR:
        best = int(np.argmax(near))
        return Doubt(float(scores[best]) * max(0.0, 0.85 - float(near[best])), Reason.PLACE)
    # Networks miss more than people invent: such a hint comes behind those for which something speaks.
    is_taken = bool((iou >= SAME_OBJECT).any())
    return NONE if is_taken else Doubt(0.15, Reason.ALONE)


def _of_several(index: int, iou: Floats, inside: Floats, same: NDArray[np.bool_], suggested: Boxes) -> Doubt:
    within = np.flatnonzero(same & (inside >= 0.75) & (suggested.scores >= 0.3))
    if len(within) < 2 or iou[within].max() >= 0.8:
        return NONE
    common, areas, _ = _common(suggested.boxes[within], suggested.boxes[within])
    apart = common < 0.3 * np.minimum(areas[:, None], areas[None])
    pairs = np.where(apart, np.minimum(suggested.scores[within][:, None], suggested.scores[within][None]), 0.0)
    return Doubt(float(pairs.max()) * (1.2 - float(iou[within].max())), Reason.SEVERAL)


def _of_size(labels: Boxes, index: int, sizes: dict[int, tuple[float, float]]) -> Doubt:
    usual = sizes.get(int(labels.categories[index]))
    if usual is None:
        return NONE
    away = abs(_log_area(labels.boxes[index]) - usual[0]) / usual[1]
    return Doubt(min(0.5, 0.1 * (away - _ODD)) if away > _ODD else 0.0, Reason.SIZE)


def _usual_sizes(all_labels: Sequence[Boxes]) -> dict[int, tuple[float, float]]:
    """Of each category with ten instances or more the median of their log areas, and how far they are from it."""
    areas: dict[int, list[float]] = {}
    for labels in all_labels:
        for category, box in zip(labels.categories.tolist(), labels.boxes, strict=True):
            areas.setdefault(category, []).append(_log_area(box))
    usual = {}
    for category, logs in areas.items():
        if len(logs) >= 10:
            middle = float(np.median(logs))
            usual[category] = middle, max(0.2, 1.4826 * float(np.median(np.abs(np.array(logs) - middle))))
    return usual


def _log_area(box: Floats) -> float:
    width, height = max(1.0, float(box[2] - box[0])), max(1.0, float(box[3] - box[1]))
    return float(np.log(width * height))


def _common(first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
    """The area that each two boxes have in common, (n, m), and their own areas."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    own = [np.prod(np.maximum(0.0, boxes[:, 2:] - boxes[:, :2]), axis=1) for boxes in (first, second)]
    return np.prod(np.maximum(0.0, high - low), axis=2), own[0], own[1]
