"""Names that any system can write, of files and of categories: what is replaced, and when two are one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence

from annotator.core.dataset import Image
from annotator.core.text import is_plain


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
        safe = len(name) <= _LONGEST and all(_is_safe(part) for part in name.split("/"))
        if not safe or _collides(name, taken, folders):
            last = name.replace("\\", "/").rpartition("/")[2]
            plain = "".join(letter if letter.isalnum() or letter in "._- " else "_" for letter in last)
            stem, dot, suffix = _end_of(plain.strip(". ")).rpartition(".")
            name = f"{stem}-{image.id}.{suffix}" if dot and stem else f"{suffix}-{image.id}"
            while not _is_safe(name) or _collides(name, taken, folders):
                name = f"_{name}"
        names[image.id] = name
        plain = folded(name)
        taken.add(plain)
        folders.update(plain[:end] for end, letter in enumerate(plain) if letter == "/")
    return names


def flat_names(images: Sequence[Image]) -> dict[int, str]:
    """A name without a folder for each image, by id; annotations are named by its stem, which no other one has."""
    names = {}
    taken: set[str] = set()
    for id, name in safe_names(images).items():
        stem, dot, suffix = name.replace("/", "_").rpartition(".")
        stem, suffix = (stem, f".{suffix}") if dot else (suffix, "")
        stem = stem.strip(". ") or str(id)  # who lists stems in lines strips them
        stem = stem if folded(stem) not in taken else f"{stem}-{id}"
        while folded(stem) in taken:
            stem = f"_{stem}"
        taken.add(folded(stem))
        names[id] = stem + suffix
    return names


def plain_names(names: Sequence[str], *, holds: Callable[[str], bool]) -> list[str]:
    """Names of categories that a format can hold, each another's own; those that it can hold stay.

    holds: whether a character may stay; every other one, and space around a name, becomes `_`.
    """
    made = ["".join(letter if holds(letter) else "_" for letter in name) for name in names]
    made = [name if name == name.strip() and name else f"_{name.strip()}" for name in made]
    taken = {old for old, new in zip(names, made, strict=True) if old == new}
    for index, old in enumerate(names):
        if made[index] != old:
            while made[index] in taken:
                made[index] += "_"
            taken.add(made[index])
    return made


def folded(name: str) -> str:
    """A name as systems compare it that know no capitals: two names that fold to the same one are one file there."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _collides(name: str, taken: set[str], folders: set[str]) -> bool:
    """Whether some system would write two files, or a file and a folder, to one place."""
    plain = folded(name)
    above = (plain[:end] for end, letter in enumerate(plain) if letter == "/")
    return plain in taken or plain in folders or any(folder in taken for folder in above)


def _end_of(name: str) -> str:
    """As much of the end of a name as leaves space for an id and for what a file is called while it is written."""
    return name.encode()[-_END_BYTES:].decode(errors="ignore")


_LONGEST = 200
_PART_BYTES, _END_BYTES = 230, 100  # of a folder's or a file's name; systems take 255
_RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10))}


def _is_safe(part: str) -> bool:
    plain = part.strip(". ") == part and part != "" and is_plain(part)
    return (
        plain
        and len(part.encode()) <= _PART_BYTES
        and not any(letter in '<>:"|?*\\' for letter in part)
        and part.split(".", maxsplit=1)[0].lower() not in _RESERVED
    )
