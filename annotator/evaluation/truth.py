"""Annotations of a COCO file, as the truth that a network is measured against.

Tests: tests/evaluation/test_network.py
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from annotator.core.errors import CocoError
from annotator.core.geometry import xyxy_to_xywh
from annotator.core.masks import Rle, rle_area, rle_box_xyxy
from annotator.evaluation.matching import Objects
from annotator.exchange.coco.lint import inspect_coco
from annotator.exchange.coco.opened import opened


@dataclass(frozen=True, eq=False)
class Truth:
    """Annotations that were checked, and completed with whatever a figure is made of.

    images, categories: as the file has them, the images in order of id. counts: how many annotations a category has,
    by its id; maskless: how many of them have a box alone.
    """

    file: Path
    images: Sequence[Mapping[str, Any]]
    categories: Sequence[Mapping[str, Any]]
    counts: Counter[int]
    maskless: Counter[int]
    _packed: Mapping[int, bytearray]
    """By image, one after the other. As values they would take four times the memory."""

    @classmethod
    def read(cls, file: Path) -> Truth:
        """Raises CocoError, listing every error of the file."""
        document = opened(file)
        if not isinstance(document, dict):
            raise CocoError(f"{file}: is a list of results, expected annotations: images, annotations, categories")
        counts, maskless = Counter[int](), Counter[int]()
        found: dict[int, bytearray] = {}

        def take(row: dict[str, Any], rle: Rle | None) -> None:
            counts[row["category_id"]] += 1
            maskless[row["category_id"]] += rle is None
            found.setdefault(row["image_id"], bytearray()).extend(pickle.dumps(_completed(row, rle)))

        inspection = inspect_coco(document, take=take)
        if inspection.errors:
            raise CocoError([replace(problem, file=str(file)) for problem in inspection.errors])
        images = sorted(inspection.document["images"], key=itemgetter("id"))
        return cls(file, images, inspection.document["categories"], counts, maskless, found)

    def objects(self, image_id: int, categories: Sequence[int]) -> Objects:
        """Those of an image that are of these categories; with masks where each has one."""
        rows = [row for row in self._rows(image_id) if row.category_id in categories]
        masks = [Rle(*row.rle) for row in rows if row.rle is not None]
        return Objects(
            categories=np.array([row.category_id for row in rows], np.int64),
            boxes=np.array([row.box_xywh for row in rows], float).reshape(-1, 4),
            masks=masks if len(masks) == len(rows) else None,
            areas=np.array([row.area for row in rows], float),
            scores=np.ones(len(rows)),
            crowd=np.array([row.crowd for row in rows], bool),
        )

    def _rows(self, image_id: int) -> Iterator[_Row]:
        packed = self._packed.get(image_id, b"")
        unread = BytesIO(packed)
        while unread.tell() < len(packed):
            yield _Row(*pickle.load(unread))  # noqa: S301 - packed by `read`


class _Row(NamedTuple):
    """An annotation. rle: its height, width and counts."""

    category_id: int
    box_xywh: list[float]
    area: float
    crowd: bool
    rle: tuple[int, int, str] | None


def mask_of(row: Mapping[str, Any]) -> Rle:
    """Of an annotation or a result."""
    height, width = row["segmentation"]["size"]
    return Rle(height, width, row["segmentation"]["counts"])


def _completed(row: dict[str, Any], rle: Rle | None) -> tuple[Any, ...]:
    """The values of a `_Row`; missing ones are computed from the annotation's mask or its box."""
    box: list[float] = row.get("bbox") or list(xyxy_to_xywh(rle_box_xyxy(rle) if rle else (0, 0, 0, 0)))
    area = row.get("area")
    if area is None:
        area = rle_area(rle) if rle else box[2] * box[3]
    coded = None if rle is None else (rle.height, rle.width, rle.counts)
    return row["category_id"], box, area, int(row.get("iscrowd") or 0) == 1, coded
