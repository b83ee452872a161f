"""TIFF files: what is known of one before it is decoded, and what its samples mean, which Pillow does not say.

Tests: tests/vision/pictures/test_odd_pictures.py, tests/vision/pictures/test_decode.py
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures.depth import Grey

_SUBFILE, _BITS, _PHOTOMETRIC, _SAMPLES, _GREATEST, _PLANAR, _FORMAT = 254, 258, 262, 277, 281, 284, 339
_WHITE_IS_ZERO = 0
_UNSIGNED, _SIGNED = 1, 2

MAX_NUMBERS = 200_000
"""Of one tag: Pillow makes an object of each. A picture of 40 megapixels has some thousand strips or tiles."""
_BYTES_EACH = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_OF_BYTES = (1, 2, 7)  # kept as they are


def has_short_directory(content: bytes) -> bool:
    """Whether the first directory of a TIFF file or an EXIF block is read quickly: few numbers, each byte about once.

    Entries may all point at the same megabytes, of which each makes another copy.
    """
    order = "<" if content.startswith(b"II") else ">"
    big = content[2:4] in (b"+\0", b"\0+")
    head, entry = (f"{order}Q", f"{order}HHQ8x") if big else (f"{order}I", f"{order}HHI4x")
    total = 0
    try:
        (at,) = struct.unpack_from(head, content, 8 if big else 4)
        (count,) = struct.unpack_from(f"{order}Q" if big else f"{order}H", content, at)
        at += 8 if big else 2
        for _ in range(min(count, len(content))):
            _, kind, numbers = struct.unpack_from(entry, content, at)
            if kind not in _OF_BYTES and numbers > MAX_NUMBERS:
                return False
            total += min(numbers * _BYTES_EACH.get(kind, 0), len(content))
            at += struct.calcsize(entry)
    except struct.error:  # it ends early, and so does reading it
        pass
    return total <= 4 * len(content)


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


def is_deep(picture: Image.Image) -> bool:
    """Whether it is a TIFF whose samples have more than eight bits."""
    return picture.format == "TIFF" and _tag(picture, _BITS, 1) > 8


def grey_of(picture: Image.Image) -> Grey:
    """The values of such a picture (H, W), in this machine's byte order, as the file means them."""
    values: NDArray[Any] = np.asarray(picture)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if picture.format != "TIFF":
        return Grey(values)
    bits, kind = _tag(picture, _BITS, 1), _tag(picture, _FORMAT, _UNSIGNED)
    inverted = values.dtype == np.uint16 and _tag(picture, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO
    if picture.mode == "L":
        values = values.view(np.int8)
    if bits == 32 and kind == _UNSIGNED and values.dtype == np.int32:
        values = values.view(np.uint32)
    stated = (1 << bits) - 1 if bits < 16 else _tag(picture, _GREATEST, 0)
    return Grey(values, stated=stated, inverted=inverted)


def _tag(picture: Image.Image, tag: int, default: int) -> int:
    """The tag's first number, the default where it is missing or none."""
    found = picture.tag_v2.get(tag, default)  # type: ignore[attr-defined]
    first = found[0] if isinstance(found, tuple) and found else found
    return first if isinstance(first, int) else default
