"""The recipe for torchvision's Mask R-CNN: an export through its own reader, and a step of training."""

import math

import pytest

torch = pytest.importorskip("torch", reason="the extra recipes is not installed")
torchvision = pytest.importorskip("torchvision", reason="the extra recipes is not installed")

from tests.recipes.conftest import CATEGORIES, overlap, recipe  # noqa: E402


@pytest.mark.parametrize("masks", ["lossless", "rle", "polygons"])
def test_every_mask_is_read_as_it_was_accepted(exported, masks):
    export = exported(masks)
    names = recipe("torchvision")
    read = 0
    for part in ("train", "val"):
        pictures = names["Pictures"](part)
        assert len(pictures) == len(export.ids(part))
        for image_id, (picture, target) in zip(sorted(export.ids(part)), pictures, strict=True):
            expected = export.on(image_id)
            assert target["labels"].tolist() == [truth.category_id for truth in expected]
            assert target["masks"].shape == (len(expected), *picture.shape[1:])
            for mask, box, truth in zip(target["masks"], target["boxes"], expected, strict=True):
                assert overlap(mask, truth.mask) == 1.0
                rows, columns = truth.mask.any(axis=1).nonzero()[0], truth.mask.any(axis=0).nonzero()[0]
                assert box.tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
                read += 1
    assert read == sum(not truth.crowd for truth in export.truths)


def test_a_step_of_training_has_a_finite_loss(exported):
    exported("lossless")
    names = recipe("torchvision")
    assert names["classes"] == max(CATEGORIES) + 1
    torch.manual_seed(0)
    network = torchvision.models.detection.MaskRCNN(
        torchvision.models.detection.backbone_utils.resnet_fpn_backbone(backbone_name="resnet18", weights=None),
        num_classes=names["classes"],
        min_size=64,
        max_size=96,
    )
    few = torch.utils.data.Subset(names["Pictures"]("train"), [0, 1])
    assert math.isfinite(names["train"](network, few, epochs=1, rate=1e-3))
