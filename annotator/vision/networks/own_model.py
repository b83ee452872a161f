"""A network of the user's own becomes one of the zoo: its graph checked against the contract, its files copied whole.

Of a network that answers prompts, a folder with its encoder and its decoder is taken. Of one that detects, taken is an
IR or an ONNX file, or the folder in which it lies alone: an export of a family that `adapters/` knows; or one with the
outputs of the zoo's own networks and a `model.toml`, or without that file an IR which says itself what it is, by the
`model_info` that OpenVINO Training Extensions and Geti write. Nothing of the folder is executed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov

from annotator.core.errors import ModelError, last_line
from annotator.vision.networks.adapters.base import Export, Understood
from annotator.vision.networks.adapters.registry import understand
from annotator.vision.networks.class_names import read_names
from annotator.vision.networks.contract import find_image_input, find_outputs
from annotator.vision.networks.description import DESCRIPTION_NAME, read_description
from annotator.vision.networks.foreign_graph import (
    MOST_SAID,
    UNREADABLE,
    find_graph,
    fit_to_contract,
    read_foreign_graph,
)
from annotator.vision.networks.graph_info import export_metadata, info_of_graph
from annotator.vision.networks.install import install_model
from annotator.vision.networks.model_info import ModelInfo, NetworkInfo
from annotator.vision.networks.prompts.own import add_prompts, find_pair

# Source: torchvision's ImageNet weights, in 0..255.
IMAGENET_RGB = (123.675, 116.28, 103.53)


def add_model(name: str, source: Path, *, target: Path) -> NetworkInfo:
    """Copy a network, a folder or a graph's file, to the new folder `target`, with a `model.toml` of sizes and hashes.

    Its files are copied as they are, unless it is ONNX or its graph has to be changed to fit the contract; those of a
    network that answers prompts always are. Raises ModelError in one line: what was found, and what the contract
    expects. `target` is there whole or not at all.
    """
    pair = find_pair(source)
    if pair is not None:
        return add_prompts(name, *pair, target=target)
    path = find_graph(source)
    graph = read_foreign_graph(path)
    described = _described(path.parent)
    try:
        found = _of_family(Export(graph, path, export_metadata(graph, path), read_names(path.parent)), name, target)
        if found is None:
            found = _of_contract(graph, path, name, target, described)
    except UNREADABLE as error:
        reason = last_line(error, most=MOST_SAID)
        raise ModelError(f"{path}: expected a graph that takes one picture at a time ({reason})") from error
    info = found.info
    if described is not None:
        info = replace(described, name=name, folder=target, outputs=info.outputs)
    changed = found.graph
    return install_model(info, {"model": path if changed is None and path.suffix == ".xml" else changed or graph})


def _described(folder: Path) -> ModelInfo | None:
    """What a description beside the graph says of it, if there is one."""
    description = folder / DESCRIPTION_NAME
    if not description.is_file():
        return None
    described = read_description(description)
    if not isinstance(described, ModelInfo):
        raise ModelError(f"{folder}: found no encoder and decoder, expected encoder.onnx and decoder.onnx")
    return described


def _of_family(export: Export, name: str, folder: Path) -> Understood | None:
    """An export of a trainer that is known."""
    try:
        return understand(export, name, folder)
    except ModelError as error:
        raise ModelError(f"{export.path}: {error}") from error


def _of_contract(graph: ov.Model, path: Path, name: str, folder: Path, described: ModelInfo | None) -> Understood:
    """A network with the outputs of the zoo's own, by its description or by what its graph says."""
    info = described or info_of_graph(graph, path, name=name, folder=folder)
    try:
        changed = fit_to_contract(graph)
        fitting = graph if changed is None else changed
        find_image_input(fitting)
        find_outputs(fitting)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    return Understood(replace(info, outputs="regions"), changed)


def warnings_for(info: ModelInfo) -> list[str]:
    """What may be wrong with a network that was added, in a line each."""
    if info.order == "BGR" and np.allclose(info.mean, IMAGENET_RGB, atol=1):
        return [
            f"{info.name}: the picture goes in as BGR, but the mean is ImageNet's in RGB order, as of networks that "
            f'OpenVINO Training Extensions 2 exports: if it finds little, set order = "RGB" in '
            f"{info.folder / DESCRIPTION_NAME}"
        ]
    return []
