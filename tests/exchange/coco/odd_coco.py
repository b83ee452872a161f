"""COCO files as tools, scripts and accidents leave them: odd but valid ones, and broken ones, each with its findings.

A case is what becomes of a sound file, what the linter must say (level, place, part of the message), and whether the
file can be imported. An error forbids it, nothing else does.
"""

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
_CAPITALS = "; there is 'a.png', spelled otherwise"
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


def _case(name: str, change: Callable[[dict[str, Any]], Any] | bytes, *findings: tuple[str, str, str]) -> Case:
    if isinstance(change, bytes):
        return Case(name, change, findings)
    found = sound()
    made = change(found)
    return Case(name, json.dumps(found if made is None else made).encode(), findings)


def _set(*way_and_value: Any) -> Callable[[dict[str, Any]], None]:
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


def _image(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return _set("images", 0, name, value)


def _category(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return _set("categories", 1, name, value)


def _first(**values: Any) -> Callable[[dict[str, Any]], None]:
    """Values of the first annotation; `...` removes one."""

    def change(document: dict[str, Any]) -> None:
        for name, value in values.items():
            _set("annotations", 0, name, value)(document)

    return change


def _again(kind: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    """The first item of a list once more at its end, with other values."""

    def change(document: dict[str, Any]) -> None:
        document[kind].append({**copy.deepcopy(document[kind][0]), **values})

    return change


def _rle(counts: Any, size: Any = (8, 10)) -> dict[str, Any]:
    return {"size": list(size) if isinstance(size, tuple) else size, "counts": counts}


def _renumber(found: dict[str, Any], id: int) -> None:
    found["categories"][1]["id"] = found["annotations"][1]["category_id"] = id


def _renumber_image(found: dict[str, Any], id: object) -> None:
    found["images"][0]["id"] = found["annotations"][0]["image_id"] = id


def _as_lvis(found: dict[str, Any]) -> None:
    """Version 1 has no file names, and keys of its own."""
    name = found["images"][0].pop("file_name")
    found["images"][0] |= {"coco_url": f"http://images.cocodataset.org/train2017/{name}", "neg_category_ids": [95]}
    for category in found["categories"]:
        category |= {"frequency": "r", "synset": "person.n.01", "synonyms": ["person"], "def": "a person"}
    for annotation in found["annotations"]:
        del annotation["iscrowd"]


def _resize(found: dict[str, Any], width: int, height: int) -> None:
    found["images"][0] |= {"width": width, "height": height}


_TEXT = json.dumps(sound())
_A = "annotations[0]"
_S = f"{_A}.segmentation"

VALID = [
    _case("sound", _TEXT.encode()),
    _case("byte order mark", b"\xef\xbb\xbf" + _TEXT.encode(), ("warning", "", "byte order mark")),
    _case("UTF-16", _TEXT.encode("utf-16"), ("warning", "", "is UTF-16, expected UTF-8")),
    _case("spread over lines", json.dumps(sound(), indent=4).replace("\n", "\r\n").encode()),
    _case("info as text", _set("info", "2017"), ("warning", "info", "is '2017', expected an object")),
    _case("licenses null", _set("licenses", None), ("warning", "licenses", "is None, expected a list")),
    _case(
        "polygon in shares",
        _first(segmentation=[[0.1, 0.1, 0.5, 0.1, 0.5, 0.4]]),
        ("warning", _S, "covers no pixel; from 0 to 1"),
    ),
    _case("our own key, forged", _image("annotator", {"without_mask": [{"id": "x"}], "reviewed": "no"})),
    _case("our own key on an annotation", _first(annotator={"source": "", "score": 7, "edits": "x", "seconds": -1})),
    _case("info absent", _set("info", ...), ("note", "info", "absent")),
    _case("licenses absent", _set("licenses", ...), ("note", "licenses", "absent")),
    _case("licence unknown", _image("license", 9), ("note", "images[0].license", "is 9, which is not among")),
    _case("no annotation", _set("annotations", []), ("warning", "annotations", "none")),
    _case("an image without annotations", _set("annotations", 0, ...), ("note", "images", "1 without annotations")),
    _case("unicode names", _category("name", "каска 安全帽 🪖")),
    _case("unicode escapes", json.dumps(sound()).replace("helmet", r"\u00e9\ud83e\ude96").encode()),
    _case("spaces around a name", _category("name", " helmet "), ("warning", "categories[1].name", "spaces around")),
    _case("category 0", lambda found: _renumber(found, 0), ("note", "categories", "id 0")),
    _case("a category of COCO under another id", _category("name", "car"), ("note", "categories[1].id", "3 in COCO")),
    _case("supercategory null", _category("supercategory", None)),
    _case("names twice", _category("name", "person"), ("warning", "categories", "'person' appears 2 times")),
    _case("names in other capitals", _category("name", "Person"), ("warning", "categories", "in capitals only")),
    _case("image id 0", lambda found: _renumber_image(found, 0)),
    _case("annotation id 0", _first(id=0), ("warning", f"{_A}.id", "is 0")),
    _case("the greatest id", _first(id=2**53 - 1)),
    _case("iscrowd true", _first(iscrowd=True), ("warning", f"{_A}.iscrowd", "is True, expected 1")),
    _case("iscrowd 0.0", _first(iscrowd=0.0), ("warning", f"{_A}.iscrowd", "is 0.0, expected 0")),
    _case("iscrowd absent", _first(iscrowd=...), ("warning", f"{_A}.iscrowd", "absent")),
    _case("a crowd of polygons", _first(iscrowd=1), ("warning", f"{_A}.iscrowd", "1 beside polygons")),
    _case("runs", _first(segmentation=_rle(RUNS)), ("note", "annotations", "RLE with iscrowd 0")),
    _case("a crowd", _first(segmentation=_rle(RUNS), iscrowd=1)),
    _case("runs of no length", _first(segmentation=_rle([9, 3, 0, 0, *RUNS[2:], 0]))),
    _case("two parts", _first(segmentation=[SQUARE, [6, 5, 9, 5, 9, 7, 6, 7]], area=18, bbox=[1, 1, 8, 6])),
    _case("ids with a point and nothing behind it", _first(id=7.0), ("warning", f"{_A}.id", "is 7.0, taken as 7")),
    _case("sides with a point", _image("width", 10.0), ("warning", "images[0].width", "is 10.0, taken as 10")),
    _case(
        "runs with a point and nothing behind it",
        _first(segmentation=_rle([80.0], [8.0, 10.0])),
    ),
    _case("numbers with a point", _first(segmentation=[[float(value) for value in SQUARE]], area=12.0)),
    _case("a polygon that ends where it began", _first(segmentation=[[*SQUARE, 1, 1]])),
    _case(
        "polygons beyond the image",
        _first(segmentation=[[-9, 1, 5, 1, 5, 4, -9, 4]]),
        ("warning", f"{_S}[0]", "leaves the image"),
    ),
    _case(
        "a polygon that crosses itself",
        _first(segmentation=[[1, 1, 9, 7, 9, 1, 1, 7]], area=24, bbox=[1, 1, 8, 6]),
        ("warning", _S, "crosses itself: outlines of 0 px2 fill 2"),
    ),
    _case(
        "a hole as a second polygon",
        _first(segmentation=[[0, 0, 10, 0, 10, 8, 0, 8], [2, 2, 8, 2, 8, 6, 2, 6]], area=80, bbox=[0, 0, 10, 8]),
        ("note", _S, "lie in each other, which makes no hole: outlines of 104 px2 fill 80 pixels (id 7)"),
    ),
    _case("a polygon of no area", _first(segmentation=[[3, 3] * 3]), ("warning", _S, "covers no pixel")),
    _case("a box only", _first(segmentation=...), ("warning", _S, "absent")),
    _case("an empty list", _first(segmentation=[]), ("warning", _S, "absent")),
    _case("null", _first(segmentation=None), ("warning", _S, "absent")),
    _case("area absent", _first(area=...), ("warning", f"{_A}.area", "absent")),
    _case("area of another mask", _first(area=40), ("warning", f"{_A}.area", "is 40, the mask has 12 pixels")),
    _case("box absent", _first(bbox=...), ("warning", f"{_A}.bbox", "absent")),
    _case("box of another mask", _first(bbox=[1, 1, 9, 7]), ("warning", f"{_A}.bbox", "the mask's is [1.0, 1.0, 4.0")),
    _case("box outside", _first(bbox=[20, 1, 4, 3]), ("warning", f"{_A}.bbox", "leaves the image of 10 x 8 px")),
    _case("box of no width", _first(bbox=[1, 1, 0, 3]), ("warning", f"{_A}.bbox", "a width of 0")),
    _case("the same object twice", _again("annotations", id=9), ("warning", "annotations[2]", "same object")),
    _case(
        "keypoints of another visibility",
        _first(keypoints=[1, 2, 7], num_keypoints=1),
        ("warning", f"{_A}.keypoints", "has a visibility of 7, expected 0, 1 or 2"),
    ),
    _case("keypoints", _first(keypoints=[1, 2, 2], num_keypoints=1)),
    _case(
        "keypoints miscounted", _first(keypoints=[1, 2, 2], num_keypoints=3), ("warning", f"{_A}.num_keypoints", "is 3")
    ),
    _case("captions beside masks", _first(caption="a person", attributes={"occluded": True, "deep": [1, {"x": None}]})),
    _case("LVIS", _as_lvis, ("warning", "images[0].file_name", "absent, taken from coco_url: 'a.png' (id 3)")),
    _case("unknown keys", _set("ours", {"videos": [1, 2]})),
    _case("a name with the other slash", _set("images", 1, "file_name", "sub\\b.png")),
    _case("the same picture twice", _again("images", id=5), ("warning", "images", "'a.png' appears 2 times")),
]

PICTURES = [  # findings of `check --images`; an import finds a picture by the last part of its name
    _case("picture missing", _image("file_name", "none.png"), ("error", "images[0].file_name", "'none.png' is not in")),
    _case(
        "picture of another size",
        lambda found: _resize(found, 8, 10),
        ("error", "images[0].file_name", "10 x 8 px, the file says 8 x 10"),
    ),
    _case(
        "picture in other capitals",
        _image("file_name", "A.png"),
        ("error", "images[0].file_name", _CAPITALS),
    ),
    _case(
        "picture in another folder",
        _image("file_name", "x/a.png"),
        ("error", "images[0].file_name", "; 'a.png' is"),
    ),
    _case(
        "picture by an absolute path",
        _image("file_name", "/etc/passwd"),
        ("error", "images[0].file_name", "is not in"),
        ("warning", "images[0].file_name", "leads out"),
    ),
    _case(
        "picture above the folder",
        _image("file_name", "../secret.png"),
        ("error", "images[0].file_name", "is not in"),
        ("warning", "images[0].file_name", "leads out"),
    ),
    _case(
        "picture that is none", _image("file_name", "instances.json"), ("error", "images[0].file_name", "not a picture")
    ),
]

BROKEN = [
    _case("empty", b"", ("error", "", "is not JSON: Expecting value")),
    _case("truncated", _TEXT[: len(_TEXT) // 2].encode(), ("error", "", "is not JSON")),
    _case("two documents", (_TEXT + "\n" + _TEXT).encode(), ("error", "", "is not JSON: Extra data: line 2")),
    _case("a comma too many", _TEXT.replace("[{", "[,{", 1).encode(), ("error", "", "is not JSON")),
    _case(
        "Latin-1", _TEXT.replace("helmet", "h\xe9lmet").encode("latin-1"), ("error", "", "is not JSON: 'utf-8' codec")
    ),
    _case("compressed", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", ("error", "", "is not JSON: it is packed with gzip")),
    _case("endless nesting", b"[" * 100_000, ("error", "", "is not JSON")),
    _case(
        "an endless number", _TEXT.replace('"area": 12', '"area": ' + "9" * 5000, 1).encode(), ("error", "", "digits")
    ),
    _case("null document", b"null", ("error", "", "the file is None, expected an object")),
    _case(
        "no COCO",
        b'{"shapes": [], "imagePath": "a.png"}',
        ("error", "images", "absent"),
        ("error", "annotations", "absent"),
        ("error", "categories", "absent"),
    ),
    _case(
        "lists that are objects",
        _set("images", {"3": {}}),
        ("error", "images", "is a dict of 1, expected a list"),
        ("error", f"{_A}.image_id", ""),
        ("error", "annotations[1].image_id", ""),
    ),
    _case(
        "items that are none", _set("annotations", 1, None), ("error", "annotations[1]", "is None, expected an object")
    ),
    _case(
        "a key twice",
        _TEXT.replace('"area": 12', '"area": 12, "area": 13', 1).encode(),
        ("error", _A, "the key 'area' appears twice"),
    ),
    _case(
        "a list twice",
        (_TEXT[:-1] + ', "annotations": []}').encode(),
        ("error", "", "the key 'annotations' appears twice"),
    ),
    _case(
        "panoptic",
        _set("annotations", [{"image_id": 3, "file_name": "a.png", "segments_info": []}]),
        ("error", "annotations", "panoptic form"),
    ),
    _case(
        "captions",
        lambda found: {"images": found["images"], "annotations": [{"id": 1, "image_id": 3, "caption": "x"}]},
        ("error", "annotations", "captions without a category_id"),
    ),
    _case("image id twice", _again("images", file_name="sub/C.png"), ("error", "images[2].id", "3 appears twice")),
    _case("category id twice", _again("categories", name="vest"), ("error", "categories[2].id", "1 appears twice")),
    _case(
        "annotation id twice",
        _again("annotations", image_id=3, area=11),
        ("error", "annotations[2].id", "7 appears twice"),
    ),
    _case(
        "ids as text",
        lambda found: _renumber_image(found, "3"),
        ("error", "images[0].id", "is '3', expected a whole number"),
        ("error", f"{_A}.image_id", "is '3', expected a whole number"),
    ),
    _case("ids with a point", _first(id=7.5), ("error", f"{_A}.id", "is 7.5, expected a whole number")),
    _case("ids as true", _first(id=True), ("error", f"{_A}.id", "is True, expected a whole number")),
    _case("ids below 0", _first(id=-1), ("error", f"{_A}.id", "is -1")),
    _case(
        "ids beyond doubles",
        _first(id=2**53),
        ("error", f"{_A}.id", "is 9007199254740992, expected a whole number from 0 to 9007199254740991"),
    ),
    _case("id absent", _first(id=...), ("error", f"{_A}.id", "is None")),
    _case(
        "image unknown", _first(image_id=99), ("error", f"{_A}.image_id", "is 99, which is not among the images (id 7)")
    ),
    _case(
        "category unknown",
        _first(category_id=2),
        ("error", f"{_A}.category_id", "is 2, which is not among the categories (id 7)"),
    ),
    _case(
        "category as text",
        _first(category_id="person"),
        ("error", f"{_A}.category_id", "is 'person', expected a whole"),
    ),
    _case(
        "category without a name", _category("name", ...), ("error", "categories[1].name", "is None, expected a name")
    ),
    _case(
        "a name of many signs",
        _image("file_name", "x" * 5000),
        ("error", "images[0].file_name", "a name of 5000 characters"),
    ),
    _case(
        "width absent", _image("width", ...), ("error", "images[0].width", "is None, expected 1 to 65500 pixels (id 3)")
    ),
    _case("width 0", _image("width", 0), ("error", "images[0].width", "is 0")),
    _case("width as text", _image("width", "10"), ("error", "images[0].width", "is '10'")),
    _case("width huge", _image("width", 10**30), ("error", "images[0].width", "a number of more than 20 digits")),
    _case("area NaN", _first(area=NAN), ("error", f"{_A}.area", "is nan, expected a number from 0 on (id 7)")),
    _case("area negative", _first(area=-12), ("error", f"{_A}.area", "is -12")),
    _case("area null", _first(area=None), ("error", f"{_A}.area", "is None")),
    _case("box reversed", _first(bbox=[5, 4, -4, -3]), ("error", f"{_A}.bbox", "a width of -4 and a height of -3")),
    _case("box NaN", _first(bbox=[1, 1, NAN, 3]), ("error", f"{_A}.bbox", "expected 4 finite numbers")),
    _case("box of 3", _first(bbox=[1, 1, 4]), ("error", f"{_A}.bbox", "is [1, 1, 4], expected 4 finite numbers")),
    _case("box as an object", _first(bbox={"x": 1}), ("error", f"{_A}.bbox", "is a dict of 1")),
    _case("neither box nor mask", _first(bbox=..., segmentation=[]), ("error", _S, "absent")),
    _case(
        "polygon of 2 points",
        _first(segmentation=[[1, 1, 5, 1]]),
        ("error", f"{_S}[0]", "has 4 numbers, expected an even count of at least 6 (id 7)"),
    ),
    _case("polygon of odd length", _first(segmentation=[SQUARE, SQUARE[:-1]]), ("error", f"{_S}[1]", "has 7 numbers")),
    _case("polygon of none", _first(segmentation=[[]]), ("error", f"{_S}[0]", "has 0 numbers")),
    _case(
        "polygon of points",
        _first(segmentation=[[[1, 1], [5, 1], [5, 4]]]),
        ("error", f"{_S}[0]", "is a list of points, expected a flat list"),
    ),
    _case("polygon of texts", _first(segmentation=[["1"] * 6]), ("error", f"{_S}[0]", "other than numbers")),
    _case(
        "polygon of true", _first(segmentation=[[1, 1, 5, True, 5, 4]]), ("error", f"{_S}[0]", "numbers: True (id 7)")
    ),
    _case("polygons of null", _first(segmentation=[None]), ("error", f"{_S}[0]", "is None, expected a polygon")),
    _case(
        "a list of runs", _first(segmentation=[_rle(RUNS)]), ("error", f"{_S}[0]", "is a dict of 2, expected a polygon")
    ),
    _case("polygon of null", _first(segmentation=[[1, 1, 5, None, 5, 4]]), ("error", f"{_S}[0]", "other than numbers")),
    _case(
        "polygon NaN", _first(segmentation=[[1, 1, 5, 1, 5, NAN]]), ("error", f"{_S}[0]", "holds nan, expected finite")
    ),
    _case(
        "polygon infinite",
        _first(segmentation=[[1, 1, 5, 1, 5, -INF]]),
        ("error", f"{_S}[0]", "holds -inf, expected finite"),
    ),
    _case(
        "polygon far away", _first(segmentation=[[1, 1, 5, 1, 5, 4.3e8]]), ("error", _S, "polygon reaches 4.3e+08 px")
    ),
    _case(
        "polygon without its list",
        _first(segmentation=SQUARE),
        ("error", _S, "a flat list, expected a list of polygons"),
    ),
    _case("mask as text", _first(segmentation="[[1, 1]]"), ("error", _S, "expected polygons or an RLE")),
    _case(
        "mask as a nest",
        _first(segmentation=[[json.loads("[" * 500 + "]" * 500)] * 6]),
        ("error", f"{_S}[0]", "expected a flat list"),
    ),
    _case("runs too short", _first(segmentation=_rle([40])), ("error", _S, "runs add up to 40, expected 80 (8 x 10)")),
    _case("runs too long", _first(segmentation=_rle([80, 1])), ("error", _S, "runs add up to 81")),
    _case("runs below 0", _first(segmentation=_rle([90, -10])), ("error", _S, "whole numbers from 0 to 80")),
    _case("runs with a point", _first(segmentation=_rle([79.5, 0.5])), ("error", _S, "whole numbers from 0 to 80")),
    _case("runs as true", _first(segmentation=_rle([True, 79])), ("error", _S, "whole numbers from 0 to 80")),
    _case(
        "runs that overflow", _first(segmentation=_rle([2**32 - 1] * 4)), ("error", _S, "whole numbers from 0 to 80")
    ),
    _case("counts of rubbish", _first(segmentation=_rle("hel lo")), ("error", _S, "not COCO's compressed form")),
    _case("counts as Python's bytes", _first(segmentation=_rle("b'9353'")), ("error", _S, "Python's text of bytes")),
    _case("counts cut off", _first(segmentation=_rle("Z1")), ("error", _S, "RLE")),
    _case("counts of no sign", _first(segmentation=_rle("")), ("error", _S, "RLE")),
    _case("counts absent", _first(segmentation={"size": [8, 10]}), ("error", _S, "counts is None")),
    _case(
        "size of another image", _first(segmentation=_rle(RUNS, (9, 9))), ("error", _S, "size [9, 9], image is [8, 10]")
    ),
    _case(
        "size turned", _first(segmentation=_rle(RUNS, (10, 8))), ("error", _S, "image is [8, 10] (height comes first)")
    ),
    _case("size huge", _first(segmentation=_rle("1", (2**40, 1))), ("error", _S, "size [1099511627776, 1]")),
    _case("size absent", _first(segmentation={"counts": RUNS}), ("error", _S, "size is None")),
    _case("iscrowd 2", _first(iscrowd=2), ("error", f"{_A}.iscrowd", "is 2, expected 0 or 1")),
    _case("keypoints of 2 numbers", _first(keypoints=[1, 2]), ("error", f"{_A}.keypoints", "3 finite numbers a point")),
    _case(
        "NaN where nobody looks",
        _first(attributes={"deep": [0, NAN]}),
        ("error", f"{_A}.attributes.deep[1]", "is nan, expected a finite"),
    ),
]
