"""Which exports are understood, and what the others hear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotator.core.errors import ModelError
from annotator.core.prompt import Point, Prompt
from annotator.vision.networks.foreign_graph import read_foreign_graph
from annotator.vision.networks.prompts.contracts import recognise
from tests.vision.networks.prompts import graphs
from tests.vision.networks.prompts.conftest import Made, photo_of

FINE, MIDDLE, EMBEDDING = (1, 32, 256, 256), (1, 64, 128, 128), (1, 256, 64, 64)
SAM_2 = {"encoder": {"shapes": [FINE, MIDDLE, EMBEDDING]}}

# Decoders as their exporters write them.
EXPORTS: dict[str, dict[str, Any]] = {
    "SAM": {"masks": 4, "scores": (0.9, 0.5, 0.8, 0.7)},
    "SAM-HQ": {
        "encoder": {"shapes": [EMBEDDING] + [(1, 64, 64, 768)] * 4},
        "features": {"image_embeddings": [1, 256, 64, 64], "interm_embeddings": [4, 1, 64, 64, 768]},
    },
    "OpenVINO Training Extensions": {
        "names": {"size": "orig_size"},
        "ranks": {"has_mask": [1, 1], "size": [1, 2]},
        "kinds": {"size": np.int64},
        "outputs": ("upscaled_masks", "iou_predictions", "low_res_masks"),
    },
    "SAM 2 of samexporter": SAM_2
    | {
        "features": {
            "image_embed": [1, 256, 64, 64],
            "high_res_feats_0": [1, 32, 256, 256],
            "high_res_feats_1": [1, 64, 128, 128],
        },
        "names": {"size": ""},
        "masks": 3,
        "scores": (0.5, 0.9, 0.8),
        "ranks": {"points": [-1, -1, 2], "labels": [-1, -1], "mask": [-1, 1, 256, 256]},
        "outputs": ("", "iou_predictions", "masks"),
    },
    "SAM 2 of osam": SAM_2
    | {
        "features": {
            "image_embeddings": [1, 256, 64, 64],
            "high_res_features1": [1, 32, 256, 256],
            "high_res_features2": [1, 64, 128, 128],
        },
        "kinds": {"size": np.int64},
        "outputs": ("", "scores", "small"),
    },
    "SAM 2 of onnxruntime": SAM_2
    | {
        "features": {
            "image_features_0": [1, 32, 256, 256],
            "image_features_1": [1, 64, 128, 128],
            "image_embeddings": [1, 256, 64, 64],
        },
        "names": {"mask": "input_masks", "has_mask": "has_input_masks", "size": "original_image_size"},
        "kinds": {"labels": np.int32, "size": np.int32},
    },
    "EfficientSAM": {
        "names": {"points": "batched_point_coords", "labels": "batched_point_labels", "mask": "", "has_mask": ""},
        "ranks": {"points": [1, 1, -1, 2], "labels": [1, 1, -1]},
        "kinds": {"size": np.int64},
        "outputs": ("output_masks", "iou_predictions", ""),
    },
    "starter-click": {
        "encoder": {"canvas": 192, "shapes": [(1, 32, 48, 48), (1, 64, 24, 24), (1, 64, 12, 12), (1, 64, 6, 6)]},
        "features": {
            "features_4": [1, 32, 48, 48],
            "features_8": [1, 64, 24, 24],
            "features_16": [1, 64, 12, 12],
            "features_32": [1, 64, 6, 6],
        },
        "names": {"size": ""},
        "outputs": ("", "iou_predictions", "masks"),
        "side": 96,
        "canvas": 192,
    },
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_known_by_its_inputs_and_answers_where_it_was_clicked(name: str, made: Made) -> None:
    network = made(**EXPORTS[name])
    assert network.contract.name == name
    photo = photo_of(600, 400)
    prompt = Prompt((Point(450, 100), Point(20, 390, belongs=False)))
    logits, score = network.decode(network.features(photo), prompt)
    assert score == pytest.approx(0.9)
    x, y = network.view(photo).to_canvas(np.array([[450, 100]]))[0] * network.mask_side / network.canvas
    down, across = np.unravel_index(logits.argmax(), logits.shape)
    assert logits[int(y), int(x)] > 0
    assert np.hypot(across - x, down - y) < graphs.RADIUS / network.canvas * network.mask_side + 1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"names": {"points": "input_points"}}, "an export of Transformers.*samexporter"),
        ({"features": {"image_embeddings": [1, 256, 64, 64], "image_positional_embeddings": [1, 256, 64, 64]},
          "names": {"points": "points", "labels": "labels"}}, "an export of Optimum.*samexporter"),
        ({"features": {"backbone_fpn_0": [1, 256, 64, 64]}}, "SAM 3.*SAM 2.1"),
        ({"features": {"image_embeddings": [1, 256, 64, 64], "high_res_feats_256": [1, 32, 256, 256]},
          "names": {"mask": "", "has_mask": "", "size": ""}}, "OpenVINO's notebooks.*samexporter"),
        ({"names": {"points": "clicks"}}, "inputs clicks, .*expected those of SAM,"),
        ({"features": {"image_embeddings": [1, 256, 64, 64], "text": [1, 4]}}, "inputs .*text"),
        ({"ranks": {"points": [1, 1, 2], "labels": [1, 1]}}, "point_coords holds one point"),
    ],
)  # fmt: skip
def test_another_export_is_refused_with_what_to_use_instead(found: dict[str, Any], said: str, tmp_path: Path) -> None:
    decoder = read_foreign_graph(graphs.decoder(tmp_path, **found))
    with pytest.raises(ModelError, match=said):
        recognise(decoder)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ([(1, 128, 64, 64)], r"image_embeddings \[1, 256, 64, 64\] is not one of .*\[1, 128, 64, 64\]: .*not belong"),
        ([(1, 256, 64, 64), (1, 256, 64, 64)], "do not belong together"),
    ],
)
def test_a_decoder_that_does_not_belong_to_its_encoder_is_refused(
    shapes: list[tuple[int, ...]], said: str, made: Made
) -> None:
    with pytest.raises(ModelError, match=said):
        made(encoder={"shapes": shapes})
