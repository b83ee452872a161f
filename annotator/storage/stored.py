"""Reads values that a failing disk or another program may have changed.

Tests: tests/storage/test_database.py
"""

from __future__ import annotations

import json
from typing import Any

from annotator.core.errors import StoreError
from annotator.core.polygons import Part
from annotator.storage.parts import parts_from_bytes


def json_of(text: str, place: str) -> Any:
    """Raises StoreError, naming the place, for what is not JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise _damaged(place, error) from error


def parts_of(content: bytes | None, place: str) -> tuple[Part, ...] | None:
    """Raises StoreError, naming the place, for what are no polygons."""
    try:
        return parts_from_bytes(content)
    except ValueError as error:
        raise _damaged(place, error) from error


def _damaged(place: str, error: ValueError) -> StoreError:
    reason = " ".join(str(error).split())[:120]
    return StoreError(f"{place}: is damaged in the project's database ({reason}); restore it from a backup")
