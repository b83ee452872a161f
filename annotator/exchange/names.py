"""Names of files that any system can write."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from annotator.core.dataset import Image


def safe_names(images: Iterable[Image]) -> dict[int, str]:
    """A file name for each image that any system can write below a folder, by id; names that are safe stay.

    A name is changed where it leads out of the folder, holds what some system forbids, or is another's, be it in
    other capitals.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()  # by files
    folders: set[str] = set()
    for image in images:
        name = image.file_name
        safe = len(name) <= _LONGEST and all(map(_is_safe, name.split("/")))
        if not safe or _collides(name, taken, folders):
            last = name.replace("\\", "/").rpartition("/")[2]
            plain = "".join(letter if letter.isalnum() or letter in "._- " else "_" for letter in last)
            stem, dot, suffix = plain.strip(". ")[-100:].rpartition(".")
            name = f"{stem}-{image.id}.{suffix}" if dot and stem else f"{suffix}-{image.id}"
            while not _is_safe(name) or _collides(name, taken, folders):
                name = f"_{name}"
        names[image.id] = name
        folded = _folded(name)
        taken.add(folded)
        folders.update(folded[:end] for end, letter in enumerate(folded) if letter == "/")
    return names


def _collides(name: str, taken: set[str], folders: set[str]) -> bool:
    """Whether some system would write two files, or a file and a folder, to one place."""
    folded = _folded(name)
    above = (folded[:end] for end, letter in enumerate(folded) if letter == "/")
    return folded in taken or folded in folders or any(folder in taken for folder in above)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


_LONGEST = 200
_RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10))}


def _is_safe(part: str) -> bool:
    plain = part.strip(". ") == part and part != "" and part.isprintable()
    return (
        plain
        and not any(letter in '<>:"|?*\\' for letter in part)
        and part.split(".", maxsplit=1)[0].lower() not in _RESERVED
    )
