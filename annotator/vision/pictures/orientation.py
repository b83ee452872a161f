"""Which way up a picture is meant to be, by its EXIF block, and whether everybody reads that block alike."""

from __future__ import annotations

import struct

from PIL import ExifTags, Image

from annotator.vision.pictures.tiff import has_short_directory

_HEAD = b"Exif\0\0"
_SHORT = 3


def orientation_of(picture: Image.Image) -> int:
    """EXIF orientation 1..8; 1 where there is none.

    Only EXIF's own: Pillow would fall back to XMP, which browsers and cv2 do not.
    """
    for key in ("xmp", "XML:com.adobe.xmp"):
        picture.info.pop(key, None)
    block = picture.info.get("exif")
    if isinstance(block, bytes) and not has_short_directory(block.removeprefix(_HEAD)):
        return 1
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a malformed EXIF block says nothing about the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def is_plain(picture: Image.Image) -> bool:
    """Whether browsers and trainers turn the file as `orientation_of` says.

    They disagree about a tag of another type, a tag that appears twice, and a second block.
    """
    blocks = _blocks(picture)
    return not blocks or (len(blocks) == 1 and _says_it_once(blocks[0]))


def _blocks(picture: Image.Image) -> list[bytes]:
    """EXIF blocks as they stand in the file, also those that begin a little differently."""
    segments: list[tuple[str, bytes]] | None = getattr(picture, "applist", None)
    if segments is not None:
        return [content for name, content in segments if name == "APP1" and content[:4].lower() == b"exif"]
    block = picture.info.get("exif")
    return [_HEAD + block.removeprefix(_HEAD)] if isinstance(block, bytes) else []


def _says_it_once(block: bytes) -> bool:
    tiff = block[len(_HEAD) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or not block.startswith(_HEAD):
        return False
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        entries = [struct.unpack_from(f"{order}HHI", tiff, start + 2 + 12 * index) for index in range(count)]
    except struct.error:
        return False
    found = [(kind, values) for tag, kind, values in entries if tag == ExifTags.Base.Orientation]
    return found in ([], [(_SHORT, 1)])
