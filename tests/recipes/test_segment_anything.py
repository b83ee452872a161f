"""segment-anything's own export, with random weights: what we answer is what onnxruntime does.

Not among the extras: `pip install torch torchvision segment-anything onnx onnxruntime` beside the tests.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from annotator.core.prompt import Point, Prompt
from annotator.vision.networks import zoo
from annotator.vision.networks.prompts.network import PromptFeatures, PromptNetwork, spell
from annotator.vision.pictures.photo import Photo
from tests.vision.networks.prompts import graphs

torch = pytest.importorskip("torch", reason="the recipe's torch is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the recipe's onnxruntime is not installed")
pytest.importorskip("segment_anything", reason="the recipe's segment-anything is not installed")

SIZES = ((640, 427), (333, 1001), (4000, 3000))


def export(path, *, return_single_mask):
    """scripts/export_onnx_model.py of segment-anything, without the encoder."""
    from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer
    from segment_anything.utils.onnx import SamOnnxModel

    torch.manual_seed(0)
    transformer = TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8)
    decoder = MaskDecoder(num_multimask_outputs=3, transformer=transformer, transformer_dim=256).requires_grad_(False)
    encoder = PromptEncoder(256, (64, 64), (1024, 1024), mask_in_chans=16).requires_grad_(False)
    sam = SimpleNamespace(
        mask_decoder=decoder, prompt_encoder=encoder, image_encoder=SimpleNamespace(img_size=1024), mask_threshold=0.0
    )
    inputs = {
        "image_embeddings": torch.randn(1, 256, 64, 64),
        "point_coords": torch.randint(0, 1024, (1, 5, 2)).float(),
        "point_labels": torch.randint(0, 4, (1, 5)).float(),
        "mask_input": torch.randn(1, 1, 256, 256),
        "has_mask_input": torch.tensor([1.0]),
        "orig_im_size": torch.tensor([1500.0, 2250.0]),
    }
    torch.onnx.export(
        SamOnnxModel(sam, return_single_mask=return_single_mask).eval(),
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=["masks", "iou_predictions", "low_res_masks"],
        dynamic_axes={"point_coords": {1: "num_points"}, "point_labels": {1: "num_points"}},
        opset_version=17,
        dynamo=False,
    )


def chosen(scores, *, prompts):
    """The publisher's rule, as its export with a single mask has it."""
    if scores.shape[1] == 1:
        return 0
    return int((scores[0] + (prompts - 2.5) * np.array([1000.0] + [0.0] * (scores.shape[1] - 1))).argmax())


@pytest.mark.parametrize("single", [False, True], ids=["four masks", "one mask"])
def test_answers_are_those_of_onnxruntime_for_pictures_of_odd_sizes(single, tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    folder = tmp_path / "models" / "sam"
    graphs.encoder(folder)
    export(folder / "decoder.onnx", return_single_mask=single)
    (folder / "model.toml").write_text('kind = "prompt"\nname = "sam"\n')
    network = PromptNetwork(zoo.find_prompt("sam"))
    session = onnxruntime.InferenceSession(str(folder / "decoder.onnx"), providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0)
    for width, height in SIZES:
        view = network.view(Photo("p", b"", "", np.zeros((height, width, 3), np.uint8)))
        maps = {"image_embeddings": noise.normal(size=(1, 256, 64, 64)).astype(np.float32)}
        middle, corner = Point(width / 2, height / 3), Point(3, 4, belongs=False)
        box = (5.0, 5.0, width / 2, height / 2)
        earlier = noise.normal(size=(256, 256)).astype(np.float32) * 4
        for prompt, mask in (
            (Prompt((middle,)), None),
            (Prompt((middle, corner)), None),
            (Prompt(box_xyxy=box), None),
            (Prompt((middle,), box), earlier),
        ):
            points, labels = spell(prompt, view, pads=True)
            said = maps | {"point_coords": points, "point_labels": labels}
            said["mask_input"] = np.zeros((1, 1, 256, 256), np.float32) if mask is None else mask[None, None]
            said["has_mask_input"] = np.float32([mask is not None])
            said["orig_im_size"] = np.float32([height, width])
            _, scores, low = session.run(None, said)
            index = chosen(scores, prompts=labels.shape[1])
            found, score = network.decode(PromptFeatures(view, maps), prompt, mask)
            np.testing.assert_allclose(found, low[0, index], rtol=1e-4, atol=1e-4 * np.abs(low).max())
            assert score is None or score == pytest.approx(min(float(scores[0, index]), 1.0), abs=1e-4)
