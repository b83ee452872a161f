"""A project as a list of projects tells of it, and the name that a person gives it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from annotator.core.errors import AnnotatorError
from annotator.core.words import counted

MAX_PROJECT_NAME = 100
"""Characters."""

_JOINERS = "\u200c\u200d"  # Persian words and many emoji need them


class ProjectNameError(AnnotatorError):
    """A name that no project can have, or that another one has."""


@dataclass(frozen=True)
class Summary:
    """What a project folder says of itself without being opened.

    name: "" where nobody gave it one. images, reviewed: without those in the project's bin; accepted, suggested: the
    instances on them. covers: SHA-256 of the first images. used: when it was last changed, in seconds since 1970.
    binned: when it was put into the bin of projects, ISO 8601, None where it is not there. owner: its setting.
    people: the login of each, None where they never signed in, and their name.
    """

    key: str
    name: str
    images: int
    reviewed: int
    accepted: int
    suggested: int
    covers: tuple[str, ...]
    used: float
    put_away: bool = False
    binned: str | None = None
    has_batch: bool = False
    owner: str | None = None
    people: tuple[tuple[str | None, str], ...] = ()


def project_id(key: str) -> str:
    """What addresses and links call a project: 16 hexadecimal digits, which say nothing of its key."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def checked_name(text: object, *, taken: Collection[str] = ()) -> str:
    """A project's name as it is kept: one line, without space around it.

    taken: the names of other projects. Raises ProjectNameError.
    """
    if not isinstance(text, str):
        raise ProjectNameError("the project's name: expected a text")
    name = " ".join("".join(one if one.isprintable() or one in _JOINERS else " " for one in text).split())
    if not 0 < len(name) <= MAX_PROJECT_NAME:
        found = counted(len(name), "character")
        raise ProjectNameError(f"the project's name has {found}, expected 1 to {MAX_PROJECT_NAME}")
    if _folded(name) in {_folded(other) for other in taken}:
        raise ProjectNameError(f"a project is called {name!r} already: choose another name")
    return name


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number behind it where another project has it."""
    others = {_folded(other) for other in taken}
    tried, number = name, 1
    while _folded(tried) in others:
        number += 1
        tail = f" {number}"
        tried = name[: MAX_PROJECT_NAME - len(tail)] + tail
    return tried


def is_same_name(one: str, other: str) -> bool:
    """Whether a person would take the two for one name: capitals do not count."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
