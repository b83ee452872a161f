"""What a graph says of itself: the `model_info` that OpenVINO Training Extensions and Geti write -> ModelInfo.

Tests: tests/vision/networks/test_own_model.py
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import openvino as ov
import yaml

from annotator.core.errors import ModelError
from annotator.core.geometry import ResizeRule
from annotator.vision.networks.class_names import to_categories
from annotator.vision.networks.description import DESCRIPTION_NAME
from annotator.vision.networks.model_info import ModelInfo, Triple

# What the exporters prepend, since their own reader counts classes from 1; the network does not.
EMPTY_LABEL = "otx_empty_lbl"
RESIZE_RULES: dict[str, ResizeRule] = {
    "standard": "stretch",
    "fit_to_window": "fit",
    "fit_to_window_letterbox": "center",
}
# Whose heatmaps lie over their boxes; those of a DETR cover the whole picture.
MODEL_TYPES = ("maskrcnn", "rotated_detection")
# What exporters say beside OpenVINO's own keys.
EXPORT_KEYS = ("author", "description", "task", "head", "names", "labels", "imgsz", "model_type")
MOST_METADATA_BYTES = 1_000_000

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


def info_of_graph(graph: ov.Model, path: Path, *, name: str, folder: Path) -> ModelInfo:
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
        categories=to_categories(_label_names(values), where=f"{path}: model_info.labels"),
        # 0 is what exporters write who know of no threshold.
        threshold=_numbers(values, "confidence_threshold", path, count=1, default=0, low=0, high=1)[0] or 0.5,
        files=(),
        description="Added with the model_info of its graph.",
    )


def export_metadata(graph: ov.Model, path: Path) -> dict[str, Any]:
    """What an exporter says: the metadata of an ONNX file, an IR's `model_info`, a `metadata.yaml` beside the graph.

    Raises ModelError where that file is no YAML.
    """
    said: dict[str, Any] = {}
    for section in ("framework", "model_info"):
        for key in EXPORT_KEYS:
            if graph.has_rt_info([section, key]):
                said[key] = str(graph.get_rt_info([section, key]).value)
    beside = path.with_name("metadata.yaml")
    if beside.is_file() and beside.stat().st_size <= MOST_METADATA_BYTES:
        try:
            found = yaml.safe_load(beside.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            raise ModelError(f"{beside}: is not YAML") from error
        said |= {key: found[key] for key in EXPORT_KEYS if key in found} if isinstance(found, dict) else {}
    return said


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
