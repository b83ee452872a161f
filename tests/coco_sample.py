"""COCO's own annotations where data/eval is, else a file like them: what a test about them reads in any clone."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from annotator.core.categories import COCO_CATEGORIES
from tests.machine import DATA

NAMES = ("instances_80.json", "instances_person.json")
PICTURES, OBJECTS = 12, 18
SIZE = (640, 480)


@cache
def folder() -> Path:
    """A folder with the files of NAMES, and the pictures that they are about in `images`."""
    if DATA is not None:
        return Path(DATA) / "data" / "eval"
    made = Path(tempfile.mkdtemp(prefix="annotator-coco-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    (made / "images").mkdir()
    for name, categories in zip(NAMES, (COCO_CATEGORIES, COCO_CATEGORIES[:1]), strict=True):
        (made / name).write_text(json.dumps(_document(categories)))
    for image in _document(COCO_CATEGORIES)["images"]:
        grey = np.full((image["height"], image["width"], 3), 96, np.uint8)
        cv2.imwrite(str(made / "images" / image["file_name"]), grey)
    return made


def _document(categories):
    """As people drew for COCO: outlines of some ten vertices, two decimals, one in four in parts, few crowds."""
    dice = np.random.default_rng(1)
    width, height = SIZE
    images, annotations = [], []
    for id in range(1, PICTURES + 1):
        images.append({"id": id, "file_name": f"{id:012}.jpg", "width": width, "height": height})
        for place in range(OBJECTS):
            rings = _outlines(dice, parts=int(dice.integers(2, 4)) if place % 4 == 0 else 1)
            coded = coco_mask.merge(coco_mask.frPyObjects(rings, height, width))
            crowd = place == 1 and id % 3 == 0
            annotations.append(
                {
                    "id": 1000 * id + place,
                    "image_id": id,
                    "category_id": int(dice.choice([one.id for one in categories])),
                    "segmentation": _uncompressed(coded) if crowd else rings,
                    "area": float(coco_mask.area(coded)),
                    "bbox": np.round(coco_mask.toBbox(coded), 2).tolist(),
                    "iscrowd": int(crowd),
                }
            )
    known = [{"id": one.id, "name": one.name, "supercategory": one.supercategory} for one in categories]
    return {"images": images, "annotations": annotations, "categories": known}


def _outlines(dice, *, parts):
    """So many outlines side by side with a gap, [x0, y0, x1, y1, ...] each."""
    radius = dice.uniform(6, 70)
    across = parts * (2 * radius + 4)
    left = dice.uniform(0, max(SIZE[0] - across, 1))
    middle = dice.uniform(radius, SIZE[1] - radius)
    rings = []
    for part in range(parts):
        turns = np.sort(dice.uniform(0, 2 * np.pi, int(dice.integers(9, 24))))
        reach = radius * dice.uniform(0.6, 1, len(turns))
        x = left + radius + part * (2 * radius + 4) + reach * np.cos(turns)
        points = np.stack([x.clip(0, SIZE[0]), middle + reach * np.sin(turns)], axis=1)
        rings.append(np.round(points, 2).ravel().tolist())
    return rings


def _uncompressed(coded):
    flat = coco_mask.decode(coded).ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *edges, len(flat)]).tolist()
    return {"size": coded["size"], "counts": [0, *counts] if flat[0] else counts}
