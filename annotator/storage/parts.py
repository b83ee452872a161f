"""Polygons as bytes, as the database stores them. As text they would dominate the size and the speed of a project.

Little-endian whole numbers of 32 bits: the form (4 or 8), how many parts, how many rings each part has, how many
points each ring has; then x, y of every point, as whole numbers of 32 bits (form 4) or as doubles (form 8).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from annotator.core.polygons import Part, Ring

_WHOLE, _DOUBLE = 4, 8
_HEAD: np.dtype[np.int32] = np.dtype("<i4")
_POINTS: dict[int, np.dtype[Any]] = {_WHOLE: np.dtype("<i4"), _DOUBLE: np.dtype("<f8")}
_FAR = 2**31 - 1


def parts_to_bytes(parts: tuple[Part, ...] | None) -> bytes | None:
    """Parts -> bytes; coordinates keep every bit."""
    if parts is None:
        return None
    rings = [ring for part in parts for ring in (part.outer, *part.holes)]
    points = np.concatenate(rings) if rings else np.zeros((0, 2))
    whole = bool(((points == np.trunc(points)) & (np.abs(points) <= _FAR)).all())
    form = _WHOLE if whole else _DOUBLE
    head = [form, len(parts), *(1 + len(part.holes) for part in parts), *(len(ring) for ring in rings)]
    return np.array(head, _HEAD).tobytes() + points.astype(_POINTS[form]).tobytes()


def parts_from_bytes(content: bytes | None) -> tuple[Part, ...] | None:
    """The inverse of `parts_to_bytes`; the rings cannot be written to. Raises ValueError for bytes that are not its."""
    if content is None:
        return None
    form, count = _head(content, 2, at=0)
    rings_of = _head(content, count, at=2)
    lengths = _head(content, sum(rings_of), at=2 + count)
    if form not in _POINTS or 0 in rings_of:
        raise ValueError("polygons: not in the form of the database")
    numbers = np.frombuffer(content, _POINTS[form], offset=4 * (2 + count + len(lengths)))
    if numbers.size != 2 * sum(lengths):
        raise ValueError(f"polygons: {numbers.size} numbers, expected {2 * sum(lengths)}")
    points = np.array(numbers.reshape(-1, 2), np.float64)
    points.setflags(write=False)
    # Of one ring, as most have, the array itself: a part of an array is an object of its own beside it.
    rings: list[Ring] = [points] if len(lengths) == 1 else np.split(points, np.cumsum(lengths)[:-1])
    parts, start = [], 0
    for number in rings_of:
        parts.append(Part(rings[start], tuple(rings[start + 1 : start + number])))
        start += number
    return tuple(parts)


def _head(content: bytes, count: int, *, at: int) -> list[int]:
    """`count` whole numbers from the `at`-th on, none of them negative."""
    found: list[int] = np.frombuffer(content, _HEAD, count, offset=4 * at).tolist() if count else []
    if min(found, default=0) < 0:
        raise ValueError("polygons: a negative count")
    return found
