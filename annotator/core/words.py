"""Words of the lines that a person reads."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: 1 image, 2 images, 1,024 images.

    plural: where it is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def are(number: int) -> str:
    """What a number of things does: 1 is, 2 are."""
    return "is" if number == 1 else "are"
