"""Long polygons of a COCO document as arrays: Python's lists of numbers take the larger part of a document's memory.

Tests: tests/exchange/coco/test_packing.py
"""

from __future__ import annotations

from array import array
from typing import Any

_LONG = 24  # numbers of a polygon from which on an array takes less


def packed(item: dict[str, Any]) -> dict[str, Any]:
    """An object of a document, its long polygons as arrays of float64; a hook of `json.load`."""
    polygons = item.get("segmentation")
    if isinstance(polygons, list):
        item["segmentation"] = [_packed(polygon) for polygon in polygons]
    return item


def unpacked(item: dict[str, Any]) -> dict[str, Any]:
    """The object as its file has it."""
    polygons = item.get("segmentation")
    if isinstance(polygons, list) and any(isinstance(polygon, array) for polygon in polygons):
        return {**item, "segmentation": [_unpacked(polygon) for polygon in polygons]}
    return item


def _packed(polygon: Any) -> Any:
    # What is no list of numbers stays as it is, for the lint to name.
    if not isinstance(polygon, list) or len(polygon) < _LONG or not set(map(type, polygon)) <= {int, float}:
        return polygon
    try:
        return array("d", polygon)
    except OverflowError:  # a whole number beyond every double
        return polygon


def _unpacked(polygon: Any) -> Any:
    if not isinstance(polygon, array):
        return polygon
    return [int(value) if value.is_integer() else value for value in polygon]
