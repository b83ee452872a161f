"""The recipe for OpenVINO Training Extensions (getitune): an export through the reader that it gives a dataset to."""

import pytest

pytest.importorskip("datumaro.experimental", reason="the recipe's getitune is not installed", exc_type=ImportError)
pytest.importorskip("getitune", reason="the recipe's getitune is not installed", exc_type=ImportError)

from datumaro.experimental.export_import import import_dataset
from datumaro.experimental.fields import Subset
from getitune.data.dataset.instance_segmentation import InstanceSegDataset

from tests.recipes.conftest import CATEGORIES, overlap, recipe


def test_every_instance_is_read_with_its_category_and_nearly_its_mask(exported):
    export = exported("polygons")
    every = set(export.ids("train") + export.ids("val"))
    recipe("Pictures in a folder for each part")
    recipe("OpenVINO Training Extensions")
    everything = import_dataset("dataset")
    read, shown = {}, set()
    for part, subset in (("train", Subset.TRAINING), ("val", Subset.VALIDATION)):
        dataset = InstanceSegDataset(everything.filter_by_subset(subset))
        assert list(dataset.label_info.label_names) == list(CATEGORIES.values())
        assert len(dataset) == len(export.ids(part))
        for index, image_id in enumerate(export.ids(part)):
            row = dataset.dm_subset[index]
            expected = export.on(image_id)
            assert [list(CATEGORIES)[label] for label in row.label.tolist()] == [
                truth.category_id for truth in expected
            ]
            read |= {
                truth.annotation_id: overlap(mask, truth.mask) for mask, truth in zip(row.masks, expected, strict=True)
            }
            shown.add(image_id)
    assert len(read) == sum(not truth.crowd for truth in export.truths)
    assert shown == {image_id for image_id in every if export.on(image_id)}
    # It fills the pixels on the outline too, and joins parts by stray lines: 0.84 to 1 on discs of 9 to 30 pixels.
    assert min(read.values()) > 0.83
