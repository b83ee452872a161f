"""Polygons fill what pycocotools fills, and what would take too long is refused before it begins."""

import itertools
import tracemalloc
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from annotator.core import budget, masks, polygons
from annotator.core.budget import GESTURE_STEPS, MASK_STEPS, WorkBudget
from annotator.core.errors import GeometryError
from annotator.core.polygons import SLICE_STEPS, Part, bridge_holes, parts_to_rle, polygons_to_rle
from annotator.core.trace import rle_to_parts
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask


def square(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def zigzag(vertices, *, length, left=0.0):
    """A ring that runs up and down as often as it has vertices."""
    across = left + np.arange(vertices) / 7
    return np.stack((across, np.arange(vertices) % 2 * length), axis=1)


@pytest.fixture
def walked():
    """How many pixels each call of the rasteriser was asked to walk."""
    calls = []
    fill = coco_mask.frPyObjects

    def counted(rings, height, width):
        closed = [np.reshape(ring, (-1, 2)) for ring in rings]
        calls.append(sum(np.abs(np.diff(ring, axis=0, append=ring[:1])).max(axis=1).sum() for ring in closed))
        return fill(rings, height, width)

    with patch.object(polygons.coco_mask, "frPyObjects", counted):
        yield calls


# --- what they fill --------------------------------------------------------------------------------------------------

SIDES = st.integers(1, 40)
NEAR = st.floats(-3, 43) | st.integers(-30, 430).map(lambda tenths: tenths / 10)
PLACES = NEAR | NEAR | st.floats(-700, 700)
RINGS = st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=9).map(lambda points: np.array(points, np.float64))


def filled(rings, height, width):
    """As a reader without us has it."""
    coded = coco_mask.frPyObjects([ring.ravel().tolist() for ring in rings], height, width)
    return coco_mask.decode(coco_mask.merge(coded)).astype(bool)


@given(st.lists(RINGS, min_size=1, max_size=20), SIDES, SIDES)
@settings(max_examples=examples(150, 20_000))
def test_polygons_fill_what_pycocotools_fills_in_one_go(rings, height, width):
    with patch.object(polygons, "SLICE_STEPS", 3_000):  # so that long rings are cut to pieces
        rle = polygons_to_rle(rings, height=height, width=width)
    assert np.array_equal(masks.rle_to_mask(rle), filled(rings, height, width))
    assert masks.checked_rle(rle.counts, height=height, width=width) == rle


@given(st.lists(st.lists(RINGS, min_size=1, max_size=4), min_size=1, max_size=10), SIDES, SIDES)
@settings(max_examples=examples(80, 5_000))
def test_parts_are_their_outer_rings_without_their_own_holes(drawn, height, width):
    expected = np.zeros((height, width), bool)
    for outer, *holes in drawn:
        inside = filled([outer], height, width)
        expected |= inside & ~filled(holes, height, width) if holes else inside
    rle = parts_to_rle([Part(outer, tuple(holes)) for outer, *holes in drawn], height=height, width=width)
    assert np.array_equal(masks.rle_to_mask(rle), expected)
    assert masks.checked_rle(rle.counts, height=height, width=width) == rle


@pytest.mark.parametrize("vertices", [3, 4, 9, 40])
def test_a_ring_of_the_longest_edges_is_cut_to_pieces(vertices, walked):
    ring = np.random.default_rng(vertices).choice([-65_500.0, -9, 20, 40, 131_000], (vertices, 2))
    with patch.object(budget, "MASK_STEPS", 10**9), patch.object(budget, "GESTURE_STEPS", 10**9):
        rle = polygons_to_rle([ring], height=48, width=64)
    assert max(walked) <= SLICE_STEPS + 2 * 196_500  # a slice, the edge at its end and a chord
    assert np.array_equal(masks.rle_to_mask(rle), filled([ring], 48, 64))


def test_parts_that_overlap_are_united_and_holes_cut_only_their_own_part():
    first = Part(square(0, 0, 6, 6), (square(2, 2, 4, 4),))
    second = Part(square(3, 0, 9, 6))
    mask = masks.rle_to_mask(parts_to_rle([first, second], height=6, width=9))
    expected = np.ones((6, 9), bool)
    expected[2:4, 2:3] = False  # the rest of the hole lies under the second part
    assert np.array_equal(mask, expected)


def test_a_hole_may_reach_beyond_its_part():
    mask = masks.rle_to_mask(parts_to_rle([Part(square(0, 0, 4, 4), (square(2, 2, 9, 9),))], height=5, width=5))
    assert mask.sum() == 12


def test_no_polygon_is_an_empty_mask():
    assert masks.rle_area(polygons_to_rle([], height=3, width=4)) == 0


# --- what they may cost ----------------------------------------------------------------------------------------------


def test_many_long_rings_are_refused_before_any_is_walked(walked):
    rings = [zigzag(38, length=130_000)] * 60
    with pytest.raises(GeometryError) as refused:
        polygons_to_rle(rings, height=48, width=64)
    assert str(refused.value) == "an outline of 296408280 px, expected at most 2000000 px in one mask"
    assert walked == []


def test_what_a_gesture_may_ask_for_is_walked_in_slices(walked):
    parts = [Part(zigzag(100, length=2_500, left=place)) for place in range(7)]
    rle = parts_to_rle(parts, height=3_000, width=64)
    assert masks.rle_area(rle) > 0
    assert 1_700_000 < sum(walked) < MASK_STEPS
    assert max(walked) <= SLICE_STEPS


def test_masks_share_what_their_gesture_may_ask_for(walked):
    asked = WorkBudget.of_gesture()
    ring = zigzag(900, length=2_200)
    for _ in range(5):
        polygons_to_rle([ring], height=4_000, width=200, budget=asked)
    spent = sum(walked)
    with pytest.raises(GeometryError, match=f"with those before, expected at most {GESTURE_STEPS} px in one gesture"):
        polygons_to_rle([ring], height=4_000, width=200, budget=asked)
    assert sum(walked) == spent


def test_a_file_may_ask_for_more_the_more_masks_it_has():
    few, many = WorkBudget.of_file(10), WorkBudget.of_file(1_000)
    for _ in range(25):
        few.spend(2_000_000)
    with pytest.raises(GeometryError, match="expected at most 50200000 px in a file of 10 masks"):
        few.spend(300_000)
    for _ in range(35):
        many.spend(2_000_000)


def test_the_way_far_off_the_picture_is_not_walked(walked):
    around = square(-65_500, -65_500, 131_000, 131_000)
    beside = square(70, -60_000, 130_000, 60_000)
    rle = polygons_to_rle([around] * 30 + [beside] * 30, height=48, width=64)
    assert masks.rle_area(rle) == 48 * 64
    assert sum(walked) < 30 * 250 + 30 * 150


def test_parts_with_holes_take_no_bitmap_of_a_large_picture():
    parts = [Part(square(x, 100, x + 150, 5_000), (square(x + 50, 200, x + 100, 4_900),)) for x in range(0, 7_600, 190)]
    tracemalloc.start()
    try:
        rle = parts_to_rle(parts, height=5_180, width=7_700)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert masks.rle_area(rle) == 40 * (150 * 4_900 - 50 * 4_700)
    assert peak < 4_000_000


def test_ten_thousand_parts_are_united():
    parts = [Part(square(x, y, x + 2, y + 2)) for x in range(0, 300, 3) for y in range(0, 300, 3)]
    rle = parts_to_rle(parts, height=300, width=300)
    assert masks.rle_area(rle) == 4 * len(parts) == 40_000


@pytest.mark.parametrize(
    "ring",
    [
        np.zeros((2, 2)),
        np.zeros((3, 3)),
        np.zeros(6),
        np.array([[0, 0], [np.nan, 1], [2, 2]]),
        np.array([[0, 0], [np.inf, 1], [2, 2]]),
        np.array([[0, 0], [4.3e8, 1], [2, 2]]),
        np.array([[0, 0], [-1e300, 1], [2, 2]]),
        np.array([[0.0, index % 2 * 65_000] for index in range(2_000)]),
    ],
    ids=["2 points", "3 columns", "flat", "nan", "inf", "far", "far left", "long way round"],
)
def test_a_polygon_that_would_crash_pycocotools_is_refused(ring):
    with pytest.raises(GeometryError):
        polygons_to_rle([ring], height=10, width=10)


# --- holes on a bridge -----------------------------------------------------------------------------------------------


@given(any_mask())
@settings(max_examples=examples(80, 5_000))
def test_bridged_holes_are_holes_to_a_reader_of_plain_polygons(mask):
    bridged = [bridge_holes(part) for part in rle_to_parts(masks.mask_to_rle(mask))]
    assert np.array_equal(filled(bridged or [square(0, 0, 0, 0)], *mask.shape), mask)


def test_a_bridge_leads_from_the_hole_to_the_corner_beside_it():
    outer = np.array([[0, 0], [90, 0], [90, 40], [88, 42], [90, 44], [90, 90], [0, 90]], float)
    ring = bridge_holes(Part(outer, (square(50, 41, 86, 60)[::-1],)))
    bridge = [(tuple(a), tuple(b)) for a, b in itertools.pairwise(ring.tolist())]
    assert ((88, 42), (86, 41)) in bridge
    assert ((86, 41), (88, 42)) in bridge


def test_a_comb_within_a_comb_is_bridged_without_comparing_all_corners():
    teeth = np.arange(200_000) / 2
    comb = np.stack((np.floor(teeth), 10 + np.round(teeth % 1)), axis=1)
    around = np.concatenate((comb, [[100_000, 50], [0, 50]]))
    within = np.concatenate((comb + np.array([1, 5]), [[99_000, 30], [1, 30]]))
    tracemalloc.start()
    try:
        ring = bridge_holes(Part(around, (within[::-1],)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(ring) == len(around) + len(within) + 2
    assert peak < 64_000_000


def test_a_stair_that_leads_nearer_with_each_step_is_not_walked_to_its_end():
    step = np.arange(400.0)[:, None]
    around = np.concatenate((step * [0, 10], [[5_000, 5_000], [5_000, 0]]))
    within = np.concatenate((step[::-1] * [3, 10] + [1, 4], [[3_000, 4], [3_000, 4_500]]))
    with patch.object(polygons, "_nearest", wraps=polygons._nearest) as looked:
        bridge_holes(Part(around, (within,)))
        assert looked.call_count == 16
        with patch.object(polygons, "_LOOKS", 1_000):
            bridge_holes(Part(around, (within,)))
    assert looked.call_count > 16 + 600


def test_more_holes_than_can_be_bridged_are_refused_in_one_line():
    hole = square(1, 1, 2, 2)
    with pytest.raises(GeometryError, match="a part with 20000 holes and 80004 corners is too much"):
        bridge_holes(Part(square(0, 0, 9, 9), (hole,) * 20_000))
