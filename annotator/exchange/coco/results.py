"""Lists of results -> suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotator.core import masks
from annotator.core.dataset import (
    Dataset,
    Image,
    Suggestion,
)
from annotator.core.errors import CocoError, GeometryError
from annotator.core.masks import Rle
from annotator.core.polygons import polygons_to_rle
from annotator.exchange.coco.lint import inspect_coco
from annotator.exchange.coco.values import rasterised
from annotator.system.collection import collection_paused

_IMPORT = "import"


@dataclass(frozen=True)
class Results:
    """A list of results as suggestions, by image id; and how many had a box alone, and how many had no pixel."""

    suggestions: dict[int, tuple[Suggestion, ...]]
    boxes: int = 0
    empty: int = 0


@collection_paused()
def results_to_suggestions(document: list[Any], dataset: Dataset, *, source: str = _IMPORT) -> Results:
    """A list of results (image_id, category_id, segmentation or bbox, score) -> suggestions for the dataset's images.

    An image is found by its name where a result has one (`file_name`, or a text as `image_id`), else by its id. A
    result with a box alone has that box for a mask.
    Raises CocoError, listing every result that is malformed or of an image or category not there.
    """
    problems = [str(problem) for problem in inspect_coco(document).errors]
    if problems:
        raise CocoError(problems)
    images = _ImageFinder(dataset.images)
    categories = {category.id for category in dataset.categories}
    found: dict[int, list[Suggestion]] = {}
    boxes = empty = 0
    for index, result in enumerate(document):
        place = f"[{index}]"
        try:
            image = images.find(result)
            if result["category_id"] not in categories:
                raise CocoError([f".category_id: is {result['category_id']}, which is not among the categories"])
            if not 0 <= result["score"] <= 1:
                raise CocoError([f".score: is {result['score']}, expected 0 to 1"])
            rle = _result_mask(result, image)
        except (CocoError, GeometryError) as error:
            problems.append(f"{place}{error}" if isinstance(error, CocoError) else f"{place}.segmentation: {error}")
            continue
        boxes += _box_alone(result)
        if masks.rle_area(rle):
            offered = Suggestion(result["category_id"], float(result["score"]), rle, source)
            found.setdefault(image.id, []).append(offered)
        else:
            empty += 1
    if problems:
        raise CocoError(problems)
    return Results({image_id: tuple(suggestions) for image_id, suggestions in found.items()}, boxes, empty)


class _ImageFinder:
    """The image that a result speaks of."""

    def __init__(self, images: Iterable[Image]) -> None:
        self._by_id = {image.id: image for image in images}
        self._by_name: dict[str, dict[int, Image]] = {}
        for image in self._by_id.values():
            plain = image.file_name.replace("\\", "/")
            last = plain.rsplit("/", 1)[-1]
            for name in (plain, last, last.rpartition(".")[0] or last):
                self._by_name.setdefault(name, {})[image.id] = image

    def find(self, result: dict[str, Any]) -> Image:
        """Raises CocoError if there is none, or more than one."""
        key = next((key for key in ("file_name", "image_id") if isinstance(result.get(key), str)), None)
        if key is None:
            image = self._by_id.get(result["image_id"])
            if image is None:
                raise CocoError([f".image_id: is {result['image_id']}, which is not among the images"])
            return image
        named = self._by_name.get(result[key].replace("\\", "/"), {})
        if len(named) != 1:
            count = f"the name of {len(named)} images" if named else "which is not among the images"
            raise CocoError([f".{key}: is {result[key]!r:.80}, {count}"])
        return next(iter(named.values()))


def _box_alone(result: dict[str, Any]) -> bool:
    return result.get("segmentation") in (None, [])


def _result_mask(result: dict[str, Any], image: Image) -> Rle:
    if not _box_alone(result):
        return rasterised(result["segmentation"], height=image.height, width=image.width)
    x, y, w, h = result["bbox"]
    left, right = (round(min(max(value, 0), image.width)) for value in (x, x + w))
    top, bottom = (round(min(max(value, 0), image.height)) for value in (y, y + h))
    ring = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    return polygons_to_rle([ring], height=image.height, width=image.width)
