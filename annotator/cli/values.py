"""What options may be, as argparse asks for it: text -> value, or one line that says what was expected."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Container, Iterator
from typing import TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""Where a verb adds its own parser."""


class Choices(Container[str]):
    """What an option may be, found out when it is asked for: `--help` answers at once."""

    def __init__(self, find: Callable[[], Collection[str]]) -> None:
        self._find = find

    def __contains__(self, value: object) -> bool:
        return value in self._find()

    def __iter__(self) -> Iterator[str]:
        return iter(self._find())


def port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r}, expected 1 to 65535")
    return int(text)


def whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 0 on")
    return int(text)


def source(text: str) -> str:
    model, _, version = text.rpartition("@")
    if not model or not version or not text.isprintable() or len(text) > 200:
        raise argparse.ArgumentTypeError(f"{text!r:.80}, expected MODEL@VERSION, as in person-0007@2023.0")
    return text


def shares(text: str) -> dict[str, float]:
    """Shares of train, val and test; the last one may be left out."""
    try:
        shares = [float(share) for share in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) == 1:
        shares.append(1 - shares[0])
    if not 2 <= len(shares) <= 3 or not all(0 < share < 1 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected 0.8, or two or three shares that add up to 1: 0.7,0.2,0.1"
        )
    return dict(zip(("train", "val", "test"), shares, strict=False))


def count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 1")
    return int(text)


def score(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a number from 0 to 1")
    return value
