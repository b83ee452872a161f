"""Random annotations and detections, as COCO has them and as ours, in which everything that counts occurs."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annotator.core.masks import Rle
from annotator.evaluation.matching import Objects

SIDE = 260
CATEGORIES = (1, 2, 5)


def random_set(seed: int, *, pictures: int = 12) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Annotations and results: small to large, crowds, near doubles, equal scores, now and then over a hundred."""
    rng = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image in range(1, pictures + 1):
        for _ in range(rng.integers(0, 7)):
            row = shape(rng) | {"image_id": image, "category_id": int(rng.choice(CATEGORIES))}
            area = row["area"] * rng.choice([1.0, 0.5])  # people's areas are not always those of the masks
            annotations.append(row | {"id": len(annotations) + 1, "iscrowd": int(rng.random() < 0.2), "area": area})
        for row in [one for one in annotations if one["image_id"] == image]:
            for _ in range(rng.integers(0, 3)):
                near = shape(rng, near=row["bbox"])
                category = row["category_id"] if rng.random() < 0.8 else int(rng.choice(CATEGORIES))
                results.append(near | {"image_id": image, "category_id": category})
        for _ in range(130 if image == 1 else rng.integers(0, 4)):
            results.append(
                shape(rng) | {"image_id": image, "category_id": 1 if image == 1 else int(rng.choice(CATEGORIES))}
            )
    for row in results:
        row["score"] = float(np.round(rng.random(), 2))
        del row["area"]
    return annotations, results


def shape(rng: np.random.Generator, near: list[float] | None = None) -> dict[str, Any]:
    """An ellipse in its box, somewhere or near another."""
    if near is None:
        width, height = np.exp(rng.uniform(np.log(6), np.log(140), 2))
        x, y = rng.uniform(0, SIDE - width), rng.uniform(0, SIDE - height)
    else:
        x, y, width, height = np.array(near) + rng.normal(0, 0.06, 4) * np.array(near)[[2, 3, 2, 3]]
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    inside = ((columns - x - width / 2) / (width / 2)) ** 2 + ((rows - y - height / 2) / (height / 2)) ** 2 <= 1
    coded = coco_mask.encode(np.asfortranarray(inside.astype(np.uint8)))
    segmentation = {"size": coded["size"], "counts": coded["counts"].decode()}
    return {
        "segmentation": segmentation,
        "bbox": [float(x), float(y), float(max(1, width)), float(max(1, height))],
        "area": float(coco_mask.area(coded)),
    }


def objects_of(rows: list[dict[str, Any]], image: int, *, detections: bool) -> Objects:
    mine = [row for row in rows if row["image_id"] == image]
    return Objects(
        categories=np.array([row["category_id"] for row in mine], np.int64),
        boxes=np.array([row["bbox"] for row in mine], float).reshape(-1, 4),
        masks=[Rle(*row["segmentation"]["size"], row["segmentation"]["counts"]) for row in mine],
        areas=np.array([coco_mask.area(row["segmentation"]) if detections else row["area"] for row in mine], float),
        scores=np.array([row.get("score", 1.0) for row in mine], float),
        crowd=np.array([row.get("iscrowd", 0) == 1 for row in mine], bool),
    )


def coco_eval(annotations: list[dict[str, Any]], results: list[dict[str, Any]], kind: str, pictures: int) -> COCOeval:
    """As pycocotools measures it."""
    coco = COCO()
    coco.dataset = {
        "images": [{"id": id, "width": SIDE, "height": SIDE} for id in range(1, pictures + 1)],
        "annotations": annotations,
        "categories": [{"id": id, "name": str(id)} for id in CATEGORIES],
    }
    wanted = "bbox" if kind == "bbox" else "segmentation"
    rows = [{key: row[key] for key in ("image_id", "category_id", "score", wanted)} for row in results]
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        measured = COCOeval(coco, coco.loadRes(rows), kind)
        measured.evaluate()
        measured.accumulate()
        measured.summarize()
    return measured
