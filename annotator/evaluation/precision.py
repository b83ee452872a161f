"""Average precision and the curve of precision against recall, from what was matched on many pictures.

Source: pycocotools.cocoeval, accumulate and summarize.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotator.evaluation.matching import IOUS, SIZES, Bits, Floats, Integers, Matches, Truths

FIGURES = ("AP", "AP50", "AP75", "AP small", "AP medium", "AP large")
"""The figures by their names: in 0..1, and -1 where there is no object."""

RECALLS: Floats = np.linspace(0.0, 1.0, 101)
"""The shares of found objects at which a curve tells the precision."""

AT_50, AT_75 = 0, 5
"""Indices into IOUS."""


@dataclass(frozen=True, eq=False)
class Collected:
    """The matches of many pictures in one: n detections and m objects, with the index of the picture of each.

    The others are as in `Matches`.
    """

    pictures: int
    of_picture: Integers
    categories: Integers
    scores: Floats
    hits: Bits
    ignored: Bits
    object_pictures: Integers
    object_categories: Integers
    counted: Truths


def collect(matches: Sequence[Matches]) -> Collected:
    """In the order of the pictures, by which COCOeval orders equal scores."""
    index = np.arange(len(matches))
    none = np.zeros((0, len(SIZES)), np.uint16)
    return Collected(
        pictures=len(matches),
        of_picture=np.repeat(index, [len(one.scores) for one in matches]),
        categories=np.concatenate([np.zeros(0, np.int64), *(one.categories for one in matches)]),
        scores=np.concatenate([np.zeros(0), *(one.scores for one in matches)]),
        hits=np.concatenate([none, *(one.hits for one in matches)]),
        ignored=np.concatenate([none, *(one.ignored for one in matches)]),
        object_pictures=np.repeat(index, [len(one.object_categories) for one in matches]),
        object_categories=np.concatenate([np.zeros(0, np.int64), *(one.object_categories for one in matches)]),
        counted=np.concatenate([none.astype(bool), *(one.counted for one in matches)]),
    )


def measure(found: Collected, categories: Sequence[int]) -> dict[str, float]:
    """FIGURES: means over those of the categories that have an object."""
    curves = {name: curves_of(found, categories, size=index) for index, name in enumerate(SIZES)}
    everything = curves["all"]
    values = {
        "AP": _mean(everything),
        "AP50": _mean(everything[:, AT_50]),
        "AP75": _mean(everything[:, AT_75]),
        **{f"AP {name}": _mean(some) for name, some in curves.items() if name != "all"},
    }
    return {name: float(np.round(values[name], 6)) for name in FIGURES}


def curves_of(found: Collected, categories: Sequence[int], *, size: int = 0, weights: Floats | None = None) -> Floats:
    """The precision at each of RECALLS for each of IOUS, of each category with an object: (k, 10, 101).

    size: index into SIZES. weights: how many times each picture counts, (pictures,); once each where none are given.
    """
    curves = [_curve(found, one, size=size, weights=weights) for one in categories]
    return np.array([one for one in curves if one is not None]).reshape(-1, len(IOUS), len(RECALLS))


def average_precision(found: Collected, categories: Sequence[int], weights: Floats | None = None) -> float:
    """AP over everything; -1 where there is no object."""
    return _mean(curves_of(found, categories, weights=weights))


def _curve(found: Collected, category: int, *, size: int, weights: Floats | None) -> Floats | None:
    """(10, 101), None where there is no object."""
    objects = (found.object_categories == category) & found.counted[:, size]
    total = objects.sum() if weights is None else weights[found.object_pictures[objects]].sum()
    if total == 0:
        return None
    mine = np.flatnonzero(found.categories == category)
    order = mine[np.argsort(-found.scores[mine], kind="stable")]
    if not len(order):
        return np.zeros((len(IOUS), len(RECALLS)))
    weight = np.ones(len(order)) if weights is None else weights[found.of_picture[order]]
    curve = np.zeros((len(IOUS), len(RECALLS)))
    for index in range(len(IOUS)):
        hit = (found.hits[order, size] >> index) & 1
        kept = 1 - ((found.ignored[order, size] >> index) & 1)
        right, wrong = (weight * hit * kept).cumsum(), (weight * (1 - hit) * kept).cumsum()
        precision = right / (wrong + right + np.spacing(1))
        never_rising = np.maximum.accumulate(precision[::-1])[::-1]
        place = np.searchsorted(right / total, RECALLS, side="left")
        curve[index] = np.where(place < len(order), never_rising[np.minimum(place, len(order) - 1)], 0.0)
    return curve


def _mean(curves: Floats) -> float:
    return float(curves.mean()) if curves.size else -1.0
