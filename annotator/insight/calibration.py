"""How much a network's score is worth: the share of right suggestions at each score, from what people answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotator.insight.intervals import Interval, spread_of, wilson

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """A never falling function from score to the share that is right.

    scores: where the share changes, ascending, (k,). shares: from there on, (k,). Below the first one nothing is known.
    """

    scores: Floats
    shares: Floats

    def at(self, scores: Floats) -> Floats:
        """The share at each score; that of the lowest known score for what is below it. NaN where nothing is known."""
        if len(self.scores) == 0:
            return np.full(len(scores), np.nan)
        place = np.searchsorted(self.scores, scores, side="right") - 1
        return self.shares[np.maximum(place, 0)]


def isotonic(scores: Floats, right: NDArray[np.bool_]) -> Calibration:
    """The never falling function that is nearest to the answers, by squares.

    Pool adjacent violators: neighbours that fall are replaced by their mean. Equal scores are one place.
    Source: M. Ayer et al., An Empirical Distribution Function for Sampling with Incomplete Information (1955).
    """
    places, group = np.unique(scores, return_inverse=True)
    weights = np.bincount(group).astype(float) if len(places) else np.zeros(0)
    sums = np.bincount(group, weights=right) if len(places) else np.zeros(0)
    starts: list[int] = []
    pool: list[tuple[float, float]] = []  # right ones and answers of each block
    for index, (good, weight) in enumerate(zip(sums.tolist(), weights.tolist(), strict=True)):
        start, block = index, (good, weight)
        while pool and pool[-1][0] * block[1] >= block[0] * pool[-1][1]:
            before = pool.pop()
            block = (before[0] + block[0], before[1] + block[1])
            start = starts.pop()
        pool.append(block)
        starts.append(start)
    return Calibration(places[starts], np.array([good / weight for good, weight in pool]))


@dataclass(frozen=True)
class Bin:
    """Suggestions with scores from `low` up to `high`: their mean score, and the share of them that is right."""

    low: float
    high: float
    score: float
    right: Interval


def reliability(scores: Floats, right: NDArray[np.bool_], images: NDArray[np.int64], *, bins: int = 10) -> list[Bin]:
    """Scores against what became of them, in equal steps of score; without the steps that nothing fell into."""
    index = np.minimum((scores * bins).astype(int), bins - 1)
    found = []
    for one in range(bins):
        inside = index == one
        total = int(inside.sum())
        if total:
            share = wilson(int(right[inside].sum()), total, spread=spread_of(right[inside], images[inside]))
            found.append(Bin(one / bins, (one + 1) / bins, float(scores[inside].mean()), share))
    return found


def calibration_error(bins: list[Bin]) -> float | None:
    """How far scores are from shares, on average over the answers; None without any.

    Source: M. P. Naeini et al., Obtaining Well Calibrated Probabilities (2015), expected calibration error.
    """
    total = sum(one.right.total for one in bins)
    apart = sum(one.right.total * abs(one.score - (one.right.share or 0.0)) for one in bins)
    return apart / total if total else None
