"""What would make an exported file untrue is named before it is written."""

from dataclasses import replace

import numpy as np
import pytest

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import ExportError
from annotator.core.exportable import require_exportable
from annotator.core.masks import mask_to_rle

MASK = np.ones((8, 10), bool)
IMAGE = Image(3, "a.jpg", 10, 8, "0" * 64)
INSTANCE = Instance(7, "k", 3, 1, State.ACCEPTED, mask_to_rle(MASK))
DATASET = Dataset((Category(1, "person", "person"),), (IMAGE,), (INSTANCE,))


def test_a_sound_dataset_may_leave():
    require_exportable(DATASET)
    require_exportable(replace(DATASET, instances=()))


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        (replace(DATASET, images=(), instances=()), "no image to export"),
        (replace(DATASET, images=(IMAGE, IMAGE)), "image 3: the id appears 2 times"),
        (replace(DATASET, instances=(INSTANCE, INSTANCE)), "annotation 7: the id appears 2 times"),
        (replace(DATASET, instances=(replace(INSTANCE, image_id=4),)), "on image 4, which is not exported"),
        (replace(DATASET, instances=(replace(INSTANCE, category_id=4),)), "of category 4, which is not exported"),
        (replace(DATASET, instances=(replace(INSTANCE, state=State.SUGGESTED),)), "is suggested"),
        (replace(DATASET, instances=(replace(INSTANCE, rle=mask_to_rle(~MASK)),)), "the mask is empty"),
        (
            replace(DATASET, instances=(replace(INSTANCE, rle=mask_to_rle(MASK.T)),)),
            "the mask is [10, 8], the image is",
        ),
    ],
)
def test_what_forbids_an_export_is_named(dataset, reason):
    with pytest.raises(ExportError) as error:
        require_exportable(dataset)
    assert reason in str(error.value)
