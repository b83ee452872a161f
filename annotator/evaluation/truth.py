"""Annotations of a COCO file, as the truth that a network is measured against.

Tests: tests/evaluation/test_network.py
"""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO

from annotator.core.errors import CocoError
from annotator.core.geometry import xyxy_to_xywh
from annotator.core.masks import Rle, rle_area, rle_box_xyxy
from annotator.evaluation.matching import Objects
from annotator.exchange.coco.lint import inspect_coco
from annotator.exchange.coco.opened import opened


@dataclass(frozen=True, eq=False)
class Truth:
    """Annotations that were checked, and completed, before pycocotools saw them.

    maskless: how many annotations of a category, by its id, have a box alone.
    """

    coco: COCO
    file: Path
    maskless: Counter[int]

    @classmethod
    def read(cls, file: Path) -> Truth:
        """Raises CocoError, listing every error of the file."""
        document = opened(file)
        if not isinstance(document, dict):
            raise CocoError(f"{file}: is a list of results, expected annotations: images, annotations, categories")
        annotations: list[dict[str, Any]] = []

        def take(row: dict[str, Any], rle: Rle | None) -> None:
            # COCOeval stops at an absent key, and takes a match with the id 0 for none.
            annotations.append(_completed(row, rle, id=len(annotations) + 1))

        inspection = inspect_coco(document, take=take)
        if inspection.errors:
            raise CocoError([replace(problem, file=str(file)) for problem in inspection.errors])
        coco = COCO()
        coco.dataset = {**inspection.document, "annotations": annotations}
        with contextlib.redirect_stdout(io.StringIO()):
            coco.createIndex()
        maskless = Counter(row["category_id"] for row in annotations if "segmentation" not in row)
        return cls(coco, file, maskless)

    def objects(self, image_id: int, categories: Sequence[int]) -> Objects:
        """Those of an image that are of these categories; with masks where each has one."""
        rows: list[Mapping[str, Any]] = [
            row for row in self.coco.imgToAnns.get(image_id, []) if row["category_id"] in categories
        ]
        masks = [mask_of(row) for row in rows if "segmentation" in row]
        return Objects(
            categories=np.array([row["category_id"] for row in rows], np.int64),
            boxes=np.array([row["bbox"] for row in rows], float).reshape(-1, 4),
            masks=masks if len(masks) == len(rows) else None,
            areas=np.array([row["area"] for row in rows], float),
            scores=np.ones(len(rows)),
            crowd=np.array([row["iscrowd"] == 1 for row in rows], bool),
        )


def mask_of(row: Mapping[str, Any]) -> Rle:
    """Of an annotation or a result."""
    height, width = row["segmentation"]["size"]
    return Rle(height, width, row["segmentation"]["counts"])


def _completed(row: dict[str, Any], rle: Rle | None, *, id: int) -> dict[str, Any]:
    """An annotation with every key that COCOeval reads; missing ones are computed from its mask or its box."""
    made = {"id": id, "image_id": row["image_id"], "category_id": row["category_id"]}
    made["iscrowd"] = int(row.get("iscrowd") or 0)
    if rle is not None:
        made["segmentation"] = {"size": [rle.height, rle.width], "counts": rle.counts}
    box: list[float] = row.get("bbox") or list(xyxy_to_xywh(rle_box_xyxy(rle) if rle else (0, 0, 0, 0)))
    area = row.get("area")
    if area is None:
        area = rle_area(rle) if rle else box[2] * box[3]
    return {**made, "bbox": box, "area": area}
