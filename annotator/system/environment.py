"""Numbers that environment variables set."""

from __future__ import annotations

import math
import os


def number_above_0(name: str, default: float, *, what: str = "a number", finite: bool = False) -> float:
    """The variable's number, or the default where it is not set.

    what: what the number counts, for the message. finite: infinity is refused too. Raises ValueError in one line where
    it is no number above 0.
    """
    text = os.environ.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = math.nan
    if not number > 0 or (finite and math.isinf(number)):
        raise ValueError(f"{name}: found {text!r}, expected {what} above 0")
    return number
