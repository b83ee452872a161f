"""One instance cut out of its picture."""

import cv2
import numpy as np
import pytest

from annotator.core.masks import mask_to_rle
from annotator.vision.pictures.cutouts import SIDE, cutout


def shown(mask, color=(200, 120, 40)):
    pixels = np.empty((*mask.shape, 3), np.uint8)
    pixels[:] = color
    return cv2.imdecode(np.frombuffer(cutout(pixels, mask_to_rle(mask)), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_the_mask_keeps_its_colour_and_the_rest_is_dimmed():
    mask = np.zeros((400, 600), bool)
    mask[150:250, 250:350] = True
    mask[190:210, 290:310] = False
    seen = shown(mask).astype(int)
    assert seen.shape == (SIDE, SIDE, 3)
    assert np.abs(seen[SIDE // 3, SIDE // 2] - (200, 120, 40)).max() < 6
    for row, column in ((4, 4), (SIDE // 2, SIDE // 2)):  # outside, and in the hole
        assert seen[row, column].max() < 70


@pytest.mark.parametrize(("top", "left"), [(0, 0), (0, 599), (399, 599), (200, 300)])
def test_a_single_pixel_anywhere_is_seen(top, left):
    mask = np.zeros((400, 600), bool)
    mask[top, left] = True
    assert shown(mask).max() > 190


def test_a_picture_narrower_than_the_square_is_shown_whole():
    mask = np.zeros((300, 40), bool)
    mask[10:290, 5:35] = True
    height, width, _ = shown(mask).shape
    assert height == SIDE
    assert width == pytest.approx(SIDE * 40 / 300, abs=1)
