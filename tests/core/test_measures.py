"""Areas and boxes of more masks than pycocotools counts in one call."""

import numpy as np
import pytest

from annotator.core.masks import mask_to_rle
from annotator.core.measures import areas_of, boxes_of


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_every_mask_has_its_area_and_its_box(count):
    masks = []
    for index in range(count):
        mask = np.zeros((40, 20), bool)
        mask[index % 30 : index % 30 + 2, : 1 + index % 19] = True
        masks.append(mask_to_rle(mask))
    assert areas_of(masks) == [2 * (1 + index % 19) for index in range(count)]
    assert boxes_of(masks) == [[0, index % 30, 1 + index % 19, 2] for index in range(count)]
