"""Repairs of masks: exact to the pixel, nothing beyond what they say, and the same when they are done again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotator.core.masks import mask_to_rle, rle_to_mask
from annotator.core.repair import NEAR, Kind, Repair, mend, those_above

MASKS = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(lambda shape: arrays(bool, shape))
RADII = st.integers(1, 4)


def mended(mask, kind, pixels=0, above=()):
    return rle_to_mask(mend(mask_to_rle(mask), Repair(kind, pixels), above=[mask_to_rle(one) for one in above]))


def within(mask, radius):
    """All pixels within the radius, one after the other."""
    found = np.zeros_like(mask)
    rows, columns = np.indices(mask.shape)
    for y, x in np.argwhere(mask):
        found |= (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    return found


def pieces(mask):
    """Areas of what is connected along sides, by flooding."""
    left, areas = {tuple(one) for one in np.argwhere(mask)}, []
    while left:
        stack, area = [left.pop()], 0
        while stack:
            y, x = stack.pop()
            area += 1
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in left:
                    left.remove(near)
                    stack.append(near)
        areas.append(area)
    return sorted(areas)


@given(MASKS, RADII)
def test_growing_and_shrinking_are_exact_and_a_pictures_edge_eats_nothing(mask, radius):
    assert (mended(mask, Kind.GROW, radius) == within(mask, radius)).all()
    assert (mended(mask, Kind.SHRINK, radius) == (mask & ~within(~mask, radius))).all()


@pytest.mark.parametrize("radius", [NEAR - 1, NEAR, NEAR + 1])
def test_both_ways_to_grow_reach_as_far(radius):
    mask = np.pad([[True, False, True]], 2 * NEAR)
    assert (mended(mask, Kind.GROW, radius) == within(mask, radius)).all()


@given(MASKS)
def test_a_filled_mask_has_no_background_that_is_cut_off_from_the_edge(mask):
    filled = mended(mask, Kind.HOLES)
    assert (filled >= mask).all()
    framed = np.pad(~filled, 1, constant_values=True)
    assert len(pieces(framed)) == 1
    assert (mended(filled, Kind.HOLES) == filled).all()


@given(MASKS, st.integers(1, 12))
def test_specks_go_whole_and_the_largest_piece_stays(mask, least):
    areas = pieces(mask)
    kept = mended(mask, Kind.SPECKS, least)
    assert (kept <= mask).all()
    assert pieces(kept) == ([area for area in areas if area >= least] or areas[-1:])
    assert pieces(mended(mask, Kind.LARGEST)) == areas[-1:]


@given(MASKS, RADII)
def test_smoothing_twice_is_smoothing_once(mask, radius):
    once = mended(mask, Kind.SMOOTH, radius)
    assert (mended(once, Kind.SMOOTH, radius) == once).all()


def test_smoothing_takes_a_spike_and_a_notch_and_leaves_a_disc():
    disc = within(np.pad([[True]], 20), 12)
    rough = disc.copy()
    rough[20, 30:38] = True
    rough[8:14, 20] = False
    smooth = mended(rough, Kind.SMOOTH, 3)
    assert (smooth != disc).sum() <= 12
    assert not smooth[20, 36]
    assert smooth[10, 20]


@given(MASKS, st.data())
def test_what_lies_over_it_is_gone_and_nothing_else(mask, data):
    above = data.draw(st.lists(arrays(bool, mask.shape), max_size=3))
    covered = np.logical_or.reduce([np.zeros_like(mask), *above])
    assert (mended(mask, Kind.SUBTRACT, above=above) == (mask & ~covered)).all()


def test_the_smaller_lies_over_the_larger_and_of_equal_ones_the_later():
    def box(x0, y0, x1, y1):
        mask = np.zeros((10, 10), bool)
        mask[y0:y1, x0:x1] = True
        return mask_to_rle(mask)

    rles = [box(0, 0, 6, 6), box(4, 4, 8, 8), box(5, 5, 9, 9), box(9, 9, 10, 10), box(3, 3, 3, 3)]
    assert those_above(rles) == [[1, 2], [2], [], [], []]
    assert those_above([]) == []


@pytest.mark.parametrize("kind", Kind)
def test_an_empty_mask_stays_empty(kind):
    assert not mended(np.zeros((3, 4), bool), kind, 2).any()


def test_what_is_shrunk_away_is_empty():
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert not mended(mask, Kind.SHRINK, 1).any()
