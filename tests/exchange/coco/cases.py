"""A sound COCO file, and ways to make an odd or a broken one of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

NAN, INF = float("nan"), float("inf")
SQUARE = [1, 1, 5, 1, 5, 4, 1, 4]
RUNS = [9, 3, 5, 3, 5, 3, 5, 3, 44]  # the same mask of 4 x 3 pixels on 10 x 8


def sound() -> dict[str, Any]:
    """Two pictures, two categories, an instance each."""
    plain = {"area": 12, "bbox": [1, 1, 4, 3], "iscrowd": 0}
    return {
        "info": {"description": "test"},
        "licenses": [{"id": 1, "name": "CC0"}],
        "images": [
            {"id": 3, "width": 10, "height": 8, "file_name": "a.png", "license": 1},
            {"id": 4, "width": 9, "height": 9, "file_name": "sub/b.png", "license": 1},
        ],
        "categories": [{"id": 1, "name": "person", "supercategory": "person"}, {"id": 95, "name": "helmet"}],
        "annotations": [
            {"id": 7, "image_id": 3, "category_id": 1, "segmentation": [SQUARE], **plain},
            {"id": 8, "image_id": 4, "category_id": 95, "segmentation": [SQUARE], **plain},
        ],
    }


def write_pictures(folder: Path) -> None:
    """What `sound` names, each of other pixels, and one more that it does not."""
    for seed, (name, size) in enumerate({"a.png": (8, 10), "sub/b.png": (9, 9), "sub/C.png": (8, 10)}.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
        cv2.imwrite(str(path), pixels)


@dataclass(frozen=True)
class Case:
    name: str
    content: bytes
    findings: tuple[tuple[str, str, str], ...]
    """Level, place, part of the message: all of them are there, and no other error is."""


def case(name: str, change: Callable[[dict[str, Any]], Any] | bytes, *findings: tuple[str, str, str]) -> Case:
    if isinstance(change, bytes):
        return Case(name, change, findings)
    found = sound()
    made = change(found)
    return Case(name, json.dumps(found if made is None else made).encode(), findings)


def set_value(*way_and_value: Any) -> Callable[[dict[str, Any]], None]:
    *way, last, value = way_and_value

    def change(document: dict[str, Any]) -> None:
        inner: Any = document
        for step in way:
            inner = inner[step]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value

    return change


def set_image(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return set_value("images", 0, name, value)


def set_category(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return set_value("categories", 1, name, value)


def set_first(**values: Any) -> Callable[[dict[str, Any]], None]:
    """Values of the first annotation; `...` removes one."""

    def change(document: dict[str, Any]) -> None:
        for name, value in values.items():
            set_value("annotations", 0, name, value)(document)

    return change


def repeat(kind: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    """The first item of a list once more at its end, with other values."""

    def change(document: dict[str, Any]) -> None:
        document[kind].append({**copy.deepcopy(document[kind][0]), **values})

    return change


def rle(counts: Any, size: Any = (8, 10)) -> dict[str, Any]:
    return {"size": list(size) if isinstance(size, tuple) else size, "counts": counts}


def renumber(found: dict[str, Any], id: int) -> None:
    found["categories"][1]["id"] = found["annotations"][1]["category_id"] = id


def renumber_image(found: dict[str, Any], id: object) -> None:
    found["images"][0]["id"] = found["annotations"][0]["image_id"] = id


def write_as_lvis(found: dict[str, Any]) -> None:
    """Version 1 has no file names, and keys of its own."""
    name = found["images"][0].pop("file_name")
    found["images"][0] |= {"coco_url": f"http://images.cocodataset.org/train2017/{name}", "neg_category_ids": [95]}
    for category in found["categories"]:
        category |= {"frequency": "r", "synset": "person.n.01", "synonyms": ["person"], "def": "a person"}
    for annotation in found["annotations"]:
        del annotation["iscrowd"]


def resize(found: dict[str, Any], width: int, height: int) -> None:
    found["images"][0] |= {"width": width, "height": height}
