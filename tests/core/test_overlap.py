"""Masks that lie over each other are found without comparing each with each."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from annotator.core import overlap
from annotator.core.dataset import Instance, State, Suggestion
from annotator.core.errors import GeometryError
from annotator.core.masks import mask_to_rle
from annotator.core.overlap import mask_iou, overlaps, unanswered

HEIGHT, WIDTH = 30, 40


def block(x, y, w, h, *, height=HEIGHT, width=WIDTH):
    mask = np.zeros((height, width), bool)
    mask[y : y + h, x : x + w] = True
    return mask_to_rle(mask)


BLOCKS = st.builds(block, st.integers(0, 40), st.integers(0, 30), st.integers(0, 20), st.integers(0, 20))
NOISE = st.integers(0, 2**31).map(lambda seed: mask_to_rle(np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.6))
MASKS = st.lists(BLOCKS | NOISE, max_size=12)


@given(MASKS, MASKS, st.sampled_from([0.01, 0.25, 0.5, 0.9, 1.0]))
def test_the_pairs_are_those_of_the_whole_matrix(first, second, least):
    expected = np.argwhere(mask_iou(first, second) >= least).tolist()
    with patch.object(overlap, "_ROWS", 3), patch.object(overlap, "_COLUMNS", 2):
        found = [(row, column) for row, columns, _ in overlaps(first, second, least=least) for column in columns]
    assert sorted(map(list, found)) == expected


def test_the_iou_is_told():
    ((row, columns, iou),) = overlaps([block(0, 0, 1, 1), block(10, 10, 4, 4)], [block(10, 10, 4, 3)], least=0.5)
    assert (row, columns.tolist(), iou.tolist()) == (1, [0], [0.75])


def suggested(rle, category=1):
    return Suggestion(category, 0.9, rle, "m@1")


def decided(rle, state=State.ACCEPTED, category=1):
    return Instance(id=1, key="k", image_id=1, category_id=category, state=state, rle=rle)


@pytest.mark.parametrize(
    ("width", "is_asked"), [(2, False), (3, True)], ids=["IoU of exactly a half", "IoU below a half"]
)
def test_half_an_overlap_answers(width, is_asked):
    offered = suggested(block(5, 5, 1, 1))
    assert unanswered([offered], [decided(block(5, 5, width, 1))]) == ([offered] if is_asked else [])


@pytest.mark.parametrize(
    ("state", "category", "is_asked"),
    [
        (State.ACCEPTED, 1, False),
        (State.ACCEPTED, 2, False),
        (State.REJECTED, 1, False),
        (State.DELETED, 1, False),
        (State.REJECTED, 2, True),
        (State.SUGGESTED, 1, True),
    ],
)
def test_an_accepted_object_answers_for_every_category_and_a_rejection_for_its_own(state, category, is_asked):
    offered = suggested(block(5, 5, 9, 9))
    assert bool(unanswered([offered], [decided(block(5, 5, 9, 9), state, category)])) == is_asked


def test_thousands_of_scattered_masks_are_compared_with_their_neighbours_alone():
    spots = [block(x, y, 2, 2, height=200, width=400) for x in range(0, 400, 4) for y in range(0, 200, 4)]
    shifted = [block(x, y, 2, 3, height=200, width=400) for x in range(0, 400, 4) for y in range(0, 200, 4)]
    compared = []
    iou = coco_mask.iou

    def counted(first, second, crowds):
        compared.append(len(first) * len(second))
        return iou(first, second, crowds)

    with patch.object(overlap.coco_mask, "iou", counted):
        found = {row: columns.tolist() for row, columns, _ in overlaps(spots, shifted, least=0.5)}
    assert found == {index: [index] for index in range(5_000)}
    assert sum(compared) == 5_000


def test_too_many_masks_over_each_other_are_refused_in_one_line():
    same = [block(5, 5, 9, 9)] * 3_000
    with patch.object(overlap, "MOST_COMPARED", 1_000_000), pytest.raises(GeometryError) as refused:
        list(overlaps(same, same, least=0.5))
    assert str(refused.value).startswith("3000 masks and 3000 others of the same image lie over each other too much")
