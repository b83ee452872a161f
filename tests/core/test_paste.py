"""Every mask is, byte for byte, that of the plain paste on the whole picture: wherever the box lies."""

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from annotator.core.masks import rle_area
from annotator.core.paste import heatmaps_to_rles, maps_to_rles
from tests.core.strategies import examples


def reference_paste(heatmap, box, height, width, level=0.5):
    """The paste that the published AP was measured with, step by step, and what pycocotools makes of it."""
    size = heatmap.shape[0]
    padded = np.zeros((size + 2, size + 2), np.float32)
    padded[1 : size + 1, 1 : size + 1] = heatmap
    scale = (size + 2) / size
    center_x, center_y = (box[0] + box[2]) * 0.5, (box[1] + box[3]) * 0.5
    half_w, half_h = (box[2] - box[0]) * 0.5 * scale, (box[3] - box[1]) * 0.5 * scale
    x0, y0 = int(center_x - half_w), int(center_y - half_h)
    x1, y1 = int(center_x + half_w), int(center_y + half_h)
    w, h = max(x1 - x0 + 1, 1), max(y1 - y0 + 1, 1)
    resized = cv2.resize(padded, (w, h)) > level
    mask = np.zeros((height, width), np.uint8, order="F")
    for y in range(max(y0, 0), min(y1 + 1, height)):
        for x in range(max(x0, 0), min(x1 + 1, width)):
            mask[y, x] = resized[y - y0, x - x0]
    return coco_mask.encode(mask)["counts"].decode()


def soft_masks(kind, size, count, random):
    """What networks answer, and what is hard: noise, blobs, sharp edges, and plateaus that lie on the level."""
    coarse = random.random((count, 5, 5)).astype(np.float32)
    smooth = np.stack([cv2.resize(item, (size, size), interpolation=cv2.INTER_CUBIC) for item in coarse])
    if kind == "noise":
        return random.random((count, size, size)).astype(np.float32)
    if kind == "sharp":
        return np.float32(1 / (1 + np.exp(-25 * (smooth - 0.5))))
    if kind == "steps":
        return np.round(smooth * 4).astype(np.float32) / 4
    return smooth


KINDS = ("noise", "smooth", "sharp", "steps")
# In pictures: beyond every border, 1 px wide or high, inverted, far larger than the picture.
PLACES = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.floats(-0.1, 3), st.floats(-0.1, 3))


@given(
    st.sampled_from([28, 224, 7]),
    st.sampled_from(KINDS),
    st.lists(PLACES, max_size=6),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.5, 0.3, 0.75]),
)
@settings(max_examples=examples(150, 4000), deadline=None)
@example(28, "smooth", [], (30, 40), 1, 0.5)
@example(28, "smooth", [(0, 0, 1, 1), (0, 0, 0, 0), (-0.25, -0.3, 1.7, 1.9), (0.97, 0.1, 0.7, 0.1)], (30, 41), 1, 0.5)
@example(28, "steps", [(0.1, -1, 0.01, 3), (-1, 0.1, 3, 0.01), (12, 12, 0.2, 0.2)], (77, 5), 1, 0.5)
@example(224, "noise", [(-1, -20, 2.5, 60), (0.99, 0.98, 1, 1)], (31, 43), 1, 0.5)
def test_masks_are_those_of_the_reference_paste(size, kind, places, picture, seed, level):
    height, width = picture
    soft = soft_masks(kind, size, len(places), np.random.default_rng(seed)) if places else np.zeros((0, size, size))
    boxes = [(x * width, y * height, (x + w) * width, (y + h) * height) for x, y, w, h in places]
    found = heatmaps_to_rles(soft, boxes, height=height, width=width, level=level)
    expected = [reference_paste(*pair, height, width, level) for pair in zip(soft, boxes, strict=True)]
    assert [rle.counts for rle in found] == expected
    assert all((rle.height, rle.width) == picture for rle in found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "count"), [(28, 100), (224, 10)])
@pytest.mark.parametrize(("height", "width"), [(480, 640), (1079, 1917)])
def test_a_picture_full_of_detections_is_right_to_the_byte(kind, size, count, height, width):
    """Enlarged many times over, where columns are solved and not sampled."""
    random = np.random.default_rng(count + height)
    corners = random.uniform([-0.1 * width, -0.1 * height], [width, height], (count, 2))
    boxes = np.hstack([corners, corners + random.uniform(0.02, 0.4, (count, 2)) * [width, height]])
    soft = soft_masks(kind, size, count, random)
    found = heatmaps_to_rles(soft, boxes, height=height, width=width)
    some = range(count) if height < 500 else range(0, count, 9)
    assert [found[index].counts for index in some] == [
        reference_paste(soft[index], boxes[index].tolist(), height, width) for index in some
    ]


@pytest.mark.parametrize("seed", range(4))
def test_values_that_rounding_puts_above_or_below_the_level_are_looked_up(seed):
    random = np.random.default_rng(seed)
    soft = (0.5 + random.normal(0, 3e-7, (28, 28))).astype(np.float32)
    box = (20.3, -7.5, 180.1, 250.9)
    assert heatmaps_to_rles(soft[None], [box], height=240, width=190)[0].counts == reference_paste(soft, box, 240, 190)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e30, -40.0])
def test_values_that_no_network_should_give_are_pasted_all_the_same(odd):
    soft = soft_masks("smooth", 28, 1, np.random.default_rng(5))[0]
    soft[9:12, 4:20] = odd
    box = (3.5, -8.0, 70.0, 260.0)
    assert heatmaps_to_rles(soft[None], [box], height=240, width=90)[0].counts == reference_paste(soft, box, 240, 90)


@pytest.mark.parametrize("far", [1e6, 1e12, 3e38])
def test_a_box_far_larger_than_the_picture_takes_no_more_memory_than_the_picture(far):
    ones = np.ones((1, 28, 28), np.float32)
    (everywhere,) = heatmaps_to_rles(ones, [(-far, -far, far, far)], height=37, width=53)
    assert rle_area(everywhere) == 37 * 53
    elsewhere = heatmaps_to_rles(
        np.ones((28, 28), np.float32)[None], [(far, far, 2 * far, 3 * far)], height=37, width=53
    )[0]
    assert rle_area(elsewhere) == 0


def reference_enlarged(values, window, height, width, level):
    """A map enlarged to the whole picture, and what of it lies in the window."""
    left, top, right, bottom = window
    mask = np.zeros((height, width), np.uint8, order="F")
    mask[top:bottom, left:right] = (cv2.resize(values, (width, height)) > level)[top:bottom, left:right]
    return coco_mask.encode(mask)["counts"].decode()


@settings(max_examples=examples(60, many=1000), deadline=None)
@given(
    sides=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    picture=st.tuples(st.integers(1, 150), st.integers(1, 150)),
    cuts=st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=3),
    loudness=st.sampled_from([0.5, 7.0, 1e4]),
    level=st.sampled_from([0.0, -2.2, 0.3]),
    seed=st.integers(0, 999),
)
def test_maps_over_the_whole_picture_are_those_of_the_plain_enlargement(sides, picture, cuts, loudness, level, seed):
    height, width = picture
    maps = np.random.default_rng(seed).normal(0, loudness, (len(cuts), *sides)).astype(np.float32)
    windows = [
        [round(min(a, c) * width), round(min(b, d) * height), round(max(a, c) * width), round(max(b, d) * height)]
        for a, b, c, d in cuts
    ]
    found = maps_to_rles(maps, windows, height=height, width=width, level=level)
    for rle, values, window in zip(found, maps, windows, strict=True):
        assert rle.counts == reference_enlarged(values, window, height, width, level)


def test_maps_that_hold_no_numbers_have_no_pixel_there():
    maps = np.full((1, 8, 8), np.nan, np.float32)
    (found,) = maps_to_rles(maps, [[0, 0, 90, 90]], height=90, width=90, level=0.0)
    assert rle_area(found) == 0
