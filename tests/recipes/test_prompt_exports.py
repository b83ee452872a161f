"""Exports of promptable networks, with random weights: what we answer is what onnxruntime does.

Each decoder is its publisher's own, exported by its own exporter: sam-hq, samexporter's and onnxruntime's SAM 2,
EfficientSAM, OpenVINO Training Extensions. The exporter of osam's SAM 2 files is in no package: theirs is onnxruntime's
under osam's names and types. Not among the extras: `pip install torch torchvision onnx onnxruntime segment-anything-hq
timm sam2 samexporter` and `pip install --no-deps otx==2.4.0`, the last with SAM, beside the tests, and `efficient_sam`
with `onnx_models.py` from its repository.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.core.prompt import Point, Prompt
from annotator.vision.networks import zoo
from annotator.vision.networks.prompts.network import PromptFeatures, PromptNetwork
from annotator.vision.pictures.photo import Photo
from tests.vision.networks.prompts import graphs

torch = pytest.importorskip("torch", reason="the recipe's torch is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the recipe's onnxruntime is not installed")

SIDES = st.integers(2, 5000)
SHARES = st.floats(0, 1)


@dataclass(frozen=True)
class Export:
    """A publisher's decoder. shapes: of the encoder's outputs. lay: how a picture lies on the canvas, as it says."""

    name: str
    needs: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    lay: str


HQ = Export("SAM-HQ", ("segment_anything_hq",), ((1, 256, 64, 64), *[(1, 64, 64, 768)] * 4), "fit")
SAM_2_SHAPES = ((1, 32, 256, 256), (1, 64, 128, 128), (1, 256, 64, 64))
SAM_2 = Export("SAM 2 of samexporter", ("sam2", "samexporter"), SAM_2_SHAPES, "stretch")
SAM_2_ORT = Export("SAM 2 of onnxruntime", ("sam2",), SAM_2_SHAPES, "stretch")
SAM_2_OSAM = Export("SAM 2 of osam", ("sam2",), SAM_2_SHAPES, "stretch")
OTX = Export("OpenVINO Training Extensions", ("timm",), ((1, 256, 64, 64),), "fit")
EFFICIENT = Export("EfficientSAM", ("efficient_sam", "onnx_models"), ((1, 256, 64, 64),), "stretch")


def export_hq(path):
    """utils/onnx.py of sam-hq."""
    from segment_anything_hq.modeling import MaskDecoderHQ, PromptEncoder, TwoWayTransformer
    from segment_anything_hq.utils.onnx import SamOnnxModel

    transformer = TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8)
    decoder = MaskDecoderHQ(num_multimask_outputs=3, transformer=transformer, transformer_dim=256, vit_dim=768)
    encoder = PromptEncoder(256, (64, 64), (1024, 1024), mask_in_chans=16)
    sam = SimpleNamespace(
        mask_decoder=decoder.requires_grad_(False),
        prompt_encoder=encoder.requires_grad_(False),
        image_encoder=SimpleNamespace(img_size=1024),
        mask_threshold=0.0,
    )
    inputs = {
        "image_embeddings": torch.randn(1, 256, 64, 64),
        "interm_embeddings": torch.randn(4, 1, 64, 64, 768),
        "point_coords": torch.randint(0, 1024, (1, 5, 2)).float(),
        "point_labels": torch.randint(0, 4, (1, 5)).float(),
        "mask_input": torch.randn(1, 1, 256, 256),
        "has_mask_input": torch.tensor([1.0]),
        "orig_im_size": torch.tensor([1500.0, 2250.0]),
    }
    write(SamOnnxModel(sam).eval(), inputs, path, outputs=["masks", "iou_predictions", "low_res_masks"])


def sam_2():
    """SAM 2.1's own prompt encoder and decoder."""
    from sam2.modeling.sam.mask_decoder import MaskDecoder
    from sam2.modeling.sam.prompt_encoder import PromptEncoder
    from sam2.modeling.sam.transformer import TwoWayTransformer

    decoder = MaskDecoder(
        num_multimask_outputs=3,
        transformer=TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8),
        transformer_dim=256,
        use_high_res_features=True,
        iou_prediction_use_sigmoid=True,
        pred_obj_scores=True,
        pred_obj_scores_mlp=True,
        use_multimask_token_for_obj_ptr=True,
    )
    encoder = PromptEncoder(256, (64, 64), (1024, 1024), mask_in_chans=16)
    return SimpleNamespace(
        sam_mask_decoder=decoder.requires_grad_(False).eval(),
        sam_prompt_encoder=encoder.requires_grad_(False).eval(),
        image_size=1024,
    )


def export_sam_2(path):
    """export_sam2.py of samexporter."""
    from samexporter.export_sam2 import SAM2ImageDecoder

    inputs = {
        "image_embed": torch.randn(1, 256, 64, 64),
        "high_res_feats_0": torch.randn(1, 32, 256, 256),
        "high_res_feats_1": torch.randn(1, 64, 128, 128),
        "point_coords": torch.randint(0, 1024, (1, 5, 2)).float(),
        "point_labels": torch.randint(0, 2, (1, 5)).float(),
        "mask_input": torch.randn(1, 1, 256, 256),
        "has_mask_input": torch.tensor([1.0]),
    }
    many = {0: "num_labels", 1: "num_points"}
    axes = {"point_coords": many, "point_labels": many}
    axes |= {"mask_input": {0: "num_labels"}, "has_mask_input": {0: "num_labels"}}
    network = SAM2ImageDecoder(sam_2(), multimask_output=True).eval()
    write(network, inputs, path, outputs=["masks", "iou_predictions"], axes=axes)


def export_sam_2_ort(path):
    """image_decoder.py of onnxruntime's transformers/models/sam2, whose files import each other by bare names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(onnxruntime.__file__).parent / "transformers" / "models" / "sam2"))
        from image_decoder import SAM2ImageDecoder

    inputs = {
        "image_features_0": torch.randn(1, 32, 256, 256),
        "image_features_1": torch.randn(1, 64, 128, 128),
        "image_embeddings": torch.randn(1, 256, 64, 64),
        "point_coords": torch.randint(0, 1024, (2, 3, 2)).float(),
        "point_labels": torch.randint(0, 2, (2, 3), dtype=torch.int32),
        "input_masks": torch.zeros(2, 1, 256, 256),
        "has_input_masks": torch.ones(1),
        "original_image_size": torch.tensor([1200, 1800], dtype=torch.int32),
    }
    many = {0: "num_labels", 1: "num_points"}
    axes = {"point_coords": many, "point_labels": many}
    axes |= {name: {0: "num_labels"} for name in ("input_masks", "has_input_masks")}
    network = SAM2ImageDecoder(sam_2(), multimask_output=True).eval()
    write(network, inputs, path, outputs=["masks", "iou_predictions", "low_res_masks"], axes=axes)


def export_sam_2_osam(path):
    """As the decoders that osam fetches: other names and order, labels of 32-bit numbers, a size of 64-bit ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(onnxruntime.__file__).parent / "transformers" / "models" / "sam2"))
        from image_decoder import SAM2ImageDecoder

    class Renamed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.decoder = SAM2ImageDecoder(sam_2(), multimask_output=True)

        def forward(self, embeddings, fine, middle, points, labels, mask, has_mask, size):
            return self.decoder(fine, middle, embeddings, points, labels.int(), mask, has_mask, size.int())

    inputs = {
        "image_embeddings": torch.randn(1, 256, 64, 64),
        "high_res_features1": torch.randn(1, 32, 256, 256),
        "high_res_features2": torch.randn(1, 64, 128, 128),
        "point_coords": torch.randint(0, 1024, (1, 3, 2)).float(),
        "point_labels": torch.randint(0, 2, (1, 3)).float(),
        "mask_input": torch.zeros(1, 1, 256, 256),
        "has_mask_input": torch.ones(1),
        "orig_im_size": torch.tensor([1200, 1800]),
    }
    write(Renamed().eval(), inputs, path, outputs=["masks", "iou_predictions", "low_res_masks"])


def export_otx(path):
    """otx/core/exporter/visual_prompting.py, of the parts of otx that need nothing but torch and timm."""
    found = find_spec("otx")
    if found is None:
        pytest.skip("the recipe's otx is not installed")
    [folder] = found.submodule_search_locations
    with pytest.MonkeyPatch.context() as patch:
        # Their own __init__ would import what trains.
        prompting = "otx.algo.visual_prompting"
        for name in ("otx", "otx.algo", prompting, f"{prompting}.encoders", f"{prompting}.visual_prompters"):
            package = ModuleType(name)
            package.__path__ = [str(Path(folder).parent / name.replace(".", "/"))]
            patch.setitem(sys.modules, name, package)
        patch.setitem(sys.modules, "otx.core.data.entity.base", SimpleNamespace(Points=object))
        from otx.algo.visual_prompting.decoders.sam_mask_decoder import SAMMaskDecoder
        from otx.algo.visual_prompting.encoders.sam_prompt_encoder import SAMPromptEncoder
        from otx.algo.visual_prompting.visual_prompters.segment_anything import SegmentAnything

    encoder = SAMPromptEncoder((64, 64), (1024, 1024))
    network = SegmentAnything(torch.nn.Identity(), encoder, SAMMaskDecoder(), torch.nn.Identity())
    network.forward = network.forward_for_tracing
    inputs = {
        "image_embeddings": torch.zeros(1, 256, 64, 64),
        "point_coords": torch.randint(0, 1024, (1, 2, 2)).float(),
        "point_labels": torch.randint(0, 4, (1, 2)).float(),
        "mask_input": torch.randn(1, 1, 256, 256),
        "has_mask_input": torch.tensor([[1.0]]),
        "orig_size": torch.tensor([[1200, 1800]]),
    }
    write(
        network.requires_grad_(False).eval(),
        inputs,
        path,
        outputs=["upscaled_masks", "iou_predictions", "low_res_masks"],
    )


def export_efficient(path):
    """export_onnx.py of EfficientSAM, as labelme's build has it."""
    import onnx_models
    from efficient_sam.build_efficient_sam import build_efficient_sam

    made = build_efficient_sam(encoder_patch_embed_dim=192, encoder_num_heads=3, checkpoint=None).requires_grad_(False)
    inputs = {
        "image_embeddings": torch.randn(1, 256, 64, 64),
        "batched_point_coords": torch.randint(0, 1080, (1, 1, 5, 2)).float(),
        "batched_point_labels": torch.randint(0, 4, (1, 1, 5)).float(),
        "orig_im_size": torch.tensor([1080, 1920]),
    }
    axes = {"batched_point_coords": {2: "num_points"}, "batched_point_labels": {2: "num_points"}}
    write(
        onnx_models.OnnxEfficientSamDecoder(made).eval(),
        inputs,
        path,
        outputs=["output_masks", "iou_predictions"],
        axes=axes,
    )


def write(network, inputs, path, *, outputs, axes=None):
    points = {1: "num_points"}
    torch.onnx.export(
        network,
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes=axes or {"point_coords": points, "point_labels": points},
        opset_version=17,
        dynamo=False,
    )


EXPORTERS = {
    HQ: export_hq,
    SAM_2: export_sam_2,
    SAM_2_ORT: export_sam_2_ort,
    SAM_2_OSAM: export_sam_2_osam,
    OTX: export_otx,
    EFFICIENT: export_efficient,
}


@pytest.fixture(scope="module", params=list(EXPORTERS), ids=lambda export: export.name)
def pair(request, tmp_path_factory):
    """An export, our network of it, and onnxruntime's."""
    export = request.param
    for name in export.needs:
        pytest.importorskip(name, reason=f"the recipe's {name} is not installed", exc_type=ImportError)
    home = tmp_path_factory.mktemp("home")
    folder = home / "models" / "mine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNOTATOR_MODELS", str(home / "models"))
        patch.setenv("ANNOTATOR_HOME", str(home))
        graphs.encoder(folder, shapes=list(export.shapes))
        torch.manual_seed(0)
        EXPORTERS[export](folder / "decoder.onnx")
        (folder / "model.toml").write_text('kind = "prompt"\nname = "mine"\n')
        network = PromptNetwork(zoo.find_prompt("mine"))
    assert network.contract.name == export.name
    session = onnxruntime.InferenceSession(str(folder / "decoder.onnx"), providers=["CPUExecutionProvider"])
    return export, network, session


def mapped(points, *, width, height, lay):
    """apply_coords of segment-anything's ResizeLongestSide, and transform_coords of sam2."""
    if lay == "stretch":
        return points / [width, height] * 1024
    scale = 1024 / max(height, width)
    return points * [int(width * scale + 0.5) / width, int(height * scale + 0.5) / height]


def asked(export, prompt, maps, mask, *, width, height):
    """The inputs of the publisher's decoder for a prompt in image pixels, by plain rules."""
    places = [(point.x, point.y) for point in prompt.points]
    labels = [float(point.belongs) for point in prompt.points]
    if prompt.box_xyxy:
        places += [prompt.box_xyxy[:2], prompt.box_xyxy[2:]]
        labels += [2.0, 3.0]
    points = np.array(places)
    if export is EFFICIENT:  # it maps by itself, from the picture's own pixels
        size = np.array([height, width], np.int64)
        said = {"batched_point_coords": points[None, None], "batched_point_labels": np.array([[labels]])}
        return {name: value.astype(np.float32) for name, value in said.items()} | maps | {"orig_im_size": size}
    points = mapped(points, width=width, height=height, lay=export.lay)
    if export in (HQ, OTX) and not prompt.box_xyxy:
        points, labels = np.vstack((points, [0, 0])), [*labels, -1.0]
    said = {"point_coords": points[None], "point_labels": np.array([labels])}
    earlier, has_earlier = (
        ("input_masks", "has_input_masks") if export is SAM_2_ORT else ("mask_input", "has_mask_input")
    )
    said[earlier] = np.zeros((1, 1, 256, 256)) if mask is None else mask[None, None]
    said[has_earlier] = np.array([mask is not None])
    said |= {"orig_im_size": np.array([height, width])} if export is HQ else {}
    said = {name: value.astype(np.float32) for name, value in said.items()}
    said |= {"orig_im_size": np.array([height, width])} if export is SAM_2_OSAM else {}
    if export is OTX:
        said["has_mask_input"] = said["has_mask_input"][None]
        said["orig_size"] = np.array([[height, width]])
    if export is SAM_2_ORT:
        said["point_labels"] = said["point_labels"].astype(np.int32)
        said["original_image_size"] = np.array([height, width], np.int32)
    return said | maps


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    width=SIDES,
    height=SIDES,
    places=st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=4),
    form=st.integers(0, 3),
)
def test_answers_are_those_of_onnxruntime_for_pictures_of_any_size(pair, width, height, places, form):
    export, network, session = pair
    noise = np.random.default_rng(width + height)
    view = network.view(Photo("p", b"", "", np.broadcast_to(np.uint8(0), (height, width, 3))))
    maps = {
        port.name: noise.normal(size=port.shape).astype(np.float32)
        for port in session.get_inputs()
        if port.name.startswith(("image_", "high_res", "interm"))
    }
    points = tuple(Point(x * width, y * height, belongs=index != 1) for index, (x, y) in enumerate(places))
    box = (0.1 * width, 0.2 * height, 0.7 * width, 0.9 * height)
    prompt = [Prompt(points[:1]), Prompt(points), Prompt(box_xyxy=box), Prompt(points[:1], box)][form]
    if export is EFFICIENT:  # it knows no negative points
        prompt = Prompt(tuple(Point(one.x, one.y) for one in prompt.points), prompt.box_xyxy)
    mask = noise.normal(size=(256, 256)).astype(np.float32) * 4 if form == 3 and export is not EFFICIENT else None
    inputs = asked(export, prompt, maps, mask, width=width, height=height)
    # The masks in the picture's size, which come first, cannot be made of one that is very flat.
    wanted = ["masks", "iou_predictions"] if export is SAM_2 else [one.name for one in session.get_outputs()][1:]
    outputs = session.run(wanted, inputs)
    scores = outputs[wanted.index("iou_predictions")].reshape(-1)
    low = outputs[0 if export is SAM_2 else -1].reshape(-1, 256, 256)
    index = int(scores[: len(low)].argmax())
    if export is OTX:  # select_masks, for a decoder that returns all of its masks
        index = 0 if inputs["point_labels"].size > 2 else 1 + int(scores[1:].argmax())
    found, score = network.decode(PromptFeatures(view, maps), prompt, mask)
    np.testing.assert_allclose(found, low[index], rtol=1e-4, atol=1e-4 * np.abs(low).max())
    assert score is None or score == pytest.approx(min(float(scores[index]), 1.0), abs=1e-4)
