"""Finds out which other readers see in a picture's file, as it is, the same pixels that are decoded here.

Tests: tests/vision/pictures/test_renditions.py
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from PIL import Image

from annotator.vision.pictures import gif, jpeg, pnm
from annotator.vision.pictures.decoder import is_deep, is_plain_jpeg, naming_errors, opened
from annotator.vision.pictures.orientation import is_plain, orientation_of

MIMES = ("", "image/jpeg", "image/png", "image/webp", "image/gif", "image/avif")
"""What a browser is ever told; empty where it is given another file."""


class Change(IntEnum):
    """Why a trainer is given another file than the user's own, so that each one reads the same pixels from it."""

    NONE = 0
    TURNED = 1
    """Stored another way up, which an EXIF block says and many trainers do not read."""
    OPAQUE = 2
    """Transparent: some readers drop that, others show black or white through it."""
    SHALLOW = 3
    """Of more than eight bits: readers differ in which of them they keep."""
    COLOR = 4
    """In other colours than RGB or grey, or with a white of its own."""
    FRAMES = 5
    """Of several frames or pages: some readers take them all, or another one than the first."""


@dataclass(frozen=True)
class Look:
    """kind: as Pillow writes it. mime: one of MIMES."""

    kind: str
    mime: str
    change: Change


def look_here(content: bytes) -> Look:
    """Look at a picture in this very process. Raises ImageError as `decode` does."""
    with naming_errors("picture"), opened(content) as picture:
        kind = "JPEG" if picture.format == "MPO" else str(picture.format)
        change = _change(content, picture)
        return Look(kind, _mime(content, picture, change), change)


def _change(content: bytes, picture: Image.Image) -> Change:
    if is_deep(content, picture):
        return Change.SHALLOW
    if not is_opaque(content, picture):
        return Change.OPAQUE
    if _has_more(content, picture):
        return Change.FRAMES
    if orientation_of(picture) != 1 or not is_plain(picture):
        return Change.TURNED
    if pnm.has_own_white(picture) or _colors(picture) not in ("1", "L", "P", "RGB"):
        return Change.COLOR
    return Change.NONE


def _has_more(content: bytes, picture: Image.Image) -> bool:
    """Whether there are frames or pages beside the first. Of a JPEG of several pictures, all readers take the first."""
    if picture.format == "GIF":  # Pillow would go to the next frame to find that out, however far away it lies
        return gif.frames_of(content).several
    return picture.format in ("PNG", "WEBP", "AVIF", "TIFF") and getattr(picture, "is_animated", False)


def _colors(picture: Image.Image) -> str:
    """The mode without its alpha, which is found to hide nothing before."""
    return {"LA": "L", "PA": "P", "RGBA": "RGB"}.get(picture.mode, picture.mode)


def is_opaque(content: bytes, picture: Image.Image) -> bool:
    """Whether nothing of a picture can be seen through. Decodes only those that could be transparent."""
    if picture.format == "GIF" and not gif.frames_of(content).first_is_whole:
        return False
    without_palette = picture.mode == "P" and picture.palette is None
    if without_palette or not picture.has_transparency_data:
        return True
    picture.load()
    alpha = picture if picture.mode in ("LA", "PA", "RGBA") else picture.convert("RGBA")
    least, _ = alpha.getchannel("A").getextrema()
    return least == 255


def _mime(content: bytes, picture: Image.Image, change: Change) -> str:
    """The type under which a browser shows this very file right, empty if it does not."""
    if is_plain_jpeg(picture):  # browsers turn a JPEG upright by its EXIF block
        return "image/jpeg" if jpeg.is_common(content) and is_plain(picture) else ""
    if change is not Change.NONE or picture.format not in ("PNG", "WEBP", "GIF", "AVIF"):
        return ""
    return Image.MIME[picture.format]
