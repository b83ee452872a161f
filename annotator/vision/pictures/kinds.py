"""What bytes that no decoder takes look like, in words."""

from __future__ import annotations

SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".ppm", ".pgm",
    ".heic", ".heif",
})  # fmt: skip
"""How the names of pictures end, in small letters: what is looked for in a folder, here and on the page (the editor's
upload.ts). HEIC is not read; a folder of it is told so, and not passed over."""

OF_MACOS = "._"
"""How the names begin of what macOS lays beside each file on a foreign disk: none of it is a picture, or JSON."""

_BEGINNINGS = (
    (b"%PDF", "a PDF document, not a picture"),
    (b"%!PS", "a PostScript document, not a picture"),
    (b"PK\x03\x04", "a zip archive, not a picture"),
    (b"8BPS", "a Photoshop document, which is not read"),
    (b"\0\0\1\0", "an icon, which is not read"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture, which is not read"),
    (b"\xff\x0a", "a JPEG XL picture, which is not read"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture, which is not read"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture, which is not read"),
    (b"\xff\xd8\xff", "a JPEG of a rare kind, or one that is damaged at its beginning"),
    (b"II*\0", "a TIFF of a rare kind, or one that is damaged at its beginning"),
    (b"MM\0*", "a TIFF of a rare kind, or one that is damaged at its beginning"),
    (b"II+\0", "a TIFF of a rare kind, or one that is damaged at its beginning"),
    (b"MM\0+", "a TIFF of a rare kind, or one that is damaged at its beginning"),
)
_AVIF = (b"avif", b"avis")


def name(content: bytes) -> str:
    """One line without the file's name, as `images` puts before what it expects."""
    head = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if content[4:8] == b"ftyp":
        return _of_boxes(content)
    if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head):
        return "an SVG drawing, which is not read"
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture"
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    return "not a picture, or one that is damaged at its beginning"


def _of_boxes(content: bytes) -> str:
    """HEIC, AVIF and films are made of the same boxes."""
    if content[8:12] in _AVIF:
        return "an AVIF picture that is damaged at its beginning"
    if content[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        return "a HEIC picture, which is not read"
    return "a film, not a picture"
