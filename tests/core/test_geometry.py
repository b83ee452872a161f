"""The resize and its inverse, boxes, and the two rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.geometry import Resize, clip_boxes, xyxy_to_xywh

SIDES = st.integers(1, 5000)


@given(st.sampled_from(["stretch", "fit"]), SIDES, SIDES, SIDES, SIDES)
def test_boxes_come_back_from_the_input(rule, width, height, input_width, input_height):
    resize = Resize.plan(rule=rule, image_size=(width, height), input_size=(input_width, input_height))
    boxes = np.array([[0, 0, width, height], [width / 3, height / 7, width / 2, height / 2]], np.float64)
    assert np.allclose(resize.boxes_to_image(resize.boxes_to_input(boxes)), boxes)
    assert np.allclose(resize.boxes_to_input(boxes)[0], [0, 0, resize.content_width, resize.content_height])


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


def test_corners_become_corner_and_size():
    assert xyxy_to_xywh((1.5, 2.0, 4.0, 10.0)) == (1.5, 2.0, 2.5, 8.0)
