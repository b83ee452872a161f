"""Objects that an import brought as boxes alone: no mask was ever drawn, and a format says what becomes of them.

Tests: tests/exchange/formats/test_polygons.py, tests/exchange/formats/test_csv.py
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotator.core.dataset import Image, without_mask
from annotator.core.numbers import is_finite


@dataclass(frozen=True)
class Box:
    """One object without a mask. xyxy: inside its image, in pixels. clipped: it reached beyond the image."""

    id: int
    category_id: int
    xyxy: tuple[float, float, float, float]
    crowd: bool = False
    clipped: bool = False

    def to_array(self) -> NDArray[np.float64]:
        return np.array(self.xyxy, np.float64)


def boxes_of(image: Image, *, categories: Collection[int]) -> tuple[list[Box], list[int]]:
    """The boxes of an image that have no mask, and the ids of those objects that have no box inside the image either.

    categories: their ids; an object of another one cannot be named.
    """
    boxes, nowhere = [], []
    for item in without_mask(image):
        sides = item.get("bbox")
        if item["category_id"] not in categories or not isinstance(sides, list) or len(sides) != 4:
            nowhere.append(item["id"])
            continue
        if not all(is_finite(side) for side in sides):
            nowhere.append(item["id"])
            continue
        x, y, width, height = map(float, sides)
        whole = (x, y, x + width, y + height)
        inside = (max(x, 0.0), max(y, 0.0), min(x + width, image.width), min(y + height, image.height))
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            nowhere.append(item["id"])
            continue
        crowd = item.get("iscrowd") == 1
        boxes.append(Box(item["id"], item["category_id"], inside, crowd=crowd, clipped=inside != whole))
    return boxes, nowhere
