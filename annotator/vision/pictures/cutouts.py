"""One instance cut out of its picture: a small square around it, with everything else dimmed."""

from __future__ import annotations

import cv2
import numpy as np

from annotator.core.masks import Rle, rle_box_xyxy, rle_to_mask
from annotator.vision.pictures.photo import Pixels

SIDE = 256
"""Of a cut-out, in its own pixels."""

_MARGIN = 0.12  # of the longer side of the box, on each side of it
_LEAST_MARGIN = 6.0  # image pixels
_DIMMED = 0.36
_QUALITY = 82


def cutout(pixels: Pixels, rle: Rle) -> bytes:
    """A JPEG of at most SIDE x SIDE, with a thin line around the mask and everything outside it dimmed.

    pixels: (H, W, 3) uint8 RGB, of the mask's size. A picture narrower than the square makes a narrower cut-out.
    """
    left, top, right, bottom = window_of(rle)
    scale = SIDE / max(right - left, bottom - top)
    size = max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1)
    inside = rle_to_mask(rle)[top:bottom, left:right].astype(np.uint8) * 255
    shown = cv2.resize(pixels[top:bottom, left:right], size, interpolation=_resampling(scale))
    inside = cv2.resize(inside, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    gray = cv2.cvtColor(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    # Half of its colour and a third of its light: still readable as surroundings, and never mistaken for the object.
    dimmed = cv2.addWeighted(shown, _DIMMED / 2, gray, _DIMMED / 2, 0)
    share = cv2.cvtColor(inside, cv2.COLOR_GRAY2RGB)
    made = cv2.add(cv2.multiply(shown, share, scale=1 / 255), cv2.multiply(dimmed, 255 - share, scale=1 / 255))
    edges, _ = cv2.findContours((inside > 127).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.polylines(made, list(edges), True, (255, 255, 255), 1, cv2.LINE_AA)
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(made, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(coded)


def _resampling(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC


def window_of(rle: Rle) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a square around the mask, in whole image pixels, moved or cut to fit the picture."""
    x0, y0, x1, y1 = rle_box_xyxy(rle)
    longer = max(x1 - x0, y1 - y0)
    side = round(longer + 2 * max(_LEAST_MARGIN, _MARGIN * longer))
    left, right = _within((x0 + x1) / 2, side, rle.width)
    top, bottom = _within((y0 + y1) / 2, side, rle.height)
    return left, top, right, bottom


def _within(middle: float, side: int, limit: int) -> tuple[int, int]:
    if side >= limit:
        return 0, limit
    begin = min(max(round(middle - side / 2), 0), limit - side)
    return begin, begin + side
