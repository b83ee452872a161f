"""A mask inside a box without a network."""

import numpy as np
import pytest

from annotator.core.masks import mask_to_rle, rle_area, rle_box_xyxy, rle_to_mask
from annotator.vision.pictures.grabcut import grabcut_mask


@pytest.fixture
def pixels():
    """Dark noise with a light rectangle, rows 20 to 40 and columns 30 to 60."""
    noise = np.random.default_rng(0).integers(0, 60, (80, 100, 3)).astype(np.uint8)
    noise[20:40, 30:60] += 180
    return noise


def test_the_object_inside_the_box_is_found(pixels):
    found = rle_to_mask(grabcut_mask(pixels, (24, 14, 66, 46)))
    wanted = np.zeros((80, 100), bool)
    wanted[20:40, 30:60] = True
    assert (found & wanted).sum() / (found | wanted).sum() > 0.9


@pytest.mark.parametrize("box", [(30, 20, 60, 40), (90, 70, 200, 200), (-20, -20, 12.5, 9.2), (3.2, 4.1, 5.7, 6)])
def test_nothing_lies_outside_the_box_and_the_runs_are_as_everybody_writes_them(pixels, box):
    rle = grabcut_mask(pixels, box)
    assert mask_to_rle(rle_to_mask(rle)) == rle
    x0, y0, x1, y1 = rle_box_xyxy(rle)
    assert rle_area(rle) > 0
    assert np.floor(box[0]) <= x0 < x1 <= np.ceil(box[2])
    assert np.floor(box[1]) <= y0 < y1 <= np.ceil(box[3])


@pytest.mark.parametrize("box", [(5, 5, 5, 5), (200, 5, 300, 50), (50, 90, 60, 95)])
def test_a_box_beside_the_picture_holds_nothing(pixels, box):
    rle = grabcut_mask(pixels, box)
    assert (rle.height, rle.width, rle_area(rle)) == (80, 100, 0)
