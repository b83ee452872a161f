"""COCO files as tools, scripts and accidents leave them: odd but valid ones, and broken ones, each with its findings.

A case is what becomes of a sound file, what the linter must say (level, place, part of the message), and whether the
file can be imported. An error forbids it, nothing else does.
"""

from __future__ import annotations

import json

from tests.exchange.coco.cases import (
    INF,
    NAN,
    RUNS,
    SQUARE,
    case,
    renumber,
    renumber_image,
    repeat,
    resize,
    rle,
    set_category,
    set_first,
    set_image,
    set_value,
    sound,
    write_as_lvis,
)

_CAPITALS = "; there is 'a.png', spelled otherwise"
_TEXT = json.dumps(sound())
_A = "annotations[0]"
_S = f"{_A}.segmentation"

VALID = [
    case("sound", _TEXT.encode()),
    case("byte order mark", b"\xef\xbb\xbf" + _TEXT.encode(), ("warning", "", "byte order mark")),
    case("UTF-16", _TEXT.encode("utf-16"), ("warning", "", "is UTF-16, expected UTF-8")),
    case("spread over lines", json.dumps(sound(), indent=4).replace("\n", "\r\n").encode()),
    case("info as text", set_value("info", "2017"), ("warning", "info", "is '2017', expected an object")),
    case("licenses null", set_value("licenses", None), ("warning", "licenses", "is None, expected a list")),
    case(
        "polygon in shares",
        set_first(segmentation=[[0.1, 0.1, 0.5, 0.1, 0.5, 0.4]]),
        ("warning", _S, "covers no pixel; from 0 to 1"),
    ),
    case("our own key, forged", set_image("annotator", {"without_mask": [{"id": "x"}], "reviewed": "no"})),
    case("our own key on an annotation", set_first(annotator={"source": "", "score": 7, "edits": "x", "seconds": -1})),
    case("info absent", set_value("info", ...), ("note", "info", "absent")),
    case("licenses absent", set_value("licenses", ...), ("note", "licenses", "absent")),
    case("licence unknown", set_image("license", 9), ("note", "images[0].license", "is 9, which is not among")),
    case("no annotation", set_value("annotations", []), ("warning", "annotations", "none")),
    case("an image without annotations", set_value("annotations", 0, ...), ("note", "images", "1 without annotations")),
    case("unicode names", set_category("name", "каска 安全帽 🪖")),
    case("unicode escapes", json.dumps(sound()).replace("helmet", r"\u00e9\ud83e\ude96").encode()),
    case("spaces around a name", set_category("name", " helmet "), ("warning", "categories[1].name", "spaces around")),
    case("category 0", lambda found: renumber(found, 0), ("note", "categories", "id 0")),
    case("a category of COCO under another id", set_category("name", "car"), ("note", "categories[1].id", "3 in COCO")),
    case("supercategory null", set_category("supercategory", None)),
    case("names twice", set_category("name", "person"), ("warning", "categories", "'person' appears 2 times")),
    case("names in other capitals", set_category("name", "Person"), ("warning", "categories", "in capitals only")),
    case("image id 0", lambda found: renumber_image(found, 0)),
    case("annotation id 0", set_first(id=0), ("warning", f"{_A}.id", "is 0")),
    case("the greatest id", set_first(id=2**53 - 1)),
    case("iscrowd true", set_first(iscrowd=True), ("warning", f"{_A}.iscrowd", "is True, expected 1")),
    case("iscrowd 0.0", set_first(iscrowd=0.0), ("warning", f"{_A}.iscrowd", "is 0.0, expected 0")),
    case("iscrowd absent", set_first(iscrowd=...), ("warning", f"{_A}.iscrowd", "absent")),
    case("a crowd of polygons", set_first(iscrowd=1), ("warning", f"{_A}.iscrowd", "1 beside polygons")),
    case("runs", set_first(segmentation=rle(RUNS)), ("note", "annotations", "RLE with iscrowd 0")),
    case("a crowd", set_first(segmentation=rle(RUNS), iscrowd=1)),
    case("runs of no length", set_first(segmentation=rle([9, 3, 0, 0, *RUNS[2:], 0]))),
    case("two parts", set_first(segmentation=[SQUARE, [6, 5, 9, 5, 9, 7, 6, 7]], area=18, bbox=[1, 1, 8, 6])),
    case("ids with a point and nothing behind it", set_first(id=7.0), ("warning", f"{_A}.id", "is 7.0, taken as 7")),
    case("sides with a point", set_image("width", 10.0), ("warning", "images[0].width", "is 10.0, taken as 10")),
    case(
        "runs with a point and nothing behind it",
        set_first(segmentation=rle([80.0], [8.0, 10.0])),
    ),
    case("numbers with a point", set_first(segmentation=[[float(value) for value in SQUARE]], area=12.0)),
    case("a polygon that ends where it began", set_first(segmentation=[[*SQUARE, 1, 1]])),
    case(
        "polygons beyond the image",
        set_first(segmentation=[[-9, 1, 5, 1, 5, 4, -9, 4]]),
        ("warning", f"{_S}[0]", "leaves the image"),
    ),
    case(
        "a polygon that crosses itself",
        set_first(segmentation=[[1, 1, 9, 7, 9, 1, 1, 7]], area=24, bbox=[1, 1, 8, 6]),
        ("warning", _S, "crosses itself: outlines of 0 px2 fill 2"),
    ),
    case(
        "a hole as a second polygon",
        set_first(segmentation=[[0, 0, 10, 0, 10, 8, 0, 8], [2, 2, 8, 2, 8, 6, 2, 6]], area=80, bbox=[0, 0, 10, 8]),
        ("note", _S, "lie in each other, which makes no hole: outlines of 104 px2 fill 80 pixels (id 7)"),
    ),
    case("a polygon of no area", set_first(segmentation=[[3, 3] * 3]), ("warning", _S, "covers no pixel")),
    case("a box only", set_first(segmentation=...), ("warning", _S, "absent")),
    case("an empty list", set_first(segmentation=[]), ("warning", _S, "absent")),
    case("null", set_first(segmentation=None), ("warning", _S, "absent")),
    case("area absent", set_first(area=...), ("warning", f"{_A}.area", "absent")),
    case("area of another mask", set_first(area=40), ("warning", f"{_A}.area", "is 40, the mask has 12 pixels")),
    case("box absent", set_first(bbox=...), ("warning", f"{_A}.bbox", "absent")),
    case(
        "box of another mask", set_first(bbox=[1, 1, 9, 7]), ("warning", f"{_A}.bbox", "the mask's is [1.0, 1.0, 4.0")
    ),
    case("box outside", set_first(bbox=[20, 1, 4, 3]), ("warning", f"{_A}.bbox", "leaves the image of 10 x 8 px")),
    case("box of no width", set_first(bbox=[1, 1, 0, 3]), ("warning", f"{_A}.bbox", "a width of 0")),
    case("the same object twice", repeat("annotations", id=9), ("warning", "annotations[2]", "same object")),
    case(
        "keypoints of another visibility",
        set_first(keypoints=[1, 2, 7], num_keypoints=1),
        ("warning", f"{_A}.keypoints", "has a visibility of 7, expected 0, 1 or 2"),
    ),
    case("keypoints", set_first(keypoints=[1, 2, 2], num_keypoints=1)),
    case(
        "keypoints miscounted",
        set_first(keypoints=[1, 2, 2], num_keypoints=3),
        ("warning", f"{_A}.num_keypoints", "is 3"),
    ),
    case(
        "captions beside masks", set_first(caption="a person", attributes={"occluded": True, "deep": [1, {"x": None}]})
    ),
    case("LVIS", write_as_lvis, ("warning", "images[0].file_name", "absent, taken from coco_url: 'a.png' (id 3)")),
    case("unknown keys", set_value("ours", {"videos": [1, 2]})),
    case("a name with the other slash", set_value("images", 1, "file_name", "sub\\b.png")),
    case("the same picture twice", repeat("images", id=5), ("warning", "images", "'a.png' appears 2 times")),
]

PICTURES = [  # findings of `check --images`; an import finds a picture by the last part of its name
    case(
        "picture missing", set_image("file_name", "none.png"), ("error", "images[0].file_name", "'none.png' is not in")
    ),
    case(
        "picture of another size",
        lambda found: resize(found, 8, 10),
        ("error", "images[0].file_name", "10 x 8 px, the file says 8 x 10"),
    ),
    case(
        "picture in other capitals",
        set_image("file_name", "A.png"),
        ("error", "images[0].file_name", _CAPITALS),
    ),
    case(
        "picture in another folder",
        set_image("file_name", "x/a.png"),
        ("error", "images[0].file_name", "; 'a.png' is"),
    ),
    case(
        "picture by an absolute path",
        set_image("file_name", "/etc/passwd"),
        ("error", "images[0].file_name", "is not in"),
        ("warning", "images[0].file_name", "leads out"),
    ),
    case(
        "picture above the folder",
        set_image("file_name", "../secret.png"),
        ("error", "images[0].file_name", "is not in"),
        ("warning", "images[0].file_name", "leads out"),
    ),
    case(
        "picture that is none",
        set_image("file_name", "instances.json"),
        ("error", "images[0].file_name", "not a picture"),
    ),
]

BROKEN = [
    case("empty", b"", ("error", "", "is not JSON: Expecting value")),
    case("truncated", _TEXT[: len(_TEXT) // 2].encode(), ("error", "", "is not JSON")),
    case("two documents", (_TEXT + "\n" + _TEXT).encode(), ("error", "", "is not JSON: Extra data: line 2")),
    case("a comma too many", _TEXT.replace("[{", "[,{", 1).encode(), ("error", "", "is not JSON")),
    case(
        "Latin-1", _TEXT.replace("helmet", "h\xe9lmet").encode("latin-1"), ("error", "", "is not JSON: 'utf-8' codec")
    ),
    case("compressed", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", ("error", "", "is not JSON: it is packed with gzip")),
    case("endless nesting", b"[" * 100_000, ("error", "", "is not JSON")),
    case(
        "an endless number", _TEXT.replace('"area": 12', '"area": ' + "9" * 5000, 1).encode(), ("error", "", "digits")
    ),
    case("null document", b"null", ("error", "", "the file is None, expected an object")),
    case(
        "no COCO",
        b'{"shapes": [], "imagePath": "a.png"}',
        ("error", "images", "absent"),
        ("error", "annotations", "absent"),
        ("error", "categories", "absent"),
    ),
    case(
        "lists that are objects",
        set_value("images", {"3": {}}),
        ("error", "images", "is a dict of 1, expected a list"),
        ("error", f"{_A}.image_id", ""),
        ("error", "annotations[1].image_id", ""),
    ),
    case(
        "items that are none",
        set_value("annotations", 1, None),
        ("error", "annotations[1]", "is None, expected an object"),
    ),
    case(
        "a key twice",
        _TEXT.replace('"area": 12', '"area": 12, "area": 13', 1).encode(),
        ("error", _A, "the key 'area' appears twice"),
    ),
    case(
        "a list twice",
        (_TEXT[:-1] + ', "annotations": []}').encode(),
        ("error", "", "the key 'annotations' appears twice"),
    ),
    case(
        "panoptic",
        set_value("annotations", [{"image_id": 3, "file_name": "a.png", "segments_info": []}]),
        ("error", "annotations", "panoptic form"),
    ),
    case(
        "captions",
        lambda found: {"images": found["images"], "annotations": [{"id": 1, "image_id": 3, "caption": "x"}]},
        ("error", "annotations", "captions without a category_id"),
    ),
    case("image id twice", repeat("images", file_name="sub/C.png"), ("error", "images[2].id", "3 appears twice")),
    case("category id twice", repeat("categories", name="vest"), ("error", "categories[2].id", "1 appears twice")),
    case(
        "annotation id twice",
        repeat("annotations", image_id=3, area=11),
        ("error", "annotations[2].id", "7 appears twice"),
    ),
    case(
        "ids as text",
        lambda found: renumber_image(found, "3"),
        ("error", "images[0].id", "is '3', expected a whole number"),
        ("error", f"{_A}.image_id", "is '3', expected a whole number"),
    ),
    case("ids with a point", set_first(id=7.5), ("error", f"{_A}.id", "is 7.5, expected a whole number")),
    case("ids as true", set_first(id=True), ("error", f"{_A}.id", "is True, expected a whole number")),
    case("ids below 0", set_first(id=-1), ("error", f"{_A}.id", "is -1")),
    case(
        "ids beyond doubles",
        set_first(id=2**53),
        ("error", f"{_A}.id", "is 9007199254740992, expected a whole number from 0 to 9007199254740991"),
    ),
    case("id absent", set_first(id=...), ("error", f"{_A}.id", "is None")),
    case(
        "image unknown",
        set_first(image_id=99),
        ("error", f"{_A}.image_id", "is 99, which is not among the images (id 7)"),
    ),
    case(
        "category unknown",
        set_first(category_id=2),
        ("error", f"{_A}.category_id", "is 2, which is not among the categories (id 7)"),
    ),
    case(
        "category as text",
        set_first(category_id="person"),
        ("error", f"{_A}.category_id", "is 'person', expected a whole"),
    ),
    case(
        "category without a name",
        set_category("name", ...),
        ("error", "categories[1].name", "is None, expected a name"),
    ),
    case(
        "a name of many signs",
        set_image("file_name", "x" * 5000),
        ("error", "images[0].file_name", "a name of 5000 characters"),
    ),
    case(
        "width absent",
        set_image("width", ...),
        ("error", "images[0].width", "is None, expected 1 to 65500 pixels (id 3)"),
    ),
    case("width 0", set_image("width", 0), ("error", "images[0].width", "is 0")),
    case("width as text", set_image("width", "10"), ("error", "images[0].width", "is '10'")),
    case("width huge", set_image("width", 10**30), ("error", "images[0].width", "a number of more than 20 digits")),
    case("area NaN", set_first(area=NAN), ("error", f"{_A}.area", "is nan, expected a number from 0 on (id 7)")),
    case("area negative", set_first(area=-12), ("error", f"{_A}.area", "is -12")),
    case("area null", set_first(area=None), ("error", f"{_A}.area", "is None")),
    case("box reversed", set_first(bbox=[5, 4, -4, -3]), ("error", f"{_A}.bbox", "a width of -4 and a height of -3")),
    case("box NaN", set_first(bbox=[1, 1, NAN, 3]), ("error", f"{_A}.bbox", "expected 4 finite numbers")),
    case("box of 3", set_first(bbox=[1, 1, 4]), ("error", f"{_A}.bbox", "is [1, 1, 4], expected 4 finite numbers")),
    case("box as an object", set_first(bbox={"x": 1}), ("error", f"{_A}.bbox", "is a dict of 1")),
    case("neither box nor mask", set_first(bbox=..., segmentation=[]), ("error", _S, "absent")),
    case(
        "polygon of 2 points",
        set_first(segmentation=[[1, 1, 5, 1]]),
        ("error", f"{_S}[0]", "has 4 numbers, expected an even count of at least 6 (id 7)"),
    ),
    case(
        "polygon of odd length", set_first(segmentation=[SQUARE, SQUARE[:-1]]), ("error", f"{_S}[1]", "has 7 numbers")
    ),
    case("polygon of none", set_first(segmentation=[[]]), ("error", f"{_S}[0]", "has 0 numbers")),
    case(
        "polygon of points",
        set_first(segmentation=[[[1, 1], [5, 1], [5, 4]]]),
        ("error", f"{_S}[0]", "is a list of points, expected a flat list"),
    ),
    case("polygon of texts", set_first(segmentation=[["1"] * 6]), ("error", f"{_S}[0]", "other than numbers")),
    case(
        "polygon of true",
        set_first(segmentation=[[1, 1, 5, True, 5, 4]]),
        ("error", f"{_S}[0]", "numbers: True (id 7)"),
    ),
    case("polygons of null", set_first(segmentation=[None]), ("error", f"{_S}[0]", "is None, expected a polygon")),
    case(
        "a list of runs",
        set_first(segmentation=[rle(RUNS)]),
        ("error", f"{_S}[0]", "is a dict of 2, expected a polygon"),
    ),
    case(
        "polygon of null", set_first(segmentation=[[1, 1, 5, None, 5, 4]]), ("error", f"{_S}[0]", "other than numbers")
    ),
    case(
        "polygon NaN",
        set_first(segmentation=[[1, 1, 5, 1, 5, NAN]]),
        ("error", f"{_S}[0]", "holds nan, expected finite"),
    ),
    case(
        "polygon infinite",
        set_first(segmentation=[[1, 1, 5, 1, 5, -INF]]),
        ("error", f"{_S}[0]", "holds -inf, expected finite"),
    ),
    case(
        "polygon far away",
        set_first(segmentation=[[1, 1, 5, 1, 5, 4.3e8]]),
        ("error", _S, "polygon reaches 4.3e+08 px"),
    ),
    case(
        "polygon without its list",
        set_first(segmentation=SQUARE),
        ("error", _S, "a flat list, expected a list of polygons"),
    ),
    case("mask as text", set_first(segmentation="[[1, 1]]"), ("error", _S, "expected polygons or an RLE")),
    case(
        "mask as a nest",
        set_first(segmentation=[[json.loads("[" * 500 + "]" * 500)] * 6]),
        ("error", f"{_S}[0]", "expected a flat list"),
    ),
    case("runs too short", set_first(segmentation=rle([40])), ("error", _S, "runs add up to 40, expected 80 (8 x 10)")),
    case("runs too long", set_first(segmentation=rle([80, 1])), ("error", _S, "runs add up to 81")),
    case("runs below 0", set_first(segmentation=rle([90, -10])), ("error", _S, "whole numbers from 0 to 80")),
    case("runs with a point", set_first(segmentation=rle([79.5, 0.5])), ("error", _S, "whole numbers from 0 to 80")),
    case("runs as true", set_first(segmentation=rle([True, 79])), ("error", _S, "whole numbers from 0 to 80")),
    case(
        "runs that overflow", set_first(segmentation=rle([2**32 - 1] * 4)), ("error", _S, "whole numbers from 0 to 80")
    ),
    case("counts of rubbish", set_first(segmentation=rle("hel lo")), ("error", _S, "not COCO's compressed form")),
    case("counts as Python's bytes", set_first(segmentation=rle("b'9353'")), ("error", _S, "Python's text of bytes")),
    case("counts cut off", set_first(segmentation=rle("Z1")), ("error", _S, "RLE")),
    case("counts of no sign", set_first(segmentation=rle("")), ("error", _S, "RLE")),
    case("counts absent", set_first(segmentation={"size": [8, 10]}), ("error", _S, "counts is None")),
    case(
        "size of another image",
        set_first(segmentation=rle(RUNS, (9, 9))),
        ("error", _S, "size [9, 9], image is [8, 10]"),
    ),
    case(
        "size turned",
        set_first(segmentation=rle(RUNS, (10, 8))),
        ("error", _S, "image is [8, 10] (height comes first)"),
    ),
    case("size huge", set_first(segmentation=rle("1", (2**40, 1))), ("error", _S, "size [1099511627776, 1]")),
    case("size absent", set_first(segmentation={"counts": RUNS}), ("error", _S, "size is None")),
    case("iscrowd 2", set_first(iscrowd=2), ("error", f"{_A}.iscrowd", "is 2, expected 0 or 1")),
    case(
        "keypoints of 2 numbers", set_first(keypoints=[1, 2]), ("error", f"{_A}.keypoints", "3 finite numbers a point")
    ),
    case(
        "NaN where nobody looks",
        set_first(attributes={"deep": [0, NAN]}),
        ("error", f"{_A}.attributes.deep[1]", "is nan, expected a finite"),
    ),
]
