"""What the guards read of a request.

Tests: tests/web/sharing/test_forwarded.py
"""

from __future__ import annotations

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The first header of this name (in lower case), "" where there is none."""
    found = next((value for key, value in scope["headers"] if key == name), b"")
    return str(found.decode("latin-1"))


def first_of(text: str) -> str:
    """The first entry of a list with commas."""
    return text.partition(",")[0].strip()
