"""A kept heatmap gives the same mask at a level wherever and whenever it is asked for."""

import base64
import json
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.errors import GeometryError
from annotator.core.heatmap import HALF, LEVELS, MAX_REGION, MAX_SIZE, Heatmap, pack, unpack
from annotator.core.masks import Rle, rle_area, rle_to_mask
from annotator.core.paste import heatmaps_to_rles
from tests.core.strategies import examples

# The editor's tests read this file too: both sides give these masks.
GOLDEN = json.loads(
    (Path(__file__).parents[2] / "annotator/frontend/tests/heatmaps.golden.json").read_text(encoding="utf-8")
)


@st.composite
def heatmaps(draw, sizes=(1, 2, 5, 28)):
    size = draw(st.sampled_from(sizes))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random.integers(0, 101, (size, size)).astype(np.uint8)
    if draw(st.booleans()):
        values = cv2.GaussianBlur(values, (0, 0), 2.0)
    left, top = draw(st.integers(-40, 40)), draw(st.integers(-40, 40))
    return Heatmap(values, left, top, draw(st.integers(1, 60)), draw(st.integers(1, 60)))


def reference(heatmap, level, height, width):
    """Every pixel on its own, in fractions: bilinear between the samples' centres, a border of zeros around them."""
    padded = np.pad(heatmap.values, 1)

    def taps(length, pixel):
        place = Fraction(2 * pixel + 1, 2) * len(padded) / length - Fraction(1, 2)
        place = min(max(place, Fraction(0)), Fraction(len(padded) - 1))
        return int(place), min(int(place) + 1, len(padded) - 1), place - int(place)

    mask = np.zeros((height, width), bool)
    for y in range(max(0, heatmap.top), min(height, heatmap.top + heatmap.height)):
        above, below, down = taps(heatmap.height, y - heatmap.top)
        for x in range(max(0, heatmap.left), min(width, heatmap.left + heatmap.width)):
            before, after, right = taps(heatmap.width, x - heatmap.left)
            upper = int(padded[above, before]) * (1 - right) + int(padded[above, after]) * right
            lower = int(padded[below, before]) * (1 - right) + int(padded[below, after]) * right
            mask[y, x] = upper * (1 - down) + lower * down > level
    return mask


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_the_server_makes_the_masks_that_the_editor_does(case):
    height, width = case["height"], case["width"]
    half = None if case["half"] is None else Rle(height, width, case["half"])
    heatmap = Heatmap(unpack(base64.b64decode(case["values"]), size=case["size"]), *case["region"], half)
    for level, counts in case["cuts"].items():
        assert heatmap.at(int(level), height=height, width=width).counts == counts


@given(heatmaps(sizes=(1, 2, 3, 4, 5)), st.sampled_from(LEVELS), st.integers(1, 14), st.integers(1, 14))
@settings(max_examples=examples(100, 2000), deadline=None)
def test_a_mask_is_exact_arithmetic(heatmap, level, height, width):
    rle = heatmap.at(level, height=height, width=width)
    assert np.array_equal(rle_to_mask(rle), reference(heatmap, level, height, width))


@given(heatmaps(), st.integers(1, 98), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=examples(200, 5000))
def test_a_higher_level_lies_within_a_lower_one(heatmap, level, height, width):
    lower, higher = (rle_to_mask(heatmap.at(one, height=height, width=width)) for one in (level, level + 1))
    assert not (higher & ~lower).any()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 28, 56]), st.floats(-20, 30), st.floats(1, 60))
@settings(max_examples=examples(200, 5000))
def test_the_mask_of_a_suggestion_lies_between_the_levels_beside_it(seed, size, place, length):
    soft = cv2.GaussianBlur(np.random.default_rng(seed).random((size, size)), (0, 0), 1.5).astype(np.float32)
    box = (place, place, place + length, place + length * 0.7)
    heatmap = Heatmap.of(soft, box)
    own = rle_to_mask(heatmaps_to_rles(soft[None], [box], height=40, width=50)[0])
    below, above = (rle_to_mask(heatmap.at(one, height=40, width=50)) for one in (HALF - 1, HALF + 1))
    assert not (above & ~own).any()
    assert not (own & ~below).any()


def test_the_mask_at_a_half_is_the_suggestions_own():
    half = Rle(4, 5, "5:5")
    heatmap = Heatmap(np.full((3, 3), 90, np.uint8), 0, 0, 5, 4, half)
    assert heatmap.at(HALF, height=4, width=5) is half
    assert rle_area(heatmap.at(HALF + 1, height=4, width=5)) > 0


@given(heatmaps())
def test_a_heatmap_survives_its_packing(heatmap):
    again = unpack(pack(heatmap.values), size=len(heatmap.values))
    assert np.array_equal(again, heatmap.values)


@pytest.mark.parametrize("content", [b"", b"nonsense", pack(np.zeros((3, 3), np.uint8)), b"\x78\x9c\x03\x00" * 2])
def test_what_is_not_packed_so_is_refused(content):
    with pytest.raises(GeometryError, match="heatmap"):
        unpack(content, size=4)


def test_bytes_that_unpack_to_more_than_they_say_are_refused_before_they_do():
    with pytest.raises(GeometryError, match="not 4 x 4"):
        unpack(pack(np.zeros((256, 256), np.uint8)), size=4)
    with pytest.raises(GeometryError, match="samples a side"):
        unpack(pack(np.zeros((4, 4), np.uint8)), size=2**40)


@pytest.mark.parametrize(
    ("values", "region"),
    [
        (np.full((2, 2), 101, np.uint8), (0, 0, 4, 4)),
        (np.zeros((2, 3), np.uint8), (0, 0, 4, 4)),
        (np.zeros((0, 0), np.uint8), (0, 0, 4, 4)),
        (np.zeros((2, 2), np.uint8), (0, 0, 0, 4)),
        (np.zeros((2, 2), np.uint8), (0, 0, 4, MAX_REGION + 1)),
        (np.zeros((2, 2), np.uint8), (-MAX_REGION - 1, 0, 4, 4)),
    ],
)
def test_what_could_not_become_a_mask_exactly_is_refused(values, region):
    with pytest.raises(GeometryError, match="heatmap"):
        Heatmap(values, *region)


@pytest.mark.parametrize(
    ("size", "region"),
    [
        (MAX_SIZE, (0, 0, 4, 4)),
        (1, (0, 0, 1, 1)),
        (2, (0, 0, MAX_REGION, 4)),
        (2, (-MAX_REGION, MAX_REGION, 4, MAX_REGION)),
    ],
)
def test_what_is_at_its_bound_is_a_heatmap(size, region):
    assert Heatmap(np.full((size, size), 100, np.uint8), *region).region == region


def test_a_box_too_large_to_be_kept_has_no_heatmap():
    soft = np.ones((28, 28), np.float32)
    assert Heatmap.of(soft, (0, 0, 3e6, 10)) is None
    assert Heatmap.of(np.full((28, 28), np.nan, np.float32), (0, 0, 10, 10)).values.max() == 0
