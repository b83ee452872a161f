"""Lists of results -> suggestions.

Tests: tests/exchange/test_coming.py, tests/exchange/coco/test_writer.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from annotator.core import masks
from annotator.core.budget import WorkBudget
from annotator.core.dataset import (
    Dataset,
    Image,
    Suggestion,
)
from annotator.core.errors import CocoError, GeometryError
from annotator.core.masks import Rle
from annotator.core.polygons import polygons_to_rle
from annotator.core.problems import Findings
from annotator.exchange.coco.lint import inspect_coco
from annotator.exchange.coco.lint.whole_numbers import whole_result
from annotator.exchange.coco.opened import StoredList
from annotator.exchange.coco.values import rasterised
from annotator.exchange.matching import Names
from annotator.system.collection import collection_paused

_IMPORT = "import"


@dataclass(frozen=True)
class Results:
    """A list of results as suggestions by image id. boxes: how many had a box alone. empty: how many had no pixel."""

    suggestions: dict[int, tuple[Suggestion, ...]]
    boxes: int = 0
    empty: int = 0


@collection_paused()
def results_to_suggestions(
    document: list[Any] | StoredList, dataset: Dataset, *, source: str = _IMPORT, most: int | None = None
) -> Results:
    """A list of results (image_id, category_id, segmentation or bbox, score) -> suggestions for the dataset's images.

    An image is found by its name where a result has one (`file_name`, or a text as `image_id`), else by its id. A
    result with a box alone has that box for a mask.
    most: problems of a kind that are listed; the others are counted.
    Raises CocoError, listing every result that is malformed or of an image or category not there.
    """
    inspection = inspect_coco(document, most=most)
    if inspection.errors:
        raise CocoError(inspection.errors)
    findings = Findings(most)
    images = _ImageFinder(dataset.images)
    categories = {category.id for category in dataset.categories}
    found: dict[int, list[Suggestion]] = {}
    boxes = empty = 0
    for index, one in enumerate(document):
        result = whole_result(one, Findings(0), index)  # which was told
        try:
            image = images.find(result)
            _require_known(result, categories)
            rle = _result_mask(result, image, inspection.budget)
        except _UnfitError as error:
            findings.error(f"[{index}].{error.key}", str(error))
            continue
        except GeometryError as error:
            findings.error(f"[{index}].segmentation{error.path}", error.message)
            continue
        boxes += _box_alone(result)
        if masks.rle_area(rle):
            offered = Suggestion(result["category_id"], float(result["score"]), rle, source)
            found.setdefault(image.id, []).append(offered)
        else:
            empty += 1
    if findings.errors:
        raise CocoError(findings.errors)
    return Results({image_id: tuple(suggestions) for image_id, suggestions in found.items()}, boxes, empty)


class _UnfitError(Exception):
    """A result that fits no image or category: its key, and why."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _require_known(result: dict[str, Any], categories: set[int]) -> None:
    if result["category_id"] not in categories:
        raise _UnfitError("category_id", f"is {result['category_id']}, which is not among the categories")
    if not 0 <= result["score"] <= 1:
        raise _UnfitError("score", f"is {result['score']}, expected 0 to 1")


class _ImageFinder:
    """The image that a result speaks of."""

    def __init__(self, images: Iterable[Image]) -> None:
        self._by_id = {image.id: image for image in images}
        self._names = Names((image.file_name, image) for image in self._by_id.values())
        self._stems = Names((_stem(image.file_name), image) for image in self._by_id.values())

    def find(self, result: dict[str, Any]) -> Image:
        """Raises _UnfitError if there is none, or more than one."""
        key = next((key for key in ("file_name", "image_id") if isinstance(result.get(key), str)), None)
        if key is None:
            image = self._by_id.get(result["image_id"])
            if image is None:
                raise _UnfitError("image_id", f"is {result['image_id']}, which is not among the images")
            return image
        sought = self._names.find(result[key])
        found = sought.found or self._stems.find(result[key]).found
        if found is None:
            raise _UnfitError(key, f"is {result[key]!r:.80}; {sought.why_not('no image has that name')}")
        return found


def _stem(name: str) -> str:
    """A name without its suffix."""
    return name.rpartition(".")[0] or name


def source_of(file: Path) -> str:
    """The source of results for which nobody has named the model: derived from the file's name."""
    return f"{file.stem[:100]}@results"


def _box_alone(result: dict[str, Any]) -> bool:
    return result.get("segmentation") in (None, [])


def _result_mask(result: dict[str, Any], image: Image, budget: WorkBudget) -> Rle:
    if not _box_alone(result):
        return rasterised(result["segmentation"], height=image.height, width=image.width, budget=budget)
    x, y, w, h = result["bbox"]
    left, right = (round(min(max(value, 0), image.width)) for value in (x, x + w))
    top, bottom = (round(min(max(value, 0), image.height)) for value in (y, y + h))
    ring = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    return polygons_to_rle([ring], height=image.height, width=image.width)
