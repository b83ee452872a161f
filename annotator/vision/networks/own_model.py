"""A network of the user's own becomes one of the zoo: its graph checked against the contract, its files copied whole.

Taken are a folder with an IR (`model.xml`, `model.bin`) or an ONNX file (`model.onnx`) and a `model.toml`, or without
that file an IR which says itself what it is: the `model_info` that OpenVINO Training Extensions and Geti write. Nothing
of the folder is executed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
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

from annotator.core.categories import COCO_BY_NAME, FIRST_OWN_ID
from annotator.core.dataset import Category
from annotator.core.errors import ModelError
from annotator.core.geometry import ResizeRule
from annotator.vision.networks.contract import find_image_input, find_outputs, port_sides
from annotator.vision.networks.model_info import (
    DESCRIPTION_NAME,
    ModelFile,
    ModelInfo,
    Triple,
    description_text,
    read_description,
)

# What the exporters prepend, since their own reader counts classes from 1; the network does not.
EMPTY_LABEL = "otx_empty_lbl"
RESIZE_RULES: dict[str, ResizeRule] = {
    "standard": "stretch",
    "fit_to_window": "fit",
    "fit_to_window_letterbox": "center",
}
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
# Whose heatmaps lie over their boxes; those of a DETR cover the whole picture.
MODEL_TYPES = ("maskrcnn", "rotated_detection")
MODEL_INFO_KEYS = (
    "model_type",
    "labels",
    "label_info",
    "resize_type",
    "pad_value",
    "mean_values",
    "scale_values",
    "reverse_input_channels",
    "confidence_threshold",
    "embedded_processing",
)
# Source: torchvision's ImageNet weights, in 0..255.
IMAGENET_RGB = (123.675, 116.28, 103.53)
# Further outputs of a network that was exported with its explanations.
EXPLANATIONS = {"feature_vector", "saliency_map"}


def add_model(name: str, folder: Path, *, target: Path) -> ModelInfo:
    """Copy the network of `folder` to the new folder `target`, described by a `model.toml` with sizes and hashes.

    Raises ModelError in one line: what was found, and what the contract expects. `target` is there whole or not at all.
    """
    graph_path = _graph_path(folder)
    graph = _read_graph(graph_path)
    description = folder / DESCRIPTION_NAME
    if description.is_file():
        info = replace(read_description(description), name=name, folder=target)
    else:
        info = _info_of_graph(graph, graph_path, name=name, folder=target)
    try:
        changed = _fit(graph)
        find_image_input(graph if changed is None else changed)
        find_outputs(graph if changed is None else changed)
    except ModelError as error:
        raise ModelError(f"{graph_path}: {error}") from error
    except UNREADABLE as error:
        reason = _reason(error)
        raise ModelError(f"{graph_path}: expected a graph that takes one picture at a time ({reason})") from error
    return install_model(info, graph_path, changed)


def doubts(info: ModelInfo) -> list[str]:
    """What whoever adds a network should look at, in a line each."""
    if info.order == "BGR" and np.allclose(info.mean, IMAGENET_RGB, atol=1):
        return [
            f"{info.name}: the picture goes in as BGR, but the mean is ImageNet's in RGB order, as of networks that "
            f'OpenVINO Training Extensions 2 exports: if it finds little, set order = "RGB" in '
            f"{info.folder / DESCRIPTION_NAME}"
        ]
    return []


def _graph_path(folder: Path) -> Path:
    """The one graph of a folder: model.xml or model.onnx, or else the only file of such a kind."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: is not a folder, expected one with model.xml, model.bin and {DESCRIPTION_NAME}")
    for name in ("model.xml", "model.onnx"):
        if (folder / name).is_file():
            return folder / name
    graphs = sorted(path for path in folder.iterdir() if path.suffix in (".xml", ".onnx") and path.is_file())
    if len(graphs) != 1:
        found = ", ".join(path.name for path in graphs) or "no graph"
        raise ModelError(f"{folder}: found {found}, expected model.xml with model.bin, or model.onnx")
    return graphs[0]


def _read_graph(path: Path) -> ov.Model:
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
        reason = _reason(error)
        said = "" if str(path) in reason else f" ({reason})"
        raise ModelError(f"{path}: is not a graph that OpenVINO reads{said}") from error


def _reason(error: Exception) -> str:
    """The last line of what OpenVINO says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:120] if lines else type(error).__name__


# --- the graph brought into the contract's form ----------------------------------------------------------------------


def _fit(graph: ov.Model) -> ov.Model | None:
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


# --- model_info ------------------------------------------------------------------------------------------------------


def _info_of_graph(graph: ov.Model, path: Path, *, name: str, folder: Path) -> ModelInfo:
    """What the graph's own `model_info` says of it. Raises ModelError where it is missing or not supported."""
    values = _model_info(graph)
    if "labels" not in values:
        raise ModelError(f"{path}: found no model_info with labels in the graph, expected that or a {DESCRIPTION_NAME}")
    resize = values.get("resize_type", "standard")
    if resize not in RESIZE_RULES:
        raise ModelError(f"{path}: model_info.resize_type: found {resize!r}, expected {', '.join(RESIZE_RULES)}")
    kind = values.get("model_type", "")
    if kind and kind.replace("_", "").casefold() not in [known.replace("_", "") for known in MODEL_TYPES]:
        raise ModelError(f"{path}: model_info.model_type: found {kind!r}, expected MaskRCNN: heatmaps over their boxes")
    if _truth(values, "embedded_processing", path):
        raise ModelError(f"{path}: model_info.embedded_processing: found True, expected a graph without preprocessing")
    return ModelInfo(
        name=name,
        title=name,
        version="1",
        folder=folder,
        resize=RESIZE_RULES[resize],
        pad=round(_numbers(values, "pad_value", path, count=1, default=0, low=0, high=255)[0]),
        order="RGB" if _truth(values, "reverse_input_channels", path) else "BGR",
        mean=_triple(_numbers(values, "mean_values", path, count=3, default=0)),
        scale=_triple(_numbers(values, "scale_values", path, count=3, default=1, low=1e-6)),
        categories=_categories(_label_names(values), path),
        # 0 is what exporters write who know of no threshold.
        threshold=_numbers(values, "confidence_threshold", path, count=1, default=0, low=0, high=1)[0] or 0.5,
        files=(),
        description="Added with the model_info of its graph.",
    )


def _model_info(graph: ov.Model) -> dict[str, str]:
    """Keys and values as the exporter wrote them: under `model_info` in an IR, as metadata "model_info KEY" in ONNX."""
    values = {}
    for key in MODEL_INFO_KEYS:
        for place in (["model_info", key], ["framework", f"model_info {key}"]):
            if graph.has_rt_info(place):
                values[key] = str(graph.get_rt_info(place).value)
    return values


def _label_names(values: dict[str, str]) -> list[str]:
    """Labels in the order of the class index: as `label_info` spells them, else those of `labels`, '_' for a space."""
    names = _without_empty(values["labels"].split())
    with contextlib.suppress(ValueError, KeyError, TypeError):
        spelt = json.loads(values.get("label_info", ""))["label_names"]
        if isinstance(spelt, list) and all(isinstance(name, str) and name.strip() for name in spelt):
            spelt = _without_empty(spelt)
            # One that lists other names than the graph's own would leave class indices without one.
            if len(spelt) == len(names) or " ".join(spelt).split() == names:
                names = spelt
    return names


def _without_empty(names: list[str]) -> list[str]:
    return names[1:] if names[:1] == [EMPTY_LABEL] else names


def _categories(names: list[str], path: Path) -> tuple[Category, ...]:
    """Names -> categories: COCO's own, then from 91 on."""
    categories: list[Category] = []
    own = FIRST_OWN_ID
    for name in map(str.strip, names):
        category = COCO_BY_NAME.get(name.replace("_", " "))
        if category is None:
            category, own = Category(own, name), own + 1
        categories.append(category)
    said = [category.name for category in categories]
    if not said or len(set(said)) != len(said) or names[0].startswith("[") or not all(map(str.isprintable, said)):
        found = " ".join(names)[:80]
        raise ModelError(f"{path}: model_info.labels: found {found!r}, expected printable names that differ")
    return tuple(categories)


def _numbers(
    values: dict[str, str], key: str, path: Path, *, count: int, default: float, low: float = -1e6, high: float = 1e6
) -> list[float]:
    words = values.get(key, "").replace(",", " ").strip("[] ").split() or [str(default)] * count
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        numbers *= count  # one for all channels
    if len(numbers) != count or not all(low <= number <= high for number in numbers):
        many = "a number" if count == 1 else f"{count} numbers"
        expected = f"{many} from {low:g} to {high:g}"
        raise ModelError(f"{path}: model_info.{key}: found {values[key][:80]!r}, expected {expected}")
    return numbers


def _triple(numbers: list[float]) -> Triple:
    return numbers[0], numbers[1], numbers[2]


def _truth(values: dict[str, str], key: str, path: Path) -> bool:
    text = values.get(key, "").strip().lower()
    if text not in ("true", "yes", "1", "false", "no", "0", ""):
        raise ModelError(f"{path}: model_info.{key}: found {values[key][:80]!r}, expected True or False")
    return text in ("true", "yes", "1")


# --- copying ---------------------------------------------------------------------------------------------------------


def install_model(info: ModelInfo, graph_path: Path, changed: ov.Model | None) -> ModelInfo:
    """Put a network's files and its description into `info.folder`, which is there whole or not at all.

    The files are copied as they are, unless the graph was changed. Returns the model with its files' sizes and hashes.
    Raises ModelError where the folder cannot be written.
    """
    try:
        return _install(info, graph_path, changed)
    except OSError as error:
        raise ModelError(f"{info.folder}: cannot be written ({error.strerror or error})") from error


def _install(info: ModelInfo, graph_path: Path, changed: ov.Model | None) -> ModelInfo:
    target = info.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    # A folder beside the target, which a rename turns into it.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
        folder = Path(name) / target.name
        folder.mkdir()
        if changed is None and graph_path.suffix == ".xml":
            shutil.copyfile(graph_path, folder / "model.xml")
            shutil.copyfile(graph_path.with_suffix(".bin"), folder / "model.bin")
        else:
            ov.save_model(changed or _read_graph(graph_path), folder / "model.xml", compress_to_fp16=False)
        files = tuple(_described(folder / file) for file in ("model.xml", "model.bin"))
        info = replace(info, files=files, base="")
        (folder / DESCRIPTION_NAME).write_text(description_text(info), encoding="utf-8")
        # What was written reads back as the very same model.
        if read_description(folder / DESCRIPTION_NAME, folder=target) != info:
            raise ModelError(f"{target}: its description does not read back as it was written")
        for path in folder.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        os.rename(folder, target)
    return info


def _described(path: Path) -> ModelFile:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha384").hexdigest()
    return ModelFile(precision="own", name=path.name, bytes=path.stat().st_size, sha384=digest)
