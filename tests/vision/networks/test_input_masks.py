"""Masks over the whole input: exact, and made within bounds however large the picture and however many they are."""

import time
import tracemalloc

import cv2
import numpy as np
import pytest

from annotator.core.geometry import Resize
from annotator.core.masks import rle_area, rle_to_mask
from annotator.vision.networks.input_masks import InputMasks


def blobs(count, side, random):
    """Logits (count, side, side) of one soft disc each."""
    y, x = np.mgrid[:side, :side]
    centres, radii = random.uniform(0.1, 0.9, (count, 2)) * side, random.uniform(0.02, 0.2, count) * side
    return np.stack(
        [(radius - np.hypot(x - cx, y - cy)) / 3 for (cx, cy), radius in zip(centres, radii, strict=True)]
    ).astype(np.float32)


def test_masks_that_are_not_cropped_are_the_plain_enlargement_whole():
    maps = blobs(20, 78, np.random.default_rng(0))
    resize = Resize.plan(rule="stretch", image_size=(517, 301), input_size=(312, 312))
    boxes = np.zeros((20, 4))
    for level in (0.5, 0.2, 0.9):
        limit = np.log(level / (1 - level))
        for rle, one in zip(InputMasks(maps).rles(boxes, resize=resize, level=level), maps, strict=True):
            assert (rle_to_mask(rle) == (cv2.resize(one, (517, 301)) > limit)).all()


def test_levels_at_the_ends_hold_everything_and_nothing():
    maps = InputMasks(blobs(1, 20, np.random.default_rng(0)))
    resize = Resize.plan(rule="stretch", image_size=(100, 90), input_size=(80, 80))
    everything, nothing = (maps.rles(np.zeros((1, 4)), resize=resize, level=level)[0] for level in (0.0, 1.0))
    assert (rle_area(everything), rle_area(nothing)) == (9000, 0)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_costs_no_more_than_the_mask(odd):
    maps = np.full((1, 20, 20), odd, np.float32)
    resize = Resize.plan(rule="stretch", image_size=(100, 90), input_size=(80, 80))
    (rle,) = InputMasks(maps).rles(np.zeros((1, 4)), resize=resize, level=0.5)
    (heatmap,) = InputMasks(maps).heatmaps(np.zeros((1, 4)), resize=resize)
    assert rle_area(rle) == (9000 if odd == np.inf else 0)
    assert (heatmap is None) == (odd != np.inf)


@pytest.mark.parametrize("mixed", [False, True])
def test_300_masks_of_12_megapixels_take_little_memory_and_time(mixed):
    random = np.random.default_rng(1)
    if mixed:  # 4000 x 3000 in 640 x 640: the padding is no whole number of cells, and the maps are enlarged
        masks = InputMasks(blobs(32, 160, random), random.normal(size=(300, 32)).astype(np.float32), cropped=True)
        resize = Resize.plan(rule="letterbox", image_size=(4000, 2990), input_size=(640, 640))
    else:
        masks = InputMasks(blobs(300, 108, random))
        resize = Resize.plan(rule="stretch", image_size=(4000, 3000), input_size=(432, 432))
    corners = random.uniform(0, 2500, (300, 2))
    boxes = np.hstack((corners, corners + random.uniform(50, 900, (300, 2))))
    tracemalloc.start()
    began = time.process_time()
    rles = masks.rles(boxes, resize=resize, level=0.5)
    heatmaps = masks.heatmaps(boxes, resize=resize)
    took = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(rle_area(rle) > 0 for rle in rles) > 150
    assert sum(heatmap is not None for heatmap in heatmaps) > 150
    assert peak < 150e6
    assert took < 30
    print(f"{took:.2f} s, {peak / 1e6:.0f} MB")
