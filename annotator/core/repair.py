"""Masks mended one like the other: the same small repair for each of many instances.

Everything is worked out inside a mask's own box and a margin, so the work is bounded by the pixels there. A picture's
edge is no edge of the object: what it cuts off is neither eaten away nor rounded there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.masks import BoolMask, Rle, rle_area, rle_box_xyxy, window_to_rle
from annotator.core.trace import crop

MOST_PIXELS = 100
"""By which a mask is smoothed, shrunk or grown: the margin that is looked at has so many pixels."""

NEAR = 10
"""Pixels up to which every neighbour is looked at, which costs less than measuring distances."""

MOST_SPECK = 1_000_000
"""Pixels of a piece that is called a speck."""


class Kind(StrEnum):
    """What is done to a mask."""

    HOLES = "holes"
    SPECKS = "specks"
    LARGEST = "largest"
    SMOOTH = "smooth"
    SHRINK = "shrink"
    GROW = "grow"
    SUBTRACT = "subtract"
    DUPLICATES = "duplicates"
    """Of two that are much the same, one goes: `clashes.settle`, as the two that follow."""
    CONTAINED = "contained"
    """Of two, one of which is inside the other, the smaller one goes."""
    MERGE = "merge"
    """Of two, one of which is inside the other, one takes the other in, which goes."""

    @property
    def is_of_clashes(self) -> bool:
        return self in (Kind.DUPLICATES, Kind.CONTAINED, Kind.MERGE)


@dataclass(frozen=True)
class Repair:
    """A repair. pixels: of specks the area that is kept; of smooth, shrink and grow the radius; of clashes the share
    from which on they count, in hundredths; of others nothing.
    """

    kind: Kind
    pixels: int = 0

    @property
    def most(self) -> int:
        """The largest number of pixels that it takes; 0 where it takes none."""
        if self.kind is Kind.SPECKS:
            return MOST_SPECK
        if self.kind.is_of_clashes:
            return 100
        return MOST_PIXELS if self.kind in (Kind.SMOOTH, Kind.SHRINK, Kind.GROW) else 0


def mend(rle: Rle, repair: Repair, *, above: Sequence[Rle] = ()) -> Rle:
    """The mask as the repair leaves it, which may be empty.

    above: the masks that lie over it, of the same picture (see `those_above`); only `Kind.SUBTRACT` looks at them.

    >>> ring = window_to_rle(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool), left=2, top=2, height=9, width=9)
    >>> rle_area(ring), rle_area(mend(ring, Repair(Kind.HOLES))), rle_area(mend(ring, Repair(Kind.GROW, 1)))
    (8, 9, 21)
    """
    if rle_area(rle) == 0:
        return rle
    margin = 1 + (repair.pixels if repair.kind in (Kind.SMOOTH, Kind.GROW) else 0)
    window, left, top = _around(rle, margin)
    mended = _without(window, above, left=left, top=top) if repair.kind is Kind.SUBTRACT else _mend(window, repair)
    return window_to_rle(mended, left=left, top=top, height=rle.height, width=rle.width)


def those_above(rles: Sequence[Rle]) -> list[list[int]]:
    """For each mask of a picture the indices of those that lie over it: the smaller ones, and of equal ones the later.

    Only masks whose boxes overlap are named. What lies in front of something else is nearly always smaller, and so the
    editor picks what is under the pointer.
    """
    if not rles:
        return []
    boxes = np.array([rle_box_xyxy(rle) for rle in rles])
    areas = np.array([rle_area(rle) for rle in rles])
    places = np.arange(len(rles))
    found = []
    for place, (x0, y0, x1, y1) in enumerate(boxes):
        near = (boxes[:, 0] < x1) & (boxes[:, 2] > x0) & (boxes[:, 1] < y1) & (boxes[:, 3] > y0)
        over = (areas < areas[place]) | ((areas == areas[place]) & (places > place))
        found.append(np.flatnonzero(near & over & (areas > 0)).tolist())
    return found


# --- the repairs, each of a window (h, w) with a margin of background where the picture goes on ----------------------


def _mend(window: BoolMask, repair: Repair) -> BoolMask:
    if repair.kind is Kind.HOLES:
        return _without_holes(window)
    if repair.kind is Kind.SPECKS:
        return _pieces(window, least=repair.pixels)
    if repair.kind is Kind.LARGEST:
        return _pieces(window, least=None)
    if repair.kind is Kind.SHRINK:
        return ~_grown(~window, repair.pixels)
    if repair.kind is Kind.GROW:
        return _grown(window, repair.pixels)
    closed = ~_grown(~_grown(window, repair.pixels), repair.pixels)
    return _grown(~_grown(~closed, repair.pixels), repair.pixels)


def _without_holes(window: BoolMask) -> BoolMask:
    """Background that touches no side of the window is a hole; it is connected along sides, not corners."""
    framed = np.pad(window, 1)
    _, labels = cv2.connectedComponents((~framed).view(np.uint8), connectivity=4)
    return np.asarray(labels[1:-1, 1:-1] != labels[0, 0], bool)


def _pieces(window: BoolMask, *, least: int | None) -> BoolMask:
    """The pieces of at least so many pixels, and the first of the largest in any case."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(window.view(np.uint8), connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = areas >= least if least is not None else np.zeros(len(areas), bool)
    kept[int(areas.argmax())] = True
    kept[0] = False
    return np.asarray(kept[labels], bool)


def _grown(window: BoolMask, pixels: int) -> BoolMask:
    """All within so many pixels, from centre to centre."""
    if pixels == 0 or not window.any():
        return window
    if pixels <= NEAR:
        return np.asarray(cv2.dilate(window.view(np.uint8), _disc(pixels)).view(bool), bool)
    away: NDArray[np.float32] = cv2.distanceTransform((~window).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Squared distances are whole numbers, which single precision holds to within a thousandth at this radius.
    return np.asarray(away <= np.float32(pixels + 1e-3), bool)


@cache
def _disc(radius: int) -> NDArray[np.uint8]:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= radius * radius, np.uint8)


def _without(window: BoolMask, above: Sequence[Rle], *, left: int, top: int) -> BoolMask:
    left_over = window.copy()
    height, width = window.shape
    for rle in above:
        pixels, x, y = crop(rle)
        h, w = pixels.shape
        x0, y0, x1, y1 = max(x, left), max(y, top), min(x + w, left + width), min(y + h, top + height)
        if x0 < x1 and y0 < y1:
            left_over[y0 - top : y1 - top, x0 - left : x1 - left] &= pixels[y0 - y : y1 - y, x0 - x : x1 - x] == 0
    return left_over


def _around(rle: Rle, margin: int) -> tuple[BoolMask, int, int]:
    """The mask in its box and a margin as far as the picture goes, and the window's left and top."""
    pixels, left, top = crop(rle)
    h, w = pixels.shape
    x0, y0 = max(left - margin, 0), max(top - margin, 0)
    x1, y1 = min(left + w + margin, rle.width), min(top + h + margin, rle.height)
    window = np.zeros((y1 - y0, x1 - x0), bool)
    window[top - y0 : top - y0 + h, left - x0 : left - x0 + w] = pixels
    return window, x0, y0
