"""Turn a checkpoint into what the app reads (encoder, decoder, model.toml) and weights.pt to train on from.

The encoder answers with the features of a canvas; the decoder takes these by their names, points and labels as SAM's
decoders take them, and the logits of an earlier mask. Both are fixed to one canvas; the number of points is open.
"""

import argparse
import hashlib
import os
import tempfile
from pathlib import Path

import openvino as ov
import torch
from network import CANVAS, SIDE, STRIDES, Network

TOML = """\
kind = "prompt"
name = "starter-click"
title = "starter-click"
version = "{version}"
description = "Any object from a click or a box. Bundled, works offline at once; 3.6 M parameters; coarser than SAM's."
"""

TOML_FILE = """
[[files]]
precision = "FP16"
name = "{name}"
bytes = {bytes}
sha384 = "{sha384}"
"""

PROMPTS = ("point_coords", "point_labels", "mask_input", "has_mask_input")


def encoder_graph(network: Network) -> ov.Model:
    graph = ov.convert_model(
        network.encoder, example_input=torch.zeros(1, 3, CANVAS, CANVAS), input=[("image", [1, 3, CANVAS, CANVAS])]
    )
    graph.inputs[0].get_tensor().set_names({"image"})
    for output, stride in zip(graph.outputs, STRIDES, strict=True):
        output.get_tensor().set_names({f"features_{stride}"})
    return graph


def decoder_graph(network: Network) -> ov.Model:
    with torch.no_grad():
        features = network.encoder(torch.zeros(1, 3, CANVAS, CANVAS))
    prompts = (torch.zeros(1, 2, 2), torch.tensor([[1.0, 0.0]]), torch.zeros(1, 1, SIDE, SIDE), torch.zeros(1))
    shapes = [*(list(maps.shape) for maps in features), [1, -1, 2], [1, -1], [1, 1, SIDE, SIDE], [1]]
    graph = ov.convert_model(network.decoder, example_input=(*features, *prompts), input=shapes)
    names = [*(f"features_{stride}" for stride in STRIDES), *PROMPTS]
    for port, name in zip(graph.inputs, names, strict=True):
        port.get_node().set_friendly_name(name)
        port.get_tensor().set_names({name})
    graph.outputs[0].get_tensor().set_names({"masks"})
    return graph


def load_average(path: Path) -> Network:
    """The averaged weights of a checkpoint or of weights.pt, ready for inference."""
    network = Network().eval()
    weights = torch.load(path, weights_only=True)["average"]
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights.items()})
    return network


def write(network: Network, folder: Path, version: str):
    """Write all files, each by renaming a finished draft."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as drafts:
        draft = Path(drafts)
        text = TOML.format(version=version)
        for stem, graph in (("encoder", encoder_graph(network)), ("decoder", decoder_graph(network))):
            ov.save_model(graph, draft / f"{stem}.xml", compress_to_fp16=True)
            for name in (f"{stem}.xml", f"{stem}.bin"):
                content = (draft / name).read_bytes()
                text += TOML_FILE.format(name=name, bytes=len(content), sha384=hashlib.sha384(content).hexdigest())
        halves = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
        torch.save({"average": halves}, draft / "weights.pt")
        (draft / "model.toml").write_text(text)
        for path in sorted(draft.iterdir()):
            os.replace(path, folder / path.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", default="1")
    args = parser.parse_args()
    write(load_average(args.checkpoint), args.out, args.version)


if __name__ == "__main__":
    main()
