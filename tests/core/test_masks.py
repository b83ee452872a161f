"""Every conversion keeps a mask to the pixel, and nothing malformed gets through."""

import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotator.core import masks
from annotator.core.errors import GeometryError
from annotator.core.limits import MAX_COUNTS, MAX_SIDE
from annotator.core.masks import MAX_GROUPS, Rle
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask

DONUT = np.pad(np.pad(np.zeros((2, 2), bool), 1, constant_values=True), 1)
DIAGONAL = np.array([[1, 0], [0, 1]], bool)
COUNTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


def square(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


# --- runs ------------------------------------------------------------------------------------------------------------


@given(any_mask())
@settings(max_examples=examples(300, 5000))
def test_a_mask_survives_its_rle(mask):
    rle = masks.mask_to_rle(mask)
    assert np.array_equal(masks.rle_to_mask(rle), mask)
    runs = masks.rle_to_runs(rle)
    assert runs.sum() == mask.size
    assert masks.runs_to_rle(runs, height=rle.height, width=rle.width) == rle
    assert masks.checked_rle(rle.counts, height=rle.height, width=rle.width) == rle
    assert masks.checked_rle(runs.tolist(), height=rle.height, width=rle.width) == rle
    assert masks.rle_area(rle) == mask.sum()


@given(any_mask(max_side=6), st.randoms())
def test_runs_of_length_zero_do_not_change_the_normal_form(mask, random):
    rle = masks.mask_to_rle(mask)
    padded = []
    for run in masks.rle_to_runs(rle).tolist():
        cut = random.randint(0, run)
        padded += [cut, 0, run - cut] if random.random() < 0.5 else [run]
    assert masks.checked_rle(padded, height=rle.height, width=rle.width) == rle
    text = written_longer(padded, random)
    assert masks.rle_to_runs(Rle(rle.height, rle.width, text)).tolist() == padded
    assert masks.checked_rle(text, height=rle.height, width=rle.width) == rle


def written_longer(runs, random):
    """The runs as compressed counts, some with groups of 5 bits more than they need."""
    text = ""
    for index, run in enumerate(runs):
        value = run - runs[index - 2] if index > 2 else run
        groups = random.choice((0, 0, 1, 2))
        while groups or not -16 <= value < 16:
            groups -= groups > 0 and -16 <= value < 16
            text += chr((value & 31) + 32 + 48)
            value >>= 5
        text += chr((value & 31) + 48)
    return text


@given(COUNTS, st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=examples(1000, 100_000))
@example("", 1, 1)
@example("o" * 5_000, 3, 3)
@example("ÿ", 3, 3)
@example("€", 5, 3)
@example("\ud800", 5, 3)
@example("oooooooooooo0", 3, 3)
def test_counts_from_outside_are_a_mask_or_refused(counts, height, width):
    try:
        rle = masks.checked_rle(counts, height=height, width=width)
    except GeometryError:
        return
    assert masks.rle_to_mask(rle).shape == (height, width)
    assert masks.rle_to_runs(rle).sum() == height * width


@given(st.data(), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=examples(300, 20_000))
def test_masks_are_normal_together_if_each_is_alone(data, height, width):
    shape = st.lists(st.booleans(), min_size=height * width, max_size=height * width)
    normal = shape.map(lambda bits: masks.mask_to_rle(np.reshape(bits, (height, width))).counts)
    longer = normal.map(lambda counts: written_longer(masks.rle_to_runs(Rle(height, width, counts)), random.Random(0)))
    mixed = data.draw(st.lists(st.one_of(normal, normal, longer, COUNTS), min_size=1, max_size=5))

    def is_normal(counts):
        try:
            return masks.checked_rle(counts, height=height, width=width).counts == counts
        except GeometryError:
            return False

    assert masks.are_normal(mixed, height=height, width=width) == all(map(is_normal, mixed))


@given(st.lists(any_mask(max_side=8), min_size=1, max_size=6))
@settings(max_examples=examples(200, 5_000))
def test_the_runs_of_several_masks_come_back_together(several):
    coded = [masks.mask_to_rle(mask) for mask in several]
    runs, lengths = masks.normal_to_runs([rle.counts for rle in coded])
    assert [part.tolist() for part in np.split(runs, np.cumsum(lengths)[:-1])] == [
        masks.rle_to_runs(rle).tolist() for rle in coded
    ]


@pytest.mark.parametrize(
    "counts",
    [[4294967295, 4294967295, 0, 0] * 1000, [3], [5, -1], [1.0, 3.0], ["4"], [2**70], [None], [], [[4]], [True] * 5],
    ids=str,
)
def test_uncompressed_counts_must_add_up_to_the_image(counts):
    with pytest.raises(GeometryError):
        masks.checked_rle(counts, height=2, width=2)


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (-2, -2), (2**40, 1), (65_501, 1)])
def test_a_size_beyond_every_picture_is_refused(size):
    with pytest.raises(GeometryError):
        masks.rle_to_runs(Rle(*size, "4"))


@pytest.mark.parametrize("size", [(MAX_SIDE, 1), (1, MAX_SIDE)])
def test_a_side_may_be_as_long_as_that_of_the_largest_picture(size):
    rle = masks.runs_to_rle(np.array([1, MAX_SIDE - 2, 1]), height=size[0], width=size[1])
    assert masks.rle_to_runs(rle).tolist() == [1, MAX_SIDE - 2, 1]
    assert masks.checked_rle(rle.counts, height=size[0], width=size[1]) == rle
    assert masks.are_normal([rle.counts], height=size[0], width=size[1])


def test_a_count_may_have_as_many_groups_as_fit_64_bits():
    for groups, is_read in ((MAX_GROUPS, True), (MAX_GROUPS + 1, False)):
        counts = "P" * (groups - 1) + "0" + "4"  # 0, written long, then 4
        if is_read:
            assert masks.rle_to_runs(Rle(2, 2, counts)).tolist() == [0, 4]
        else:
            with pytest.raises(GeometryError, match="groups"):
                masks.rle_to_runs(Rle(2, 2, counts))


def test_counts_may_be_as_long_as_a_project_takes_in():
    assert masks.require_storable(Rle(1, 1, "1" * MAX_COUNTS)).counts == "1" * MAX_COUNTS
    with pytest.raises(GeometryError, match=f"{MAX_COUNTS + 1} characters, expected at most {MAX_COUNTS}"):
        masks.require_storable(Rle(1, 1, "1" * (MAX_COUNTS + 1)))


# --- measures --------------------------------------------------------------------------------------------------------


@given(any_mask())
def test_the_box_is_tight(mask):
    box = masks.rle_box_xyxy(masks.mask_to_rle(mask))
    y, x = np.nonzero(mask)
    assert box == ((x.min(), y.min(), x.max() + 1, y.max() + 1) if len(x) else (0, 0, 0, 0))


@given(st.data())
def test_iou_is_that_of_the_pixels(data):
    first = data.draw(any_mask(max_side=8))
    second = np.random.default_rng(data.draw(st.integers(0, 99))).random(first.shape) < 0.5
    union = (first | second).sum()
    expected = (first & second).sum() / union if union else 1.0
    assert masks.rle_iou(masks.mask_to_rle(first), masks.mask_to_rle(second)) == pytest.approx(expected)
