"""How far a figure of many pictures can be trusted: its value without one of twenty groups of them, in turn.

Source: P. S. Kott, The Delete-a-Group Jackknife, Journal of Official Statistics 17 (2001).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annotator.evaluation.matching import Floats

GROUPS = 20
"""With fewer pictures nothing is said."""

_T95 = 2.093  # Student's t with 19 degrees of freedom


@dataclass(frozen=True)
class Estimate:
    """A figure with the bounds between which the true one lies in 95 of 100 cases; None where that is not known.

    error: the standard error.
    """

    value: float
    pictures: int
    error: float | None

    @property
    def low(self) -> float | None:
        return None if self.error is None else self.value - _T95 * self.error

    @property
    def high(self) -> float | None:
        return None if self.error is None else self.value + _T95 * self.error


def estimate(figure: Callable[[Floats], float], pictures: int) -> Estimate | None:
    """figure: its value where each picture counts so many times, (pictures,); below 0 or NaN where there is none.

    None where there is no value at all.
    """
    whole = figure(np.ones(pictures))
    if not whole >= 0:
        return None
    if pictures < GROUPS:
        return Estimate(whole, pictures, None)
    group = np.random.default_rng(0).permutation(pictures) % GROUPS
    parts = np.array([figure((group != one).astype(float)) for one in range(GROUPS)])
    if not (parts >= 0).all():
        return Estimate(whole, pictures, None)
    return Estimate(whole, pictures, float(np.sqrt((GROUPS - 1) / GROUPS * ((parts - parts.mean()) ** 2).sum())))


def difference(one: Estimate, other: Estimate) -> Estimate:
    """One less the other, which are of different pictures."""
    error = None if one.error is None or other.error is None else float(np.hypot(one.error, other.error))
    return Estimate(one.value - other.value, one.pictures + other.pictures, error)
