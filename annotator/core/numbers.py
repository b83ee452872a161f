"""Numbers that came from outside: whether they can be ids, whether they are finite.

Tests: tests/core/test_review.py, tests/exchange/coco/test_check.py
"""

from __future__ import annotations

import math

MAX_ID = 2**53 - 1
"""Beyond it, readers that keep numbers as doubles mix ids up."""


def is_id(value: object) -> bool:
    """Whether the value can be an id of ours: a whole number from 0 on that every reader keeps exactly."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID


def is_finite(value: object) -> bool:
    """Whether the value is a number, and a finite one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every double
        return False
