"""Likely label errors: accepted instances that a network's suggestions speak against, or that are odd.

Everything is told by boxes and counts, so that many thousands of instances take seconds. A reason is a hint to look, no
verdict: a network is wrong too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotator.core.answers import Boxes, Floats
from annotator.core.geometry import box_iou, common_areas

SAME_OBJECT = 0.5
"""The IoU of boxes from which on they are about one object."""

_NEAR = 0.05
_ODD = 3.5  # robust standard deviations
_LEAST_WIDTH = 16.0  # pixels; in less the columns say little


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
    RAGGED = "ragged"
    """Its outline goes in and out much more than those of others of its category."""


@dataclass(frozen=True)
class Doubt:
    """doubt: 0 to 1, how likely an error is, in order only. other: the category that the network sees, of CATEGORY."""

    doubt: float
    reason: Reason
    other: int | None = None


NONE = Doubt(0.0, Reason.PLACE)


def find_doubts(pictures: Sequence[tuple[Boxes, Boxes]], *, runs: Sequence[Floats] | None = None) -> list[list[Doubt]]:
    """For each picture's instances, in their order, the strongest doubt.

    pictures: of each its accepted instances, and what networks suggested on it, whatever became of that. runs: of each
    picture how many runs its instances' masks have, counted down their columns; outlines are not judged without.
    """
    labels = [one for one, _ in pictures]
    odd = zip(_odd_sizes(labels), _ragged(labels, runs), strict=True)
    return [_of_picture(*both, *doubts) for both, doubts in zip(pictures, odd, strict=True)]


_REASONS = (Reason.CATEGORY, Reason.PLACE, Reason.SEVERAL, Reason.SIZE, Reason.RAGGED)
"""Of doubts that are as strong the first one counts."""


def _of_picture(labels: Boxes, suggested: Boxes, odd: Floats, ragged: Floats) -> list[Doubt]:
    """odd, ragged: of each instance how doubtful its size and its outline make it."""
    if not len(suggested.scores):
        reasons = (Reason.ALONE, Reason.SIZE, Reason.RAGGED)
        doubts = np.stack((np.full(len(odd), 0.15), odd, ragged))
        return [
            Doubt(doubt, reasons[which])
            for which, doubt in zip(doubts.argmax(axis=0).tolist(), doubts.max(axis=0).tolist(), strict=True)
        ]
    common, label_areas, suggested_areas = common_areas(labels.boxes, suggested.boxes)
    iou = box_iou(common, label_areas, suggested_areas)
    inside = np.divide(common, suggested_areas[None], out=np.zeros_like(common), where=suggested_areas[None] > 0)
    same = labels.categories[:, None] == suggested.categories[None]
    fits = iou >= SAME_OBJECT
    strength = iou * suggested.scores
    others = np.where(fits & ~same, strength, 0.0)
    strongest = others.argmax(axis=1)
    of_category = np.maximum(0.0, others.max(axis=1) - np.where(fits & same, strength, 0.0).max(axis=1))
    near = np.where(same, iou, 0.0)
    nearest = near.max(axis=1)
    is_near = nearest >= _NEAR
    badly = suggested.scores[near.argmax(axis=1)] * np.maximum(0.0, 0.85 - nearest)
    # Networks miss more than people invent: such a hint comes behind those for which something speaks.
    of_place = np.where(is_near, badly, np.where(fits.any(axis=1), 0.0, 0.15))
    of_several = _of_several(iou, same & (inside >= 0.75) & (suggested.scores >= 0.3), suggested)
    doubts = np.stack((of_category, of_place, of_several, odd, ragged))
    first = doubts.argmax(axis=0)
    found = []
    for index, (which, doubt) in enumerate(zip(first.tolist(), doubts.max(axis=0).tolist(), strict=True)):
        reason = _REASONS[which]
        if doubt == 0:
            found.append(NONE)
        elif reason is Reason.CATEGORY:
            found.append(Doubt(doubt, reason, int(suggested.categories[strongest[index]])))
        elif reason is Reason.PLACE and not is_near[index]:
            found.append(Doubt(doubt, Reason.ALONE))
        else:
            found.append(Doubt(doubt, reason))
    return found


def _of_several(iou: Floats, within: NDArray[np.bool_], suggested: Boxes) -> Floats:
    """within: (n, m), which suggestions of an instance's category lie in it. (n,)"""
    found = np.zeros(len(iou))
    fit = np.where(within, iou, 0.0).max(axis=1)
    for index in np.flatnonzero((within.sum(axis=1) >= 2) & (fit < 0.8)).tolist():
        some = np.flatnonzero(within[index])
        common, areas, _ = common_areas(suggested.boxes[some], suggested.boxes[some])
        apart = common < 0.3 * np.minimum(areas[:, None], areas[None])
        scores = suggested.scores[some]
        pairs = np.where(apart, np.minimum(scores[:, None], scores[None]), 0.0)
        found[index] = float(pairs.max()) * (1.2 - float(fit[index]))
    return found


def _odd_sizes(all_labels: Sequence[Boxes]) -> list[Floats]:
    """Of each picture's instances how doubtful their sizes make them."""
    away = _deviations(all_labels, [_log_areas(labels.boxes) for labels in all_labels])
    return [np.clip(0.1 * (np.abs(one) - _ODD), 0.0, 0.5) for one in away]


def _ragged(all_labels: Sequence[Boxes], runs: Sequence[Floats] | None) -> list[Floats]:
    """Of each picture's instances how doubtful their outlines make them, by their runs a column.

    A whole object has one run in most columns, one with arms and legs two or three.
    """
    if runs is None:
        return [np.zeros(len(labels.categories)) for labels in all_labels]
    widths = [np.maximum(_LEAST_WIDTH, labels.boxes[:, 2] - labels.boxes[:, 0]) for labels in all_labels]
    logs = [np.log(np.maximum(1.0, count) / width) for count, width in zip(runs, widths, strict=True)]
    return [np.clip(0.1 * (one - _ODD), 0.0, 0.5) for one in _deviations(all_labels, logs)]


def _deviations(all_labels: Sequence[Boxes], values: Sequence[Floats]) -> list[Floats]:
    """How many robust standard deviations each value is above its category's median; 0 of fewer than ten."""
    if not all_labels:
        return []
    categories = np.concatenate([labels.categories for labels in all_labels])
    joined = np.concatenate(values)
    found = np.zeros(len(joined))
    for category in np.unique(categories):
        mine = categories == category
        if mine.sum() >= 10:
            away = joined[mine] - np.median(joined[mine])
            found[mine] = away / max(0.2, 1.4826 * float(np.median(np.abs(away))))
    return np.split(found, np.cumsum([len(labels.categories) for labels in all_labels])[:-1])


def _log_areas(boxes: Floats) -> Floats:
    sides = np.maximum(1.0, boxes[:, 2:] - boxes[:, :2])
    return np.asarray(np.log(sides[:, 0] * sides[:, 1]), np.float64)
