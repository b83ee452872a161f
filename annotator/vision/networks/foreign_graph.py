"""A graph from outside: found in a folder, read, and brought into the contract's form.

Tests: tests/vision/networks/test_own_model.py
"""

from __future__ import annotations

from pathlib import Path

import openvino as ov
from openvino import opset13 as ops
from openvino.frontend import (
    FrontEndManager,
    GeneralFailure,
    InitializationFailure,
    NotImplementedFailure,
    OpConversionFailure,
    OpValidationFailure,
)

from annotator.core.errors import ModelError, last_line
from annotator.vision.networks.adapters.torchvision import hint
from annotator.vision.networks.contract import port_sides
from annotator.vision.networks.description import DESCRIPTION_NAME

# What OpenVINO raises; its frontends' failures are no RuntimeErrors.
UNREADABLE = (
    RuntimeError,
    OSError,
    GeneralFailure,
    InitializationFailure,
    NotImplementedFailure,
    OpConversionFailure,
    OpValidationFailure,
)

# Further outputs of a network that was exported with its explanations.
EXPLANATIONS = {"feature_vector", "saliency_map"}

SUFFIXES = (".xml", ".onnx")

WEIGHTS = (".pt", ".pth", ".ckpt", ".safetensors")

MOST_SAID = 120
"""Characters of what OpenVINO says that an error repeats."""


def find_graph(folder: Path) -> Path:
    """The one graph of a folder: model.xml or model.onnx, or else the only one; or the graph that is named itself."""
    if folder.suffix in SUFFIXES and folder.is_file():
        return folder
    beside = sorted(folder.iterdir()) if folder.is_dir() else [folder]
    weights = [path.name for path in beside if path.suffix in WEIGHTS and path.is_file()]
    if weights and not any(path.suffix in SUFFIXES for path in beside):
        raise ModelError(
            f"{folder}: found {weights[0]}, which only its trainer reads, expected its export to ONNX or OpenVINO"
        )
    if not folder.is_dir():
        raise ModelError(f"{folder}: is not a folder, expected one with model.xml, model.bin and {DESCRIPTION_NAME}")
    for name in ("model.xml", "model.onnx"):
        if (folder / name).is_file():
            return folder / name
    graphs = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
    if len(graphs) != 1:
        found = ", ".join(path.name for path in graphs) or "no graph"
        raise ModelError(f"{folder}: found {found}, expected model.xml with model.bin, or model.onnx")
    return graphs[0]


def read_foreign_graph(path: Path) -> ov.Model:
    """The graph of an IR or an ONNX file. Raises ModelError where OpenVINO cannot read it."""
    if path.suffix == ".xml" and not path.with_suffix(".bin").is_file():
        raise ModelError(f"{path.with_suffix('.bin')}: not there, expected the weights of {path.name}")
    try:
        if path.suffix == ".onnx":
            # Asked for any format, OpenVINO tries them all, and each complains on stderr.
            frontend = FrontEndManager().load_by_framework("onnx")
            return frontend.convert(frontend.load(path))
        with path.open("rb") as stream:
            if not stream.read(200).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                raise ModelError(f"{path}: is not a graph that OpenVINO reads (not XML)")
        return ov.Core().read_model(path)
    except UNREADABLE as error:
        reason = last_line(error, most=MOST_SAID)
        said = "" if str(path) in reason else f" ({reason})"
        raise ModelError(f"{path}: is not a graph that OpenVINO reads{said}{hint(str(error))}") from error


def fit_to_contract(graph: ov.Model) -> ov.Model | None:
    """The graph with its batch fixed to 1 and taken off its outputs, or None where it has the contract's form as it is.

    Exporters give every output a batch: labels [1, n], boxes [1, n, 5], masks [1, n, s, s].
    """
    changed = None
    ports = list(graph.inputs)
    if len(ports) == 1 and len(port_sides(ports[0])) == 4 and port_sides(ports[0])[0] is None:
        shape = ports[0].get_partial_shape()
        shape[0] = 1
        graph.reshape({0: shape})
        changed = graph
    named = [port for port in graph.outputs if port.get_names() & {"labels", "boxes", "masks"}]
    ports = named if len(named) == 3 else [port for port in graph.outputs if not port.get_names() & EXPLANATIONS]
    sides = [port_sides(port) for port in ports]
    if sorted(map(len, sides)) == [2, 3, 4] and all(first in (1, None) for first, *_ in sides):
        return _without_batch(graph, ports)
    return changed


def _without_batch(graph: ov.Model, ports: list[ov.Output]) -> ov.Model:
    results = []
    for port in ports:
        source = port.get_node().input_value(0)
        names = source.get_tensor().get_names()
        source.get_tensor().set_names(set())
        squeezed = ops.squeeze(source, ops.constant([0]))
        squeezed.output(0).get_tensor().set_names(names)
        results.append(ops.result(squeezed))
    return ov.Model(results, graph.get_parameters(), graph.get_friendly_name())
