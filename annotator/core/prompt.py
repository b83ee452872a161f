"""What a person says of one object: points that belong to it or do not, and a box around it.

Tests: tests/vision/networks/prompts/test_asking.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from annotator.core.errors import GeometryError
from annotator.core.numbers import is_finite

MAX_POINTS = 200
"""Of one object. Whoever has set as many is better off drawing."""


@dataclass(frozen=True)
class Point:
    """In image pixels. belongs: whether it lies on the object, or on what is not the object."""

    x: float
    y: float
    belongs: bool = True


@dataclass(frozen=True)
class Prompt:
    """Points in the order in which they were set, and a box x0, y0, x1, y1, in image pixels."""

    points: tuple[Point, ...] = ()
    box_xyxy: tuple[float, float, float, float] | None = None

    @property
    def is_empty(self) -> bool:
        return not self.points and self.box_xyxy is None


@dataclass(frozen=True)
class Prompted:
    """What made a mask: the prompt, and the network that answered it, `name@hash`. An empty one: nothing was said."""

    prompt: Prompt = Prompt()
    by: str = ""

    @property
    def is_empty(self) -> bool:
        return self.prompt.is_empty


_BY = re.compile(r"[a-z0-9._-]{1,64}@[0-9a-f]{1,64}")
_BEYOND = 1e6
"""Image pixels, far beyond every picture."""


def prompted_to_json(prompted: Prompted) -> dict[str, Any]:
    """`{"by", "points": [[x, y, 1 or 0], ...], "box": [x0, y0, x1, y1] | null}`"""
    points = [[float(point.x), float(point.y), int(point.belongs)] for point in prompted.prompt.points]
    box = prompted.prompt.box_xyxy
    return {"by": prompted.by, "points": points, "box": None if box is None else list(map(float, box))}


def prompted_from_json(found: Any, path: str) -> Prompted:
    """The inverse of `prompted_to_json`; null gives an empty one. Raises GeometryError naming the path."""
    if found is None:
        return Prompted()
    if not isinstance(found, dict):
        raise GeometryError(f"{type(found).__name__}, expected an object", path=path)
    by = found.get("by")
    if not isinstance(by, str) or not _BY.fullmatch(by):
        raise GeometryError(f"{by!r:.80}, expected a network's name@hash", path=f"{path}.by")
    prompt = Prompt(points_from_json(found.get("points", []), path), box_from_json(found.get("box"), path))
    if prompt.is_empty:
        raise GeometryError("expected a point or a box", path=path)
    return Prompted(prompt, by)


def points_from_json(found: Any, path: str) -> tuple[Point, ...]:
    """`[[x, y, 1 where it belongs and 0 where not], ...]`. Raises GeometryError naming the path."""
    if not isinstance(found, list) or len(found) > MAX_POINTS:
        raise GeometryError(f"expected a list of at most {MAX_POINTS}", path=f"{path}.points")
    points = []
    for index, row in enumerate(found):
        if not isinstance(row, list) or len(row) != 3 or not all(map(is_finite, row)) or row[2] not in (0, 1):
            raise GeometryError("expected [x, y, 1 where it belongs and 0 where not]", path=f"{path}.points[{index}]")
        points.append(Point(float(row[0]), float(row[1]), bool(row[2])))
    return tuple(points)


def box_from_json(found: Any, path: str) -> tuple[float, float, float, float] | None:
    """`[x0, y0, x1, y1]` or null. Raises GeometryError naming the path."""
    if found is None:
        return None
    numbers = isinstance(found, list) and len(found) == 4 and all(map(is_finite, found))
    if not numbers or max(map(abs, found)) > _BEYOND:
        raise GeometryError("expected [x0, y0, x1, y1] in image pixels", path=f"{path}.box")
    x0, y0, x1, y1 = map(float, found)
    return x0, y0, x1, y1


def require_inside(prompt: Prompt, *, width: int, height: int) -> None:
    """Raises GeometryError for a point outside a picture of width x height, for too many, and for a box of no size.

    A box may reach beyond the picture, as a hand that drags does, but not lie beside it.
    """
    if len(prompt.points) > MAX_POINTS:
        raise GeometryError(f"{len(prompt.points)} points, expected at most {MAX_POINTS}", path="points")
    for index, point in enumerate(prompt.points):
        if not (0 <= point.x <= width and 0 <= point.y <= height):
            found = f"[{point.x:g}, {point.y:g}]"
            raise GeometryError(f"{found} lies outside the picture of {width} x {height}", path=f"points[{index}]")
    if prompt.box_xyxy is not None:
        x0, y0, x1, y1 = prompt.box_xyxy
        if min(x1, width) <= max(x0, 0) or min(y1, height) <= max(y0, 0):
            raise GeometryError(
                f"{list(prompt.box_xyxy)} holds nothing of the picture of {width} x {height}", path="box"
            )
