"""Single values of a COCO document: checked, shown in messages, rasterised where pycocotools can take them.

Tests: tests/exchange/coco/test_odd_coco.py, tests/exchange/coco/test_check.py
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.core import masks
from annotator.core.budget import WorkBudget
from annotator.core.errors import GeometryError
from annotator.core.limits import MAX_SIDE
from annotator.core.masks import Rle
from annotator.core.numbers import is_finite, is_id
from annotator.core.polygons import Ring, polygons_to_rle

IMAGE_KEYS = frozenset({"id", "width", "height", "file_name"})
ANNOTATION_KEYS = frozenset({"id", "image_id", "category_id", "segmentation", "area", "bbox", "iscrowd"})
CATEGORY_KEYS = frozenset({"id", "name", "supercategory"})
"""What is read of each; every other key is carried through."""

LISTS = frozenset({"images", "annotations", "categories"})
"""What is read of a document; every other top-level key is carried through."""

_FEW, _SHOWN = 6, 60  # items of a list, and characters, that a message shows


def name_of(image: Mapping[str, Any]) -> object:
    """An image's file name; LVIS has none but the last part of `coco_url`."""
    name, url = image.get("file_name"), image.get("coco_url")
    if name is None and isinstance(url, str):
        return url.rpartition("/")[2] or None
    return name


def polygons_of(value: Sequence[object]) -> list[Ring]:
    """COCO's polygons, each a flat list x, y, x, y, ... -> rings. Raises GeometryError where they cannot be ones."""
    if value and all(isinstance(item, int | float | str) for item in value):
        raise GeometryError("a flat list, expected a list of polygons")
    return [_ring(polygon, f"[{index}]") for index, polygon in enumerate(value)]


def _ring(polygon: object, path: str) -> Ring:
    if isinstance(polygon, array):
        return _points(np.frombuffer(polygon, np.float64), polygon, path)
    if not isinstance(polygon, list):
        raise GeometryError(f"is {shown(polygon)}, expected a polygon, a list of numbers", path=path)
    if polygon and all(isinstance(point, list) for point in polygon):
        raise GeometryError("is a list of points, expected a flat list x, y, x, y, ...", path=path)
    if not set(map(type, polygon)) <= {int, float}:
        strange = next(value for value in polygon if type(value) not in (int, float))
        raise GeometryError(f"holds something other than numbers: {shown(strange)}", path=path)
    try:
        numbers = np.array(polygon, np.float64)
    except OverflowError:  # a whole number beyond every double
        numbers = np.full(len(polygon), np.inf)
    return _points(numbers, polygon, path)


def _points(numbers: NDArray[np.float64], polygon: Iterable[object], path: str) -> Ring:
    """numbers: those of the polygon."""
    if len(numbers) < 6 or len(numbers) % 2:
        raise GeometryError(f"has {len(numbers)} numbers, expected an even count of at least 6", path=path)
    if not np.isfinite(numbers).all():
        strange = next((value for value in polygon if not is_finite(value)), None)
        raise GeometryError(f"holds {shown(strange)}, expected finite numbers", path=path)
    return numbers.reshape(-1, 2)


def rasterised(segmentation: object, *, height: int, width: int, budget: WorkBudget) -> Rle:
    """COCO's segmentation of an image -> mask. Raises GeometryError where it is neither polygons nor an RLE.

    budget: what the file's polygons may cost.
    """
    if isinstance(segmentation, list):
        rle = polygons_to_rle(polygons_of(segmentation), height=height, width=width, budget=budget)
        return masks.require_storable(rle)
    return rle_of(segmentation, size=(height, width))


def shown(value: object) -> str:
    """A value as a message shows it: short, on one line, safe at any depth."""
    if isinstance(value, list) and 0 < len(value) <= _FEW and not any(isinstance(item, list | dict) for item in value):
        items = f"[{', '.join(map(shown, value))}]"
        if len(items) <= _SHOWN:
            return items
    if isinstance(value, list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of more than 20 digits"
    return repr(value) if len(repr(value)) <= _SHOWN else f"{repr(value)[: _SHOWN - 3]}..."


def named_by_id(item: Mapping[str, Any]) -> str:
    """The id as the end of a message, which begins with the path in the file."""
    return f" (id {item['id']})" if is_id(item.get("id")) else ""


def _whole(value: object) -> object:
    """A list with whole numbers where it had 640.0."""
    if isinstance(value, list) and any(type(item) is float for item in value):
        return [int(item) if type(item) is float and item.is_integer() else item for item in value]
    return value


def rle_of(value: object, *, size: tuple[int, int] | None) -> Rle:
    if not isinstance(value, dict):
        raise GeometryError(f"is {shown(value)}, expected polygons or an RLE")
    found, counts = _whole(value.get("size")), _whole(value.get("counts"))
    if not (isinstance(found, list) and len(found) == 2 and all(is_id(side) for side in found)):
        raise GeometryError(f"size is {shown(found)}, expected [height, width]")
    if size is not None and tuple(found) != size:
        swapped = " (height comes first)" if tuple(found[::-1]) == size else ""
        raise GeometryError(f"size {found}, image is {list(size)}{swapped}")
    if not all(0 < side <= MAX_SIDE for side in found):
        raise GeometryError(f"size {found}, expected 1 to {MAX_SIDE} pixels a side")
    if not isinstance(counts, str | list):
        raise GeometryError(f"counts is {shown(counts)}, expected a text or a list of whole numbers")
    if isinstance(counts, str) and counts.startswith(("b'", 'b"')):
        raise GeometryError("counts are Python's text of bytes (b'...'), expected the bytes decoded as ASCII")
    return masks.require_storable(masks.checked_rle(counts, height=found[0], width=found[1]))
