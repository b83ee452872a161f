"""Words of the lines that a person reads."""

from __future__ import annotations

import re


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: 1 image, 2 images, 1,024 images.

    plural: where it is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def are(number: int) -> str:
    """The verb for a number of things: 1 is, 2 are."""
    return "is" if number == 1 else "are"


def natural_order(name: str) -> str:
    """A text by which names sort as people expect: numbers by their value, capitals beside small letters.

    >>> sorted(["B.jpg", "a10.jpg", "a9.jpg"], key=natural_order)
    ['a9.jpg', 'a10.jpg', 'B.jpg']
    """
    return re.sub(r"[0-9]+", _by_value, name.casefold())


def _by_value(digits: re.Match[str]) -> str:
    significant = digits.group().lstrip("0")
    return f"{len(significant):04d}{significant}"
