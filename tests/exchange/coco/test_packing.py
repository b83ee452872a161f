"""Long polygons take little memory, and are to everybody what the file says."""

import json
import tracemalloc
from array import array

import pytest

from annotator.core.dataset import without_mask
from annotator.exchange import coco
from annotator.exchange.coco.document import parse
from annotator.exchange.coco.packing import packed, unpacked


def a_document(*polygons, **more):
    """An annotation of these polygons on a picture of 640 x 480."""
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": list(polygons), "iscrowd": 0} | more
    image = {"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}
    return {
        "info": {}, "licenses": [], "images": [image], "annotations": [annotation],
        "categories": [{"id": 1, "name": "person"}],
    }  # fmt: skip


def ring(count, *, step=1):
    """A saw along the top, as numbers x, y, x, y, ..."""
    points = [(10 + place * step, 10 + 30 * (place % 2)) for place in range(count)]
    return [value for point in points for value in point]


def problems_of(polygon):
    content = json.dumps(a_document(polygon)).encode()
    document, _ = parse(content)
    found = [problem for problem in coco.check_coco(document) if problem.path.startswith("annotations[0].segm")]
    return [problem.message for problem in found if problem.level == "error"]


def test_a_long_polygon_is_the_same_as_a_list():
    as_lists = a_document(ring(100), ring(5))
    document, problems = parse(json.dumps(as_lists).encode())
    assert problems == []
    first, second = document["annotations"][0]["segmentation"]
    assert isinstance(first, array)
    assert (list(first), second) == (ring(100), ring(5))
    (ours,), (theirs,) = coco.coco_to_dataset(document).instances, coco.coco_to_dataset(as_lists).instances
    assert ours.rle == theirs.rle
    assert [part.outer.tolist() for part in ours.parts] == [part.outer.tolist() for part in theirs.parts]


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        ([*ring(20), 7], "has 41 numbers, expected an even count of at least 6"),
        ([*ring(20), 7.0, float("nan")], "holds nan, expected finite numbers"),
        ([*ring(20), 7, 10**400], "holds a number of more than 20 digits, expected finite numbers"),
        ([*ring(20), 7, True], "holds something other than numbers: True"),
        ([*ring(20), 7, "8"], "holds something other than numbers: '8'"),
    ],
)
def test_what_is_wrong_in_a_long_polygon_is_named_as_in_a_short_one(polygon, said):
    assert problems_of(polygon) == [f"{said} (id 1)"]


def test_what_covers_no_pixel_leaves_as_it_came():
    line = [value for place in range(20) for value in (place, 10)] + [19.5, 10]
    document, _ = parse(json.dumps(a_document(line)).encode())
    (carried,) = without_mask(coco.coco_to_dataset(document).images[0])
    assert json.dumps(carried["segmentation"]) == json.dumps([line])


def test_what_is_no_polygon_is_left_alone():
    for item in ({"segmentation": {"counts": "x"}}, {"segmentation": None}, {"other": 1}, {"segmentation": [[1] * 6]}):
        assert packed(dict(item)) == item
        assert unpacked(item) is item


def test_a_document_takes_a_fraction_of_the_memory_of_its_lists():
    content = json.dumps([a_document(ring(300, step=1.5))["annotations"][0] for _ in range(200)]).encode()

    def taken(read):
        tracemalloc.start()
        found = read(content)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert found
        return size

    assert taken(parse) < 0.4 * taken(json.loads)
