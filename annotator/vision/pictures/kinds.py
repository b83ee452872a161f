"""The kinds of pictures that are read, by their files' endings and by their names, and what other bytes look like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True)
class Kind:
    """`name` as people write it, `format` as Pillow calls it, `suffixes` in lower case."""

    name: str
    format: str
    suffixes: tuple[str, ...]


KINDS = (
    # A JPEG of several pictures (MPO, as some cameras write) opens as a JPEG too.
    Kind("JPEG", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif")),
    Kind("PNG", "PNG", (".png",)),
    Kind("WebP", "WEBP", (".webp",)),
    Kind("AVIF", "AVIF", (".avif",)),
    Kind("GIF", "GIF", (".gif",)),
    Kind("BMP", "BMP", (".bmp",)),
    Kind("TIFF", "TIFF", (".tif", ".tiff")),
    Kind("PPM", "PPM", (".ppm", ".pgm", ".pbm", ".pnm")),
)

_HEIC = (".heic", ".heif")
"""Not read. A folder of them is told so, and not passed over."""

SUFFIXES = frozenset(suffix for kind in KINDS for suffix in kind.suffixes) | frozenset(_HEIC)
"""How the names of pictures end, in lower case: what is looked for in a folder, here and on the page (the editor's
upload.ts). A file that somebody names is read by its content, whatever it is called."""

_LAID = frozenset(("__MACOSX", "@eaDir"))
"""Folders that archives of macOS and network drives lay beside a person's files."""

FORMATS = tuple(kind.format for kind in KINDS)
IN_WORDS = f"{', '.join(kind.name for kind in KINDS[:-1])} or {KINDS[-1].name}"

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


def is_hidden(path: PurePath) -> bool:
    """Whether a path below a folder was made by a program for itself: `._a.jpg` of macOS, older copies of editors,
    thumbnails.

    path: from that folder on. It is passed over, as it is on the page (the editor's filekinds.ts).
    """
    return any(part.startswith(".") or part in _LAID for part in path.parts)


def name(content: bytes) -> str:
    """What the bytes are, for an error of the form "FILE: WHAT, expected ..."."""
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
    """The kind of a file in ISO's container, which HEIC, AVIF and films share."""
    if content[8:12] in _AVIF:
        return "an AVIF picture that is damaged at its beginning"
    if content[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        return "a HEIC picture, which is not read"
    return "a film, not a picture"
