"""torchvision's own export of Mask R-CNN, with random weights: its boxes and its masks, pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from annotator.core.errors import ModelError
from annotator.core.masks import rle_to_mask
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures.photo import Photo

torch = pytest.importorskip("torch", reason="the extra exporters is not installed")
torchvision = pytest.importorskip("torchvision", reason="the extra exporters is not installed")
pytest.importorskip("onnx", reason="the extra exporters is not installed")

LARGEST = (320, 200)
NAMES = ["person", "my helmet", "car"]
CLASSES = 1 + len(NAMES)
SIZES = ((300, 187), (151, 320), (97, 63), (320, 200))


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))


def network(*, classes=CLASSES, threshold=0.05):
    """A small one that finds objects of every class: its layers were never trained, so they are woken up."""
    from torchvision.models.detection import MaskRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None, norm_layer=torch.nn.BatchNorm2d)
    made = MaskRCNN(
        backbone,
        classes,
        min_size=min(LARGEST),
        max_size=max(LARGEST),
        rpn_post_nms_top_n_test=60,
        box_detections_per_img=20,
        box_score_thresh=threshold,
    )
    for layer in made.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        made.backbone.train()(torch.from_numpy(np.stack([values(picture(320, 192, seed)) for seed in range(4)])))
    torch.nn.init.normal_(made.roi_heads.box_predictor.cls_score.weight, std=0.3)
    torch.nn.init.normal_(made.roi_heads.box_predictor.bbox_pred.weight, std=0.1)
    torch.nn.init.normal_(made.roi_heads.mask_predictor.mask_fcn_logits.weight, std=0.2)
    return made.eval()


def export(made, path, *, open_sides=True):
    torch.onnx.export(
        made,
        ([torch.rand(3, 200, 256)],),
        str(path),
        input_names=["images"],
        output_names=["boxes", "labels", "scores", "masks"],
        dynamic_axes={"images": [1, 2]} if open_sides else None,
        opset_version=17,
        dynamo=False,
    )


def picture(width, height, seed=0):
    coarse = np.random.default_rng(width + seed).integers(0, 256, (9, 12, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def values(pixels):
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / 255


def test_boxes_and_masks_are_those_of_torchvision(tmp_path):
    from torchvision.models.detection.roi_heads import paste_masks_in_image

    made = network()
    export(made, tmp_path / "model.onnx")
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    info = zoo.add("mine", tmp_path / "model.onnx")
    assert (info.outputs, info.resize, info.largest) == ("regions", "shrink", LARGEST)
    assert [category.name for category in info.categories] == NAMES
    detector = Detector(info, device="CPU")
    labels, compared = set(), 0
    for size in SIZES:
        pixels = picture(*size)
        with torch.no_grad():
            (expected,) = made([torch.from_numpy(values(pixels))])
        found = detector.detect(Photo("p.png", b"", "", pixels))
        assert len(found) == len(expected["scores"]) > 3
        np.testing.assert_allclose(found.scores, expected["scores"], atol=1e-4)
        np.testing.assert_allclose(found.boxes_xyxy, expected["boxes"], atol=0.02)
        ids = [info.categories[label - 1].id for label in expected["labels"].tolist()]
        assert found.category_ids.tolist() == ids
        labels |= set(ids)
        masks = expected["masks"][:, 0].numpy() > 0.5
        drawn = np.array([rle_to_mask(rle) for rle in found.masks(range(len(found)))])
        # A box whose border rounds to the next pixel shifts its mask by it: OpenVINO's sums are not torch's.
        assert (drawn != masks).sum() < 0.03 * masks.sum()
        # Of the same boxes and heatmaps, both make the same masks to the pixel,
        boxes = torch.from_numpy(found.boxes_xyxy.astype(np.float32))
        pasted = paste_masks_in_image(torch.from_numpy(found.soft.values)[:, None], boxes, size[::-1])[:, 0].numpy()
        # but where a value is a half to the rounding of 32 bits.
        assert (np.abs(pasted[drawn != (pasted > 0.5)] - 0.5) < 1e-5).all()
        compared += masks.sum()
    assert len(labels) > 1
    assert compared > 10_000


def test_a_picture_larger_than_the_network_wants_goes_in_as_torchvision_shrinks_it(tmp_path):
    made = network()
    export(made, tmp_path / "model.onnx")
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    detector = Detector(zoo.add("mine", tmp_path), device="CPU")
    photo = Photo("p.png", b"", "", picture(1203, 801))
    prepared = detector.prepare(photo)
    inside, _ = made.transform([torch.from_numpy(values(photo.pixels))])
    assert list(inside.image_sizes[0]) == list(prepared.picture.shape[:2])
    height, width, _ = prepared.picture.shape
    theirs = inside.tensors[0, :, :height, :width].numpy().transpose(1, 2, 0) * made.transform.image_std
    # Ours is of whole values out of 255.
    assert np.abs((theirs + made.transform.image_mean) * 255 - prepared.picture).max() < 1.01


def test_a_picture_without_an_object_is_an_answer(tmp_path):
    export(network(threshold=1.1), tmp_path / "model.onnx")
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    found = Detector(zoo.add("mine", tmp_path), device="CPU").detect(Photo("p.png", b"", "", picture(160, 120)))
    assert (len(found), found.masks([])) == (0, [])


def test_its_own_91_classes_are_cocos_without_the_gaps(tmp_path):
    made = network(classes=91, threshold=0.01)
    export(made, tmp_path / "model.onnx")
    info = zoo.add("mine", tmp_path)
    assert len(info.categories) == 80
    pixels = picture(300, 187)
    with torch.no_grad():
        (expected,) = made([torch.from_numpy(values(pixels))])
    found = Detector(info, device="CPU").detect(Photo("p.png", b"", "", pixels))
    known = {category.id for category in info.categories}
    assert found.category_ids.tolist() == [label for label in expected["labels"].tolist() if label in known]
    assert len(found) > 3


def test_what_lacks_names_or_open_sides_is_refused_by_a_sentence(tmp_path):
    made = network()
    export(made, tmp_path / "model.onnx")
    with pytest.raises(ModelError, match=r"says no names of its 3 classes: found no labels\.txt beside it"):
        zoo.add("mine", tmp_path)
    (tmp_path / "labels.txt").write_text("person\ncar\n")
    with pytest.raises(ModelError, match=r"says no names of its 3 classes: found 2 in labels\.txt"):
        zoo.add("mine", tmp_path)
    export(made, tmp_path / "model.onnx", open_sides=False)
    with pytest.raises(ModelError, match=r"it reads what has open sides: torch\.onnx\.export"):
        zoo.add("mine", tmp_path)
