"""The outline of a mask as the page draws it over a cut-out.

Tests: tests/web/test_outlines.py
"""

from __future__ import annotations

import numpy as np

from annotator.core.masks import Rle
from annotator.core.trace import rle_to_parts

SIDE = 256
"""Of the longer side of what is drawn over: two masks need no more to be told apart."""

Window = tuple[int, int, int, int]
"""Left, top, right, bottom in image pixels."""


def window_size(window: Window, *, side: int = SIDE) -> tuple[int, int]:
    """Width and height of the drawing, in its own units. side: of the longer one."""
    left, top, right, bottom = window
    scale = _scale(window, side)
    return max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1)


def outline(rle: Rle, window: Window, *, side: int = SIDE) -> str:
    """The mask's rings as the path of an SVG, whole numbers in the units of `window_size`; empty for an empty mask.

    >>> outline(Rle(height=2, width=3, counts="2111"), (0, 0, 3, 2))
    'M85 0L256 0L256 171L171 171L171 85L85 85Z'
    """
    scale = _scale(window, side)
    path = []
    for part in rle_to_parts(rle):
        for ring in (part.outer, *part.holes):
            places = np.rint((ring - window[:2]) * scale).astype(int)
            kept = places[(places != np.roll(places, 1, axis=0)).any(axis=1)]
            if len(kept) > 2:
                path.append("M" + "L".join(f"{x} {y}" for x, y in kept.tolist()) + "Z")
    return "".join(path)


def _scale(window: Window, side: int) -> float:
    left, top, right, bottom = window
    return side / max(right - left, bottom - top, 1)
