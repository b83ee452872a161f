"""Pictures for others: thumbnails, what a browser shows, what trainers find beside their masks.

All of them hold the pixels of `decode`. With the sandbox on, a file's bytes are looked at in the child alone.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures import sandbox
from annotator.vision.pictures.decode import decode
from annotator.vision.pictures.look import Change, Look, look_here
from annotator.vision.pictures.photo import Photo, Pixels

MOST_LOSSLESS = 2_000_000
"""Pixels of a picture that a browser is given as PNG; larger ones are JPEG."""

# Options of Pillow with which each reader finds the pixels again; JPEG and AVIF come as near as they can.
_OPTIONS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "WEBP": {"lossless": True, "method": 2},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}


def look(content: bytes) -> Look:
    """What a picture's file is to browsers and trainers. Raises ImageError as `decode` does."""
    return sandbox.look(content) if sandbox.is_on() else look_here(content)


def thumbnail(photo: Photo, *, side: int = 192) -> bytes:
    """A JPEG (quality 80) of the photo whose long side is at most `side` pixels."""
    scale = min(side / max(photo.width, photo.height), 1.0)
    size = max(round(photo.width * scale), 1), max(round(photo.height * scale), 1)
    small = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA)
    return _encoded(small, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 80)


def browser_picture(content: bytes) -> tuple[bytes, str]:
    """What a browser shows of a picture, upright and opaque: bytes and MIME type, never SVG or HTML.

    The file's own bytes where every browser shows them as they are decoded here, else a new file: PNG up to 2 Mpx,
    JPEG beyond. Raises ImageError as `decode` does.
    """
    mime = look(content).mime
    if mime:
        return content, mime
    pixels = decode(content, file_name="picture").pixels
    if pixels.shape[0] * pixels.shape[1] <= MOST_LOSSLESS:
        return _encoded(pixels, ".png", cv2.IMWRITE_PNG_COMPRESSION, 3), "image/png"
    return _encoded(pixels, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 92), "image/jpeg"


class ForTrainers:
    """Pictures as trainers must find them beside their masks: every reader sees the pixels of `decode` in them.

    Many readers do not turn a picture by its EXIF block, and they differ in what they make of transparency and of more
    than eight bits.
    """

    def __init__(self) -> None:
        self._changes: Counter[Change] = Counter()

    def picture(self, content: bytes) -> bytes:
        """The file's own bytes where all readers agree, else a new file of the same kind, upright, opaque, of eight
        bits and without EXIF. Raises ImageError as `decode` does.
        """
        found = look(content)
        self._changes[found.change] += 1
        if found.change is Change.NONE:
            return content
        return _as_kind(decode(content, file_name="picture").pixels, found.kind)

    @property
    def lines(self) -> list[str]:
        """What a person should know of the pictures so far: a line for each change that they might not expect."""
        return [_LINES[change](count) for change, count in sorted(self._changes.items()) if change in _LINES]


_LINES: dict[Change, Callable[[int], str]] = {
    Change.OPAQUE: lambda n: f"{_counted(n)} written without transparency, as shown and annotated",
    Change.SHALLOW: lambda n: (
        f"{_counted(n)} of more than 8 bits a channel written with 8, as shown and annotated; "
        "values of 10, 12 or 14 bits that came in 16 are scaled up"
    ),
    Change.FRAMES: lambda n: f"{_counted(n)} of several frames or pages written as the first, as shown and annotated",
    Change.COLOR: lambda n: f"{_counted(n)} of other colours written as RGB, as shown and annotated",
}


def _counted(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def as_png(content: bytes) -> bytes:
    """The same pixels as a PNG. Raises ImageError as `decode` does."""
    return _as_kind(decode(content, file_name="picture").pixels, "PNG")


def _as_kind(pixels: Pixels, kind: str) -> bytes:
    made = io.BytesIO()
    picture = _with_palette(pixels) if kind == "GIF" else Image.fromarray(pixels)
    picture.save(made, format=kind, **_OPTIONS.get(kind, {}))
    return made.getvalue()


def _with_palette(pixels: Pixels) -> Image.Image:
    """A picture of at most 256 colours, as each frame of a GIF is, without losing one; more are brought down to it."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colors, indices = np.unique(packed, return_inverse=True)
    if len(colors) > 256:
        return Image.fromarray(pixels).quantize(256)
    picture = Image.fromarray(indices.reshape(packed.shape).astype(np.uint8))
    picture.putpalette(np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=1).astype(np.uint8).tobytes())
    return picture


def _encoded(pixels: Pixels, extension: str, option: int, value: int) -> bytes:
    done, buffer = cv2.imencode(extension, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [option, value])
    if not done:
        raise ImageError(f"{pixels.shape[1]} x {pixels.shape[0]} pixels cannot be written as {extension}")
    return buffer.tobytes()
