"""rfdetr's own exports, with random weights: what is read of them is what rfdetr makes of the same outputs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from annotator.core.geometry import Resize
from annotator.core.masks import rle_to_mask
from annotator.vision.networks import zoo
from annotator.vision.networks.adapters.registry import adapter_of
from annotator.vision.networks.detector import Detector, resize_into_input, to_detections
from annotator.vision.pictures.photo import Photo

torch = pytest.importorskip("torch", reason="the extra exporters is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra exporters is not installed")
pytest.importorskip("rfdetr", reason="the extra exporters is not installed", exc_type=ImportError)

NAMES = ("helmet", "person", "traffic light")
SIZES = ((640, 427), (333, 1001), (257, 319), (1920, 1080))


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def export(kind, folder):
    import rfdetr

    torch.manual_seed(0)
    network = getattr(rfdetr, kind)(pretrain_weights=None, num_classes=len(NAMES))
    # The scores of a network that was never trained are all 0.01.
    torch.nn.init.normal_(network.model.model.class_embed.weight, std=0.2)
    torch.nn.init.constant_(network.model.model.class_embed.bias, -1.0)
    path = network.export(output_dir=str(folder), verbose=False)
    (folder / "labels.txt").write_text("\n".join(NAMES))
    return network, path


def picture(width, height):
    coarse = np.random.default_rng(width).integers(0, 256, (12, 16, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(("kind", "masked"), [("RFDETRSegNano", True), ("RFDETRNano", False)])
def test_boxes_and_masks_are_those_of_rfdetr(kind, masked, tmp_path):
    from rfdetr.models.postprocess import PostProcess

    _, path = export(kind, tmp_path / "export")
    info = zoo.add("mine", tmp_path / "export")
    assert info.has_masks == masked
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[2]
    detector = Detector(info, device="CPU")
    assert detector.network.input_size == (side, side)
    mean, scale = np.array(info.mean, np.float32), np.array(info.scale, np.float32)
    for width, height in SIZES:
        pixels = picture(width, height)
        resize = Resize.plan(rule=info.resize, image_size=(width, height), input_size=(side, side))
        laid = (resize_into_input(pixels, resize, pad=0) - mean) / scale
        outputs = session.run(None, {"input": np.ascontiguousarray(laid.transpose(2, 0, 1)[None])})
        dets, logits, *masks = map(torch.from_numpy, outputs)
        # Its own readers of exports leave the background out before they choose, and so do we.
        said = {"pred_boxes": dets, "pred_logits": logits[..., : len(NAMES)]}
        said |= {"pred_masks": masks[0]} if masks else {}
        post = PostProcess(num_select=dets.shape[1])
        (expected,) = post(said, torch.tensor([[height, width]]))
        found = to_detections(adapter_of(info).read(outputs, info, (side, side)), resize, info)
        assert len(found) == len(expected["scores"]) > 50
        np.testing.assert_allclose(found.scores, expected["scores"], atol=1e-6)
        np.testing.assert_allclose(found.clipped_boxes(), expected["boxes"], atol=2e-3)
        assert found.category_ids.tolist() == [info.categories[label].id for label in expected["labels"].tolist()]
        if masked:
            drawn = np.array([rle_to_mask(rle) for rle in found.masks(range(len(found)))])
            theirs = expected["masks"][:, 0].numpy()
            assert (drawn != theirs).sum() <= 1e-5 * theirs.sum() + 2
        # OpenVINO's sums, on the whole way from the picture.
        seen = detector.detect(Photo("p.png", b"", "", pixels))
        np.testing.assert_allclose(seen.scores, found.scores, atol=2e-3)
