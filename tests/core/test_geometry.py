"""The resize and its inverse, boxes, and the two rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.geometry import Resize, clip_boxes, crop_around, xyxy_to_xywh

SIDES = st.integers(1, 5000)


@given(st.sampled_from(["stretch", "fit", "center"]), SIDES, SIDES, SIDES, SIDES)
def test_boxes_come_back_from_the_input(rule, width, height, input_width, input_height):
    resize = Resize.plan(rule=rule, image_size=(width, height), input_size=(input_width, input_height))
    boxes = np.array([[0, 0, width, height], [width / 3, height / 7, width / 2, height / 2]], np.float64)
    assert np.allclose(resize.boxes_to_image(resize.boxes_to_input(boxes)), boxes)
    left, top = resize.left, resize.top
    content = [left, top, left + resize.content_width, top + resize.content_height]
    assert np.allclose(resize.boxes_to_input(boxes)[0], content)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("stretch", [10, 8, 80, 64]),
        ("fit", [5, 8, 40, 64]),
        ("center", [30, 8, 65, 64]),  # 50 wide in an input of 100
    ],
)
def test_a_box_of_a_tall_picture_lies_where_the_rule_puts_it(rule, expected):
    resize = Resize.plan(rule=rule, image_size=(100, 160), input_size=(100, 80))
    assert resize.boxes_to_input(np.array([[10.0, 16, 80, 128]])).tolist() == [expected]
    assert resize.boxes_to_image(np.array([expected])).tolist() == [[10, 16, 80, 128]]


@pytest.mark.parametrize(
    ("rule", "expected"), [("stretch", [10, 8, 80, 64]), ("fit", [10, 4, 80, 32]), ("center", [10, 24, 80, 52])]
)
def test_a_box_of_a_wide_picture_lies_where_the_rule_puts_it(rule, expected):
    resize = Resize.plan(rule=rule, image_size=(200, 80), input_size=(100, 80))
    assert resize.boxes_to_input(np.array([[20.0, 8, 160, 64]])).tolist() == [expected]
    assert resize.boxes_to_image(np.array([expected])).tolist() == [[20, 8, 160, 64]]


@given(SIDES, SIDES, SIDES, SIDES)
def test_fit_keeps_the_aspect_to_a_pixel_and_stays_inside(width, height, input_width, input_height):
    resize = Resize.plan(rule="fit", image_size=(width, height), input_size=(input_width, input_height))
    assert 1 <= resize.content_width <= input_width
    assert 1 <= resize.content_height <= input_height
    scale = min(input_width / width, input_height / height)
    assert resize.content_width == pytest.approx(max(width * scale, 1), abs=1.001)
    assert resize.content_height == pytest.approx(max(height * scale, 1), abs=1.001)


def test_fit_truncates_as_the_accuracy_checker_does():
    resize = Resize.plan(rule="fit", image_size=(1080, 810), input_size=(1344, 800))
    assert (resize.content_width, resize.content_height) == (1066, 800)
    assert (resize.input_width, resize.input_height) == (1344, 800)


def test_stretch_fills_the_input():
    resize = Resize.plan(rule="stretch", image_size=(100, 50), input_size=(320, 544))
    assert resize.scale_xy == (3.2, 10.88)


def test_boxes_are_clipped_to_the_picture():
    boxes = np.array([[-5.0, -5.0, 700.0, 500.0], [10.0, 20.0, 30.0, 40.0], [800.0, 900.0, 801.0, 902.0]])
    clipped = clip_boxes(boxes, width=640, height=480)
    assert clipped.tolist() == [[0, 0, 640, 480], [10, 20, 30, 40], [640, 480, 640, 480]]


@given(st.data(), SIDES, SIDES, st.integers(16, 1400), st.integers(16, 1400))
def test_a_crop_holds_its_box_and_shows_it_larger_and_never_enlarged(data, width, height, input_width, input_height):
    x0, x1 = sorted(data.draw(st.floats(0, width)) for _ in range(2))
    y0, y1 = sorted(data.draw(st.floats(0, height)) for _ in range(2))
    size, asked = (width, height), (input_width, input_height)
    crop = crop_around((x0, y0, x1, y1), image_size=size, input_size=asked)
    whole = min(input_width / width, input_height / height)
    if crop is None:
        # Its own box twice as large, or as many pixels as the input has, would show it hardly larger.
        assert min(input_width / max(2 * (x1 - x0), 1), input_height / max(2 * (y1 - y0), 1), 1) < 1.25 * whole
        return
    left, top, right, bottom = crop
    assert 0 <= left <= x0
    assert x1 <= right <= width
    assert 0 <= top <= y0
    assert y1 <= bottom <= height
    assert 1.2 * whole <= min(input_width / (right - left), input_height / (bottom - top))
    assert right - left >= min(input_width, width)
    assert bottom - top >= min(input_height, height)


def test_a_part_begins_no_further_than_it_can():
    assert crop_around((3990, 10, 3999, 40), image_size=(4000, 3000), input_size=(448, 320)) == (3552, 0, 4000, 320)
    assert crop_around((1000, 1000, 1400, 1900), image_size=(4000, 3000), input_size=(400, 300)) == (0, 550, 2400, 2350)


def test_corners_become_corner_and_size():
    assert xyxy_to_xywh((1.5, 2.0, 4.0, 10.0)) == (1.5, 2.0, 2.5, 8.0)
