"""TIFF files whose samples Pillow reads without saying what they mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from annotator.core.errors import ImageError

_SUBFILE, _BITS, _PHOTOMETRIC, _SAMPLES, _PLANAR, _FORMAT = 254, 258, 262, 277, 284, 339
_WHITE_IS_ZERO = 0
_UNSIGNED, _SIGNED = 1, 2


def require_readable(picture: Image.Image) -> None:
    """Raise ImageError for a TIFF that Pillow would decode to something else than the picture; others pass."""
    if picture.format != "TIFF":
        return
    if _tag(picture, _SUBFILE, 0) & 1:
        raise ImageError("is a TIFF whose first page is the preview of another one (a camera's raw file?)")
    if _tag(picture, _BITS, 1) > 8 and _tag(picture, _PLANAR, 1) == 2 and _tag(picture, _SAMPLES, 1) > 1:
        raise ImageError("is a TIFF of more than 8 bits whose channels lie one after the other, which is not read")


def is_grey_of_its_own(picture: Image.Image) -> bool:
    """Whether a decoded picture's values are not bytes, although its mode may say so."""
    signed = picture.format == "TIFF" and picture.mode == "L" and _tag(picture, _FORMAT, _UNSIGNED) == _SIGNED
    return signed or picture.mode in ("F", "I") or picture.mode.startswith("I;16")


def grey_of(picture: Image.Image) -> NDArray[Any]:
    """The values of such a picture (H, W), in this machine's byte order, as the file means them."""
    values: NDArray[Any] = np.asarray(picture)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if picture.format != "TIFF":
        return values
    bits, kind = _tag(picture, _BITS, 1), _tag(picture, _FORMAT, _UNSIGNED)
    if picture.mode == "L":
        return values.view(np.int8)
    if bits == 32 and kind == _UNSIGNED and values.dtype == np.int32:
        values = values.view(np.uint32)
    if bits == 12:
        values = values << 4
    if values.dtype == np.uint16 and _tag(picture, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        values = np.uint16(65535) - values
    return values


def _tag(picture: Image.Image, tag: int, default: int) -> int:
    """The tag's first number, the default where it is missing or none."""
    found = picture.tag_v2.get(tag, default)  # type: ignore[attr-defined]
    first = found[0] if isinstance(found, tuple) and found else found
    return first if isinstance(first, int) else default
