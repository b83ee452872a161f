"""Keys of projects. A key cannot be guessed, and is the only permission."""

from __future__ import annotations

import re
import secrets

from annotator.core.errors import StoreError

_KEY = re.compile(r"[A-Za-z0-9_-]{32}")


class UnknownProjectError(StoreError):
    """A key that opens nothing."""

    def __init__(self) -> None:
        super().__init__("no such project: its key opens nothing here")


def make_key() -> str:
    """A new one: 24 random bytes."""
    return secrets.token_urlsafe(24)


def is_key(text: object) -> bool:
    """Whether it has a key's form."""
    return isinstance(text, str) and _KEY.fullmatch(text) is not None
