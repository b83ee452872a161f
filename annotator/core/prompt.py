"""What a person says of one object: points that belong to it or do not, and a box around it.

Tests: tests/vision/networks/prompts/test_asking.py
"""

from __future__ import annotations

from dataclasses import dataclass

from annotator.core.errors import GeometryError

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
