"""Samples of more than eight bits become eight, by the scale that the file states or that its values show.

Cameras and microscopes put ten, twelve or fourteen bits into sixteen. Taken for sixteen they are nearly black.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.vision.pictures.photo import Pixels

_SHIFTS = {0xFF: 0, 0x3FF: 2, 0xFFF: 4, 0x3FFF: 6, 0xFFFF: 8}
"""White of 8, 10, 12, 14 and 16 bits, and by how many bits it is above 255."""

DARK = 0x3F
"""The greatest upper byte of a value of 14 bits: colour of sixteen bits that is nowhere above may have fewer."""


@dataclass(frozen=True, eq=False)
class Grey:
    """Values (H, W) as a file means them.

    stated: the greatest value that the file says there may be, 0 where it says nothing. inverted: 0 is white.
    significant: how many of sixteen bits the file says count; 0 where it says nothing.
    """

    values: NDArray[Any]
    stated: int = 0
    inverted: bool = False
    significant: int = 0


def grey_to_uint8(grey: Grey) -> Pixels:
    """Grey of any kind -> (H, W) 0..255.

    Whole numbers of 0..65535 keep the upper bits of what is there (see `white_of`). Others stay where they lie in
    0..255 (floats in 0..1 are scaled up), else they are stretched from their least to their greatest. Values that are
    not finite are black.
    """
    values = grey.values
    whole = values.dtype.kind in "iu"
    if whole and values.min() >= 0 and values.max() <= 0xFFFF:
        shift = _SHIFTS[white_of(values, stated=grey.stated, significant=grey.significant)]
        made: Pixels = np.right_shift(values, shift).astype(np.uint8)
    else:
        made = _stretched(values, whole=whole)
    return np.bitwise_not(made) if grey.inverted else made


def color_to_uint8(content: bytes, *, significant: int = 0) -> Pixels | None:
    """Colour of sixteen bits -> (H, W, 3) RGB by what is there; None where OpenCV does not read the file so."""
    deep = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if deep is None or deep.dtype != np.uint16 or deep.ndim != 3 or deep.shape[2] < 3:
        return None
    colors = deep[..., 2::-1]  # BGR, or BGRA
    shift = _SHIFTS[white_of(colors, significant=significant)]
    made = np.empty(colors.shape, np.uint8)
    np.right_shift(colors, shift, out=made, casting="unsafe")
    return made


def white_of(values: NDArray[Any], *, stated: int = 0, significant: int = 0) -> int:
    """The value that is white: of the greatest values of 8, 10, 12, 14 and 16 bits, the least that is not below any
    value nor below what the file states.

    significant: a PNG that states it should hold its values in the upper bits, so that white is that of 16 bits. Where
    the values fit into as many lower bits, and these are in use, it is taken to hold them there.
    """
    greatest = min(max(int(values.max()), stated), 0xFFFF)
    if 0 < significant < 16:
        empty_if_upper = (1 << 16 - significant) - 1
        is_lower = greatest < 1 << significant and bool((values & empty_if_upper).any())
        greatest = (1 << significant) - 1 if is_lower else 0xFFFF
    return next(white for white in _SHIFTS if white >= greatest)


def _stretched(values: NDArray[Any], *, whole: bool) -> Pixels:
    values = np.array(values, np.float32)
    np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1 and not whole:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    values -= low
    values *= 255.0 / max(high - low, 1e-30)
    made: Pixels = np.rint(values, out=values).astype(np.uint8)
    return made
