"""Intervals of a share: how much so many answers can say.

>>> wilson(3, 3).low > 0.4
True
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Interval:
    """A share of `total` answers, with the bounds between which the true share lies in 95 of 100 cases.

    share: None where there is no answer.
    """

    share: float | None
    low: float
    high: float
    total: int


def wilson(good: float, total: float, *, spread: float = 1.0) -> Interval:
    """Wilson's 95 % interval for `good` of `total`.

    spread: how many times less than so many independent answers they say, see `spread_of`.
    Source: E. B. Wilson, Probable Inference, JASA 22 (1927).
    """
    low, high = wilson_bounds(np.array([good], float), np.array([total], float), spread=np.array([spread]))
    return Interval(good / total if total else None, float(low[0]), float(high[0]), round(total))


def wilson_bounds(good: Floats, total: Floats, *, spread: Floats | float = 1.0) -> tuple[Floats, Floats]:
    """Lower and upper bounds of many; 0 and 1 where there is no answer."""
    count = np.maximum(total / spread, 1e-9)
    share = np.divide(good, total, out=np.full(len(total), 0.5), where=total > 0)
    z2 = _Z95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z95 * np.sqrt(share * (1 - share) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    # Where all or none are good the bound is 1 or 0, which rounding would miss by a hair.
    low = np.where((total <= 0) | (good <= 0), 0.0, np.clip(middle - half, 0, 1))
    return low, np.where((total <= 0) | (good >= total), 1.0, np.clip(middle + half, 0, 1))


def spread_of(good: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """How many times wider than among independent answers the share varies between groups, 1 or more.

    A blurred picture makes ten answers wrong at once: they do not say as much as ten from ten pictures. Groups are the
    pictures. The variance of a ratio of sums, over that of a share; 1 with fewer than ten groups, which cannot tell,
    and where it could be chance.
    Source: W. G. Cochran, Sampling Techniques, 6.3 (ratio estimators) and 9.3 (clusters of unequal sizes).
    """
    total = len(good)
    _, group = np.unique(groups, return_inverse=True)
    sizes = np.bincount(group) if total else np.zeros(0)
    share = good.mean() if total else 0.0
    if len(sizes) < 10 or len(sizes) == total or share in (0.0, 1.0):
        return 1.0
    residuals = np.bincount(group, weights=good) - share * sizes
    between = float((residuals**2).sum()) * len(sizes) / (len(sizes) - 1)
    found = between / (total * share * (1 - share))
    return found if found > 1 + 2 * math.sqrt(2 / (len(sizes) - 1)) else 1.0


def lower_bound(good: float, total: float, *, level: float = 0.95) -> float:
    """Clopper and Pearson's one-sided lower bound: the true share is above it in at least `level` of all cases.

    Exact, never too optimistic; for what is promised, where `wilson` is for what is shown.
    Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934), as a quantile of the beta distribution.
    """
    return 0.0 if good <= 0 else _beta_quantile(1 - level, good, total - good + 1)


def upper_bound(good: float, total: float, *, level: float = 0.95) -> float:
    """The one-sided upper bound, see `lower_bound`."""
    return 1.0 if good >= total else _beta_quantile(level, good + 1, total - good)


def is_above(share: float, good: float, total: float, *, level: float = 0.95) -> bool:
    """Whether `lower_bound` is at least this share, without searching for the bound."""
    return good > 0 and beta_below(share, good, total - good + 1) <= 1 - level


# --- the beta distribution -------------------------------------------------------------------------------------------


def _beta_quantile(level: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if beta_below(middle, a, b) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_below(x: float, a: float, b: float) -> float:
    """The share of the beta distribution below x: the regularised incomplete beta function, a and b above 0.

    Source: DLMF 8.17.22, its continued fraction by Lentz's method.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the fraction converges fast
        return 1 - beta_below(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            fraction *= c * d
        if abs(1 - c * d) < 1e-14:
            break
    return math.exp(log_front) * fraction / a


_MOST_TERMS = 5_000


def _away_from_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300
