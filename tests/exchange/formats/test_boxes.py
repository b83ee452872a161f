"""Objects without a mask: what of their box lies in the picture."""

import pytest

from annotator.core.dataset import Image
from annotator.exchange.formats.boxes import Box, boxes_of
from tests.exchange.formats.conftest import with_boxes

IMAGE = Image(1, "a.jpg", 80, 60, "1" * 64)


def found(*boxes, categories=(5,), **more):
    return boxes_of(with_boxes(IMAGE, *boxes, **more), categories=categories)


@pytest.mark.parametrize(
    ("xywh", "xyxy", "clipped"),
    [
        ((10, 20, 30, 15), (10, 20, 40, 35), False),
        ((0, 0, 80, 60), (0, 0, 80, 60), False),
        ((70, 50, 30, 40), (70, 50, 80, 60), True),
        ((-5.5, -4, 10, 10.5), (0, 0, 4.5, 6.5), True),
        ((79.5, 59.5, 9, 9), (79.5, 59.5, 80, 60), True),
    ],
)
def test_a_box_ends_at_the_border_of_its_picture(xywh, xyxy, clipped):
    assert found(xywh) == ([Box(101, 5, xyxy, clipped=clipped)], [])


@pytest.mark.parametrize(
    "xywh",
    [(80, 10, 5, 5), (10, 60, 5, 5), (-5, 10, 5, 5), (10, -5, 5, 5), (10, 10, 0, 5), (10, 10, 5, 0), (10, 10, -5, 5)],
)
def test_a_box_without_a_place_in_the_picture_is_nowhere(xywh):
    assert found(xywh) == ([], [101])


def test_what_is_no_box_or_of_no_category_is_nowhere():
    assert found((1, 2, 3), (1, 2, 3, 4, 5), (1, 2, 3, float("nan")), ("1", 2, 3, 4)) == ([], [101, 102, 103, 104])
    assert found((1, 2, 3, 4), categories=(6,)) == ([], [101])


def test_a_crowd_is_one():
    assert found((1, 2, 3, 4), iscrowd=1) == ([Box(101, 5, (1, 2, 4, 6), crowd=True)], [])
