"""The recipe for MMDetection: an export through its own dataset and its own loading of masks."""

import pytest

# mmdet 3 imports mmcv's compiled operations wherever it is entered.
pytest.importorskip("mmcv.ops", reason="the recipe's mmcv is not installed", exc_type=ImportError)
pytest.importorskip("mmdet", reason="the recipe's mmdet is not installed", exc_type=ImportError)

from mmdet.registry import DATASETS, TRANSFORMS
from mmengine.registry import init_default_scope

from tests.recipes.conftest import CATEGORIES, overlap, recipe


@pytest.mark.parametrize("masks", ["lossless", "rle", "polygons"])
def test_every_mask_is_read_as_it_was_accepted(exported, masks):
    export = exported(masks)
    init_default_scope("mmdet")
    names = recipe("MMDetection")
    assert names["classes"] == tuple(CATEGORIES.values())
    loading = [TRANSFORMS.build(step) for step in names["loading"]]
    read = 0
    for part in ("train", "val"):
        dataset = DATASETS.build(names[f"{part}_dataset"])
        every = set(export.ids(part))
        shown = {image_id for image_id in every if export.on(image_id, crowds=True)}
        assert {row["img_id"] for row in dataset.load_data_list()} == every
        assert {dataset.get_data_info(index)["img_id"] for index in range(len(dataset))} == (
            shown if part == "train" else every
        )
        for index in range(len(dataset)):
            row = dataset.get_data_info(index)
            for step in loading:
                row = step(row)
            expected = export.on(row["img_id"], crowds=True)
            found = [list(CATEGORIES)[label] for label in row["gt_bboxes_labels"]]
            assert found == [truth.category_id for truth in expected]
            assert row["gt_ignore_flags"].tolist() == [truth.crowd for truth in expected]
            for mask, truth in zip(row["gt_masks"].masks, expected, strict=True):
                assert overlap(mask, truth.mask) == 1.0
                read += 1
    assert read == len(export.truths)
