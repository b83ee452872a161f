"""The linter finds what is wrong, names its place, and leaves sound files alone."""

import copy
import json

import cv2
import numpy as np
import pytest

from annotator.core.errors import CocoError
from annotator.exchange.coco.check import check_coco, check_file
from annotator.exchange.coco.document import load
from annotator.exchange.coco.lint import inspect_coco
from tests import coco_sample


def document():
    return {
        "info": {},
        "licenses": [],
        "images": [{"id": 3, "width": 10, "height": 8, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "person", "supercategory": "person"}],
        "annotations": [
            {
                "id": 7,
                "image_id": 3,
                "category_id": 1,
                "segmentation": [[1, 1, 5, 1, 5, 4, 1, 4]],
                "area": 12,
                "bbox": [1, 1, 4, 3],
                "iscrowd": 0,
            }
        ],
    }


def changed(place, value):
    """The sound document with one value set, or removed where the value is `...`."""
    found = copy.deepcopy(document())
    *way, last = place
    inner = found
    for step in way:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return found


def levels(found):
    return {str(problem.path): problem.level for problem in check_coco(found)}


@pytest.mark.parametrize("order", [("images", "annotations", "categories"), ("annotations", "categories", "images")])
def test_a_file_has_the_problems_of_its_document_in_the_same_order(tmp_path, order):
    found = document()
    (first,) = found["annotations"]
    annotations = [first | {"id": id} for id in range(600)]
    annotations[3] = annotations[3] | {"iscrowd": 2, "category_id": 1.0}
    annotations[300] = 5
    annotations[301] = annotations[301] | {"image_id": 4, "segmentation": [[1, 1]]}
    annotations[599] = annotations[599] | {"bbox": None, "more": [float("nan")]}
    found["images"].append({"id": 3.0, "width": 0, "height": 8, "file_name": ""})
    found["annotations"] = annotations
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"info": {}} | {name: found[name] for name in order}))
    whole = check_coco(json.loads(path.read_text()))
    assert len([problem for problem in whole if problem.level == "error"]) == 8
    assert check_file(path) == whole
    assert check_file(path, most=2) == check_coco(json.loads(path.read_text()), most=2)


def test_a_sound_file_has_no_problem():
    assert check_coco(document()) == []


A = ("annotations", 0)
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (("images",), ..., "images: is absent, expected a list"),
        (("annotations",), {}, "annotations: is a dict of 0, expected a list"),
        (("annotations", 0), "x", "annotations[0]: is 'x', expected an object"),
        (("images", 0, "id"), "3", "images[0].id: is '3', expected a whole number from 0"),
        (("images", 0, "id"), True, "images[0].id: is True"),
        (("images", 0, "id"), -1, "images[0].id: is -1"),
        (("images", 0, "id"), 2**60, "images[0].id: is 1152921504606846976"),
        (("images", 0, "width"), 0, "images[0].width: is 0, expected 1 to 65500 pixels (id 3)"),
        (("images", 0, "height"), 10**400, "images[0].height: is a number of more than 20 digits"),
        (("images", 0, "file_name"), ..., "images[0].file_name: is None, expected a name"),
        (("images", 0, "score"), NAN, "images[0].score: is nan, expected a finite number (id 3)"),
        (("categories", 0, "name"), "  ", "categories[0].name: is '  ', expected a name"),
        (("categories", 0, "supercategory"), 4, "categories[0].supercategory: is 4"),
        ((*A, "id"), None, "annotations[0].id: is None"),
        ((*A, "image_id"), 4, "annotations[0].image_id: is 4, which is not among the images (id 7)"),
        ((*A, "category_id"), 2, "annotations[0].category_id: is 2, which is not among the categories (id 7)"),
        ((*A, "category_id"), [1], "annotations[0].category_id: is [1], expected"),
        ((*A, "iscrowd"), 2, "annotations[0].iscrowd: is 2, expected 0 or 1"),
        ((*A, "iscrowd"), "0", "annotations[0].iscrowd: is '0'"),
        ((*A, "area"), -1, "annotations[0].area: is -1"),
        ((*A, "area"), NAN, "annotations[0].area: is nan"),
        ((*A, "area"), 10**400, "annotations[0].area: is a number of more than 20 digits"),
        ((*A, "bbox"), [1, 1, 4], "annotations[0].bbox: is [1, 1, 4], expected 4 finite numbers"),
        ((*A, "bbox"), [1, 1, -4, 3], "annotations[0].bbox: has a width of -4"),
        ((*A, "bbox"), [1, 1, INF, 3], "annotations[0].bbox: is [1, 1, inf, 3], expected 4 finite"),
        ((*A, "segmentation"), 5, "annotations[0].segmentation: is 5, expected polygons or an RLE (id 7)"),
        ((*A, "segmentation"), [1, 1, 5, 1, 5, 4], "annotations[0].segmentation: a flat list"),
        ((*A, "segmentation"), [[1, 1, 5, 1]], "annotations[0].segmentation[0]: has 4 numbers"),
        ((*A, "segmentation"), [[1, 1, 5, 1, 5, 4, 1]], "annotations[0].segmentation[0]: has 7 numbers"),
        ((*A, "segmentation"), [[]], "annotations[0].segmentation[0]: has 0 numbers"),
        ((*A, "segmentation"), [[1, 1, 5, 1, 5, NAN]], "annotations[0].segmentation[0]: holds nan, expected finite"),
        ((*A, "segmentation"), [[1, 1, 5, 1, 5, 1e999]], "annotations[0].segmentation[0]: holds inf, expected finite"),
        ((*A, "segmentation"), [[1, 1, 5, 1, 5, 4.3e8]], "annotations[0].segmentation: polygon reaches"),
        ((*A, "segmentation"), [[1, 1, 5, 1, 5, 10**400]], "annotations[0].segmentation[0]: holds a number of more"),
        ((*A, "segmentation"), [["1", "1", "5", "1", "5", "4"]], "annotations[0].segmentation[0]: holds something"),
        ((*A, "segmentation"), [[[1, 1], [5, 1], [5, 4], 4, 5, 6]], "annotations[0].segmentation[0]: holds something"),
        ((*A, "segmentation"), [[True] * 6], "annotations[0].segmentation[0]: holds something"),
        ((*A, "segmentation"), [[1, 1, 5, 1, 5, 4], 3], "annotations[0].segmentation[1]: is 3, expected a polygon"),
        ((*A, "segmentation"), {"size": [480, 640], "counts": "P"}, "segmentation: size [480, 640], image is [8, 10]"),
        ((*A, "segmentation"), {"size": [8, 10]}, "segmentation: counts is None"),
        ((*A, "segmentation"), {"counts": [80]}, "segmentation: size is None"),
        ((*A, "segmentation"), {"size": [8, 10], "counts": [79]}, "segmentation: RLE: runs add up to 79, expected 80"),
        ((*A, "segmentation"), {"size": [8, 10], "counts": "x"}, "annotations[0].segmentation: RLE"),
        ((*A, "keypoints"), [1, 2], "annotations[0].keypoints: is [1, 2], expected 3"),
        (
            (*A, "attributes"),
            {"deep": [INF]},
            "annotations[0].attributes.deep[0]: is inf, expected a finite number (id 7)",
        ),
    ],
)
def test_an_error_names_its_place_what_was_found_and_what_was_expected(place, value, expected):
    errors = [problem for problem in check_coco(changed(place, value)) if problem.level == "error"]
    assert any(expected in str(problem) for problem in errors), errors
    assert all("\n" not in str(problem) and len(str(problem)) < 250 for problem in errors)


@pytest.mark.parametrize(
    ("place", "value", "level", "expected"),
    [
        (("info",), ..., "note", "info"),
        (("annotations",), [], "warning", "annotations"),
        (("images", 0, "file_name"), "../../etc/passwd", "warning", "images[0].file_name"),
        (("images", 0, "file_name"), "C:\\a.jpg", "warning", "images[0].file_name"),
        (("categories", 0, "name"), "car", "note", "categories[0].id"),
        ((*A, "id"), 0, "warning", "annotations[0].id"),
        ((*A, "area"), ..., "warning", "annotations[0].area"),
        ((*A, "area"), 900, "warning", "annotations[0].area"),
        ((*A, "bbox"), ..., "warning", "annotations[0].bbox"),
        ((*A, "bbox"), [1, 1, 9, 7], "warning", "annotations[0].bbox"),
        ((*A, "bbox"), [1, 1, 90, 3], "warning", "annotations[0].bbox"),
        ((*A, "bbox"), [1, 1, 4, 0], "warning", "annotations[0].bbox"),
        ((*A, "segmentation"), {"size": [8, 10], "counts": [9, 60, 11]}, "note", "annotations"),
        ((*A, "iscrowd"), ..., "warning", "annotations[0].iscrowd"),
        ((*A, "iscrowd"), 1, "warning", "annotations[0].iscrowd"),
        ((*A, "segmentation"), None, "warning", "annotations[0].segmentation"),
        ((*A, "segmentation"), [], "warning", "annotations[0].segmentation"),
        ((*A, "segmentation"), [[1, 1, 5, 1, 5, 40]], "warning", "annotations[0].segmentation[0]"),
        ((*A, "segmentation"), [[1, 1, 1, 1, 1, 1]], "warning", "annotations[0].segmentation"),
    ],
)
def test_what_harms_some_readers_is_a_warning_and_no_error(place, value, level, expected):
    found = levels(changed(place, value))
    assert found[expected] == level
    assert "error" not in found.values()


def test_ids_that_are_there_twice_are_errors_and_the_same_object_twice_a_warning():
    found = document()
    found["images"].append(copy.deepcopy(found["images"][0]))
    found["categories"].append(copy.deepcopy(found["categories"][0]))
    found["annotations"].append(copy.deepcopy(found["annotations"][0]))
    assert levels(found) == {
        "images[1].id": "error",
        "categories[1].id": "error",
        "annotations[1].id": "error",
        "annotations[1]": "warning",
        "images": "warning",
        "categories": "warning",
    }


def test_a_file_whose_masks_are_all_crowds_is_suspicious():
    found = document()
    mask = {"size": [8, 10], "counts": [9, 3, 68]}
    crowd = {**found["annotations"][0], "segmentation": mask, "iscrowd": 1, "area": 3, "bbox": [1, 1, 1, 3]}
    found["annotations"] = [{**crowd, "id": id, "image_id": id} for id in range(1, 13)]
    found["images"] = [{**found["images"][0], "id": id, "file_name": f"{id}.jpg"} for id in range(1, 13)]
    (problem,) = check_coco(found)
    assert (problem.level, problem.path) == ("warning", "annotations")
    assert "12 of 12 are crowds" in problem.message


def test_every_problem_of_a_file_is_listed():
    found = document()
    found["annotations"] = [{**found["annotations"][0], "id": id, "image_id": 9} for id in range(1, 301)]
    assert sum(problem.level == "error" for problem in check_coco(found)) == 300


@pytest.mark.parametrize("found", [None, 3, "x", {}, {"images": 1, "annotations": None, "categories": "x"}])
def test_anything_at_all_can_be_checked(found):
    assert inspect_coco(found).errors


def test_a_list_is_checked_as_results(tmp_path):
    sound = {"image_id": 3, "category_id": 1, "score": 0.5, "segmentation": {"size": [8, 10], "counts": [80]}}
    assert check_coco([sound]) == []
    wrong = [{**sound, "score": NAN}, {**sound, "image_id": 1.5}, 5, {**sound, "segmentation": {"size": [2**40, 1]}}]
    assert [problem.path for problem in check_coco(wrong)] == ["[0].score", "[1].image_id", "[2]", "[3].segmentation"]
    path = tmp_path / "results.json"
    path.write_text(json.dumps([*wrong, {**sound, "image_id": 3.0, "score": 2}]))
    assert check_file(path) == check_coco(json.loads(path.read_text()))
    assert check_file(path)[0].path == "[4].image_id"


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b'{"a": ' + b"9" * 5000 + b"}", b"[" * 100_000],
    ids=lambda content: content[:8],
)
def test_a_file_that_is_not_json_is_one_clear_line(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    (problem,) = check_file(path)
    assert (problem.level, problem.path) == ("error", "")
    assert problem.message.startswith("is not JSON: ")
    with pytest.raises(CocoError, match=r"x\.json: is not JSON") as error:
        load(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_clear_line(tmp_path):
    with pytest.raises(CocoError, match="cannot be read: No such file"):
        check_file(tmp_path / "none.json")


def test_a_folder_that_is_none_is_said_once(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(document()))
    for folder in ("none", "x.json"):
        with pytest.raises(CocoError, match="no such folder, expected the pictures of x"):
            check_file(tmp_path / "x.json", images=tmp_path / folder)


def test_pictures_are_looked_for_and_measured(tmp_path):
    found = document()
    sizes = {"right.png": (10, 8), "wrong.png": (8, 10), "none.png": None, "text.png": b"hello", "../out.png": (10, 8)}
    folder = tmp_path / "images"
    folder.mkdir()
    for id, (name, size) in enumerate(sizes.items()):
        found["images"].append({"id": 10 + id, "width": 10, "height": 8, "file_name": name})
        if isinstance(size, bytes):
            (folder / name).write_bytes(size)
        elif size is not None:
            cv2.imwrite(str(folder / name), np.zeros((size[1], size[0], 3), np.uint8))
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found))
    assert not [problem for problem in check_file(path) if problem.level == "error"]
    errors = [str(problem) for problem in check_file(path, images=folder) if problem.level == "error"]
    assert [line.split(":")[0] for line in errors] == [f"images[{index}].file_name" for index in (0, 2, 3, 4, 5)]
    assert "'wrong.png' is 8 x 10 px, the file says 10 x 8" in errors[1]
    assert "not a picture" in errors[3]


def test_cocos_own_files_have_no_error_and_hardly_a_warning():
    folder = coco_sample.folder()
    for name in coco_sample.NAMES:
        found = check_file(folder / name, images=folder / "images")
        assert not [problem for problem in found if problem.level == "error"]
        assert sum(problem.level == "warning" for problem in found) <= 1
