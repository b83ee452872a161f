"""Turn a checkpoint into what the app reads (model.xml, model.bin, model.toml) and weights.pt to train on from.

The graph: picture -> trunk and box head -> calibrated scores -> NMS -> `boxes` [n,5] -> mask head -> `masks`.
The mask head reads nothing but the tensor `boxes` and the maps `mask_features_4`, `mask_features_8` and
`mask_features_16`, so that the graph can be cut there and asked about boxes that somebody drew.
"""

import argparse
import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
import openvino as ov
import torch
from data import PAD
from network import Network
from openvino import opset13 as ops
from torch import nn

MOST = 100  # detections per picture
FLOOR = 0.01  # lowest score that leaves the graph: low, so that precision can be measured along the whole curve
NMS_OVERLAP = 0.6

TOML = """\
name = "starter-person"
title = "starter-person"
version = "{version}"
threshold = {threshold:.2f}
description = "People. Bundled, works offline at once; 2.8 M parameters, masks of 28 x 28; weaker than the other two."

[input]
resize = "fit"
pad = {pad}
order = "BGR"
mean = [0, 0, 0]
scale = [1, 1, 1]

[[categories]]
id = 1
name = "person"
supercategory = "person"
"""

TOML_FILE = """
[[files]]
precision = "FP16"
name = "{name}"
bytes = {bytes}
sha384 = "{sha384}"
"""


class Detecting(nn.Module):
    """Picture -> score logits [1,cells], boxes [1,cells,4] in pixels and the three maps for the mask head."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, image):
        map4, maps = self.network.trunk(image)
        return *self.network.box_head(maps), *self.network.mask_features(map4, maps[0]), maps[1]


class Masking(nn.Module):
    """The three maps and boxes [n,5] in pixels, score unused -> heatmaps [n,28,28] in 0..1."""

    def __init__(self, network: Network, height: int, width: int):
        super().__init__()
        self.mask_head = network.mask_head
        self.register_buffer("extent", torch.tensor([width, height, width, height], dtype=torch.float32))

    def forward(self, features4, features8, features16, rois):
        fractions = rois[:, :4] / self.extent
        return self.mask_head(features4, features8, features16, fractions[None]).sigmoid()


def build(network: Network, size: tuple[int, int], slope: float = 1.0, shift: float = 0.0) -> ov.Model:
    """Put the graph together for a canvas of (height, width). The score is sigmoid(slope * logit + shift)."""
    height, width = size
    image = torch.zeros(1, 3, height, width)
    with torch.no_grad():
        detecting = Detecting(network).eval()
        maps = detecting(image)[2:]
        first = ov.convert_model(detecting, example_input=image, input=[("image", [1, 3, height, width])])
        masking = Masking(network, height, width).eval()
        second = ov.convert_model(
            masking,
            example_input=(*maps, torch.tensor([[8.0, 8.0, 64.0, 96.0, 0.5], [0.0, 0.0, 32.0, 32.0, 0.5]])),
            input=[*(list(features.shape) for features in maps), [-1, 5]],
        )
    logits, boxes, *features = (result.input_value(0) for result in first.get_results())
    for source, stride in zip(features, (4, 8, 16), strict=True):
        source.get_node().set_friendly_name(f"mask_features_{stride}")
        source.get_tensor().set_names({f"mask_features_{stride}"})

    scores = ops.sigmoid(ops.add(ops.multiply(logits, np.float32(slope)), np.float32(shift)))
    chosen = ops.non_max_suppression(
        boxes,
        ops.unsqueeze(scores, np.int64(1)),
        max_output_boxes_per_class=np.int64(MOST),
        iou_threshold=np.float32(NMS_OVERLAP),
        score_threshold=np.float32(FLOOR),
        box_encoding="corner",
        sort_result_descending=True,
        output_type="i64",
    )
    cells = ops.squeeze(ops.gather(chosen.output(0), np.int64([2]), np.int64(1)), np.int64(1))
    corners = ops.gather(ops.squeeze(boxes, np.int64(0)), cells, np.int64(0))
    limits = np.float32([[width, height, width, height]])
    corners = ops.minimum(ops.maximum(corners, np.float32([[0]])), limits)
    kept_scores = ops.gather(ops.squeeze(scores, np.int64(0)), cells, np.int64(0))
    found = ops.concat([corners, ops.unsqueeze(kept_scores, np.int64(1))], 1)
    labels = ops.multiply(cells, np.int64(0))  # one class: index 0 for every detection

    for parameter, source in zip(second.get_parameters(), (*features, found.output(0)), strict=True):
        for target in parameter.output(0).get_target_inputs():
            target.replace_source_output(source)
    masks = second.get_results()[0].input_value(0)
    results = []
    for name, output in (("labels", labels.output(0)), ("boxes", found.output(0)), ("masks", masks)):
        output.get_tensor().set_names({name})
        output.get_node().set_friendly_name(name)
        result = ops.result(output)
        result.set_friendly_name(f"{name}/result")
        results.append(result)
    model = ov.Model(results, first.get_parameters(), "starter-person")
    model.inputs[0].get_node().set_friendly_name("image")
    model.inputs[0].get_tensor().set_names({"image"})
    model.validate_nodes_and_infer_types()
    return model


def load_average(path: Path) -> Network:
    """The averaged weights of a checkpoint or of weights.pt, ready for inference."""
    network = Network().eval()
    network.load_state_dict(torch.load(path, weights_only=True)["average"])
    return network


def write(model: ov.Model, network: Network, folder: Path, version: str, threshold: float):
    """Write all files, each by renaming a finished draft."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as drafts:
        draft = Path(drafts)
        ov.save_model(model, draft / "model.xml", compress_to_fp16=True)
        halves = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
        torch.save({"average": halves}, draft / "weights.pt")
        text = TOML.format(version=version, threshold=threshold, pad=PAD)
        for name in ("model.xml", "model.bin"):
            content = (draft / name).read_bytes()
            text += TOML_FILE.format(name=name, bytes=len(content), sha384=hashlib.sha384(content).hexdigest())
        (draft / "model.toml").write_text(text)
        for name in ("model.bin", "model.xml", "model.toml", "weights.pt"):
            os.replace(draft / name, folder / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs=2, default=(448, 576), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--slope", type=float, default=1.0, help="calibration of the score, as evaluate.py prints it")
    parser.add_argument("--shift", type=float, default=0.0)
    parser.add_argument("--threshold", type=float, default=0.5, help="review threshold for model.toml")
    parser.add_argument("--version", default="3")
    args = parser.parse_args()
    network = load_average(args.checkpoint)
    model = build(network, tuple(args.size), args.slope, args.shift)
    write(model, network, args.out, args.version, args.threshold)


if __name__ == "__main__":
    main()
