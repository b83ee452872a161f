"""PPM, PGM and PBM: samples of any depth, which Pillow scales one by one in Python.

Tests: tests/vision/pictures/test_decode_hostile.py, tests/vision/pictures/test_renditions.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures.photo import Pixels

_BINARY = (b"P4", b"P5", b"P6")

MAX_HEAD_BYTES = 65_536
"""Pillow reads it byte by byte, 64 MB of comments in 11 s."""

_COMMENT = re.compile(rb"#[^\r\n]*")


@dataclass(frozen=True)
class _Samples:
    """Where the samples begin, and the value that is white."""

    start: int
    white: int


def require_short_head(content: bytes) -> None:
    """Raise ImageError where width, height and white do not stand at the beginning."""
    expected = 2 if content[1:2] in b"14" else 3  # a PBM has no white
    head = _COMMENT.sub(b" ", content[2:MAX_HEAD_BYTES])
    if len(content) > MAX_HEAD_BYTES and len(head.split(None, expected)) < expected:
        raise ImageError(f"is a PPM whose size is not in its first {MAX_HEAD_BYTES} bytes")


def require_binary(content: bytes) -> None:
    """Raise ImageError for the kinds that are text, or floats."""
    if content[:2] not in _BINARY:
        raise ImageError("is a PPM of text or of a rare kind, which is not read")


def has_own_white(picture: Image.Image) -> bool:
    """Whether its white is none of 1 and 255, so that `pixels_of` reads it."""
    return picture.format == "PPM" and picture.mode in ("L", "I", "RGB") and _samples(picture).white != 255


def is_deep(picture: Image.Image) -> bool:
    """Whether each sample has two bytes."""
    return has_own_white(picture) and _samples(picture).white > 255


def pixels_of(picture: Image.Image, content: bytes) -> Pixels:
    """(H, W, 3) of a picture that is not yet loaded, scaled by the white that its head states.

    Raises ValueError where the file ends early.
    """
    found = _samples(picture)
    bands = 3 if picture.mode == "RGB" else 1
    sample = np.dtype(">u2" if found.white > 255 else "u1")
    count = picture.width * picture.height * bands
    values = np.frombuffer(content, sample, count=count, offset=found.start)
    scaled = np.empty(count, np.uint8)
    # Some million at a time: of 40 megapixels, each step would take 480 MB.
    for at in range(0, count, 1 << 22):
        part = np.minimum(values[at : at + (1 << 22)], found.white).astype(np.uint32)
        scaled[at : at + part.size] = (part * 255 + found.white // 2) // found.white
    return np.repeat(scaled.reshape(picture.height, picture.width, bands), 3 // bands, axis=2)


def _samples(picture: Image.Image) -> _Samples:
    tile = picture.tile[0]  # type: ignore[attr-defined]
    args = tile.args
    if isinstance(args, tuple) and len(args) > 1:
        return _Samples(tile.offset, int(args[1]))
    rawmode = args[0] if isinstance(args, tuple) else args
    return _Samples(tile.offset, 0xFFFF if rawmode == "I;16B" else 255)
