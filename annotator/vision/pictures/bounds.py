"""Refuses files whose structure alone would keep Pillow busy for long before anything is decoded."""

from __future__ import annotations

from annotator.core.errors import ImageError
from annotator.vision.pictures import gif, jpeg, png, pnm, tiff

MAX_RLE_BYTES = 8_000_000
"""Of a BMP: Pillow takes such a one apart in Python, two bytes at a time."""
_PPM = tuple(b"P%c" % kind for kind in b"0123456Ffy")
_RLE = (b"\1\0\0\0", b"\2\0\0\0")


def require_short_walk(content: bytes) -> None:
    """Raise ImageError where reading a picture's structure alone would take seconds. Takes milliseconds itself."""
    if content.startswith(b"\xff\xd8"):
        jpeg.require_short_head(content)
    elif content.startswith(b"GIF8"):
        gif.frames_of(content)
    elif content.startswith(b"\x89PNG"):
        png.require_few_chunks(content)
    elif content.startswith(_PPM):
        pnm.require_short_head(content)
    elif content.startswith((b"II", b"MM")) and not tiff.has_short_directory(content):
        raise ImageError(f"is a TIFF with more than {tiff.MAX_NUMBERS} strips or tiles, or the same bytes in many tags")
    elif content.startswith(b"BM") and content[30:34] in _RLE and len(content) > MAX_RLE_BYTES:
        raise ImageError(f"is a BMP of more than {MAX_RLE_BYTES / 1e6:.0f} MB in runs")
