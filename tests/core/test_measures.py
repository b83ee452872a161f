"""Areas and boxes of more masks than pycocotools counts in one call."""

import numpy as np
import pytest
from hypothesis import given, settings

from annotator.core.masks import mask_to_rle
from annotator.core.measures import areas_of, boxes_of, runs_of
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_every_mask_has_its_area_and_its_box(count):
    masks = []
    for index in range(count):
        mask = np.zeros((40, 20), bool)
        mask[index % 30 : index % 30 + 2, : 1 + index % 19] = True
        masks.append(mask_to_rle(mask))
    assert areas_of(masks) == [2 * (1 + index % 19) for index in range(count)]
    assert boxes_of(masks) == [[0, index % 30, 1 + index % 19, 2] for index in range(count)]


@given(any_mask())
@settings(max_examples=examples(100, 2000))
def test_runs_begin_where_a_pixel_follows_none_down_the_columns(mask):
    down = mask.T.ravel()
    begins = down & ~np.concatenate([[False], down[:-1]])
    assert runs_of([mask_to_rle(mask)]) == [begins.sum()]
