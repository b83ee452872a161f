"""All that is said of a network on pictures of known truth.

Tests: tests/evaluation/test_report.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.evaluation.certainty import Estimate, estimate
from annotator.evaluation.confusion import Confusion, confuse
from annotator.evaluation.matching import SIZES, Floats, Matches
from annotator.evaluation.precision import (
    AT_50,
    RECALLS,
    Collected,
    average_precision,
    collect,
    curves_of,
    measure,
)
from annotator.insight.calibration import Bin, calibration_error, reliability


@dataclass(frozen=True, eq=False)
class OfCategory:
    """box, mask: FIGURES by name; mask is None where masks are not measured. curve: (10, 101), None without objects.

    sizes: how many of the objects are of each of SIZES.
    """

    category: int
    objects: int
    sizes: dict[str, int]
    box: dict[str, float]
    mask: dict[str, float] | None
    curve: Floats | None


@dataclass(frozen=True, eq=False)
class Measured:
    """A network on pictures of known truth; by masks, or by boxes where masks are not measured.

    objects: without crowds. sizes: as in `OfCategory`. threshold: from which on detections count in `confusion`. box,
    mask: as in `OfCategory`, means over the categories. box_ap, mask_ap: AP with its interval. curve: the mean of the
    categories', (10, 101). fit: the mean overlap of found objects with their detections. calibration: scores against
    the share that is right.
    """

    pictures: int
    objects: int
    sizes: dict[str, int]
    detections: int
    threshold: float
    box: dict[str, float]
    mask: dict[str, float] | None
    box_ap: Estimate | None
    mask_ap: Estimate | None
    categories: tuple[OfCategory, ...]
    curve: Floats | None
    confusion: Confusion
    fit: Estimate | None
    calibration: tuple[Bin, ...]

    @property
    def calibration_error(self) -> float | None:
        """How far scores are from shares, on average; None without any detection."""
        return calibration_error(list(self.calibration))


def measure_network(
    boxes: Sequence[Matches],
    masks: Sequence[Matches] | None,
    categories: Sequence[int],
    *,
    threshold: float,
    own: Mapping[int, float] | None = None,
) -> Measured:
    """boxes, masks: of each picture. threshold, own: as `confuse` takes them."""
    by_box, by_mask = collect(boxes), None if masks is None else collect(masks)
    main, matches = (by_box, boxes) if masks is None or by_mask is None else (by_mask, masks)
    confusion = confuse(matches, categories, threshold=threshold, own=own)
    curves = curves_of(main, categories)
    return Measured(
        pictures=len(boxes),
        objects=int(main.counted[np.isin(main.object_categories, list(categories)), 0].sum()),
        sizes=_sizes(main, categories),
        detections=int(np.isin(main.categories, list(categories)).sum()),
        threshold=threshold,
        box=measure(by_box, categories),
        mask=None if by_mask is None else measure(by_mask, categories),
        box_ap=ap_of(by_box, categories),
        mask_ap=None if by_mask is None else ap_of(by_mask, categories),
        categories=tuple(_of_category(one, by_box, by_mask) for one in categories),
        curve=curves.mean(axis=0) if len(curves) else None,
        confusion=confusion,
        fit=fit_of(confusion, len(boxes)),
        calibration=tuple(_calibration(main, categories)),
    )


def ap_of(found: Collected, categories: Sequence[int]) -> Estimate | None:
    """AP with its interval, None where there is no object."""
    return estimate(lambda weights: average_precision(found, categories, weights), found.pictures)


def fit_of(confusion: Confusion, pictures: int) -> Estimate | None:
    """The mean overlap of found objects with its interval, None where none was found."""

    def mean(weights: Floats) -> float:
        mine = weights[confusion.iou_pictures]
        return float((mine * confusion.ious).sum() / mine.sum()) if mine.any() else -1.0

    return estimate(mean, pictures)


def _of_category(category: int, by_box: Collected, by_mask: Collected | None) -> OfCategory:
    main = by_box if by_mask is None else by_mask
    curves = curves_of(main, [category])
    return OfCategory(
        category=category,
        objects=int(main.counted[main.object_categories == category, 0].sum()),
        sizes=_sizes(main, [category]),
        box=measure(by_box, [category]),
        mask=None if by_mask is None else measure(by_mask, [category]),
        curve=curves[0] if curves.shape == (1, 10, len(RECALLS)) else None,
    )


def _sizes(found: Collected, categories: Sequence[int]) -> dict[str, int]:
    counts = found.counted[np.isin(found.object_categories, list(categories))].sum(axis=0)
    return {name: int(count) for name, count in zip(SIZES, counts, strict=True) if name != "all"}


def _calibration(found: Collected, categories: Sequence[int]) -> list[Bin]:
    """Of the detections that count, those are right that are an object of their category."""
    is_ignored = (found.ignored[:, 0] >> AT_50) & 1 == 1
    counts = ~is_ignored & np.isin(found.categories, list(categories))
    right = (found.hits[counts, 0] >> AT_50) & 1 == 1
    return reliability(found.scores[counts], right, found.of_picture[counts])
