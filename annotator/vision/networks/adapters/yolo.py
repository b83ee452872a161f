"""Ultralytics YOLO, exported to ONNX or OpenVINO: for segmentation and for detection, with its NMS inside or not.

Nothing of Ultralytics is needed or contained. Sources of the rules: non_max_suppression, scale_boxes and
process_mask_native (`retina_masks`) of Ultralytics 8.4, and the metadata of its exporter.

- `output0` [1, 4 + classes + k, n]: x, y, width, height about the centre in input pixels, a score a class, k weights;
- or `output0` [1, n, 6 + k], where the graph takes overlaps out: x0, y0, x1, y1, score, class index, k weights;
- `output1` [1, k, h, w] of segmentation: the prototypes, whose weighted sum is a mask.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.errors import ModelError
from annotator.vision.networks.adapters.base import FLOOR, Adapter, Export, RawDetections, Understood
from annotator.vision.networks.class_names import NAMES_FILE, to_categories
from annotator.vision.networks.contract import Port, find_image_input, port_sides, ports_in_words
from annotator.vision.networks.input_masks import InputMasks
from annotator.vision.networks.model_info import ModelInfo
from annotator.vision.networks.soft_masks import BoxesAlone

MOST_OVERLAP = 0.7
MOST_DETECTIONS = 300
MOST_CANDIDATES = 30_000
APART = 7680
"""Pixels by which the boxes of two classes are moved apart, so that they do not overlap."""

THRESHOLD = 0.25
PAD = 114

TASKS = {"segment": "yolo-seg", "detect": "yolo-detect"}
INSTEAD = "export a network for segmentation or detection: yolo export model=best.pt format=openvino"
AUTHOR = "Ultralytics"


def understand(export: Export, name: str, folder: Path) -> Understood | None:
    """What an export of Ultralytics is, by what its metadata say. Raises ModelError for other tasks and other heads."""
    said = export.said
    if AUTHOR not in str(said.get("author", "")) and said.get("model_type") != "YOLO":
        return None
    task = str(said.get("task", "segment" if len(export.graph.outputs) > 1 else "detect"))
    if task not in TASKS or "RTDETR" in str(said.get("head", "")):
        found = task if task not in TASKS else "RT-DETR"
        raise ModelError(f"is a network for {found} of Ultralytics, which has no boxes to read; {INSTEAD}")
    graph = _fixed(export, said)
    find_image_input(graph or export.graph)
    names = export.names or _names(said)
    info = ModelInfo(
        name=name,
        title=name,
        version="1",
        folder=folder,
        files=(),
        description=str(said.get("description", "Ultralytics YOLO")).strip() + ", exported by Ultralytics.",
        resize="letterbox",
        pad=PAD,
        order="RGB",
        mean=(0, 0, 0),
        scale=(255, 255, 255),
        categories=to_categories(names, where="names"),
        threshold=THRESHOLD,
        outputs="yolo-seg" if task == "segment" else "yolo-detect",
    )
    ports = (SEGMENTATION if task == "segment" else DETECTION).ports(graph or export.graph)
    _is_finished(port_sides(ports[0])[1:], len(names), _weights(ports))
    return Understood(info, graph)


def _fixed(export: Export, said: Mapping[str, Any]) -> ov.Model | None:
    """The graph with the sides for which it was exported, where they are open; None where they are not."""
    ports = export.graph.inputs
    sides = port_sides(ports[0]) if len(ports) == 1 else ()
    if len(sides) != 4 or None not in sides:
        return None
    size = _literal(said.get("imgsz"))
    size = [size, size] if isinstance(size, int) else size
    if not isinstance(size, list) or len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        raise ModelError("its input is of any size and imgsz is not said; export it with dynamic=False")
    graph = export.graph.clone()
    graph.reshape({0: [1, 3, *size]})
    return graph


def _names(said: Mapping[str, Any]) -> tuple[str, ...]:
    """As `names` says, else as the labels that OpenVINO's own readers take, which have '_' for spaces."""
    names = _literal(said.get("names"))
    if isinstance(names, Mapping) and sorted(names) == list(range(len(names))):
        names = [names[index] for index in range(len(names))]
    if not isinstance(names, list):
        names = str(said.get("labels", "")).split()
    if not names:
        raise ModelError(f"says no names of its classes; keep metadata.yaml beside it, or add {NAMES_FILE}")
    return tuple(map(str, names))


def _literal(value: Any) -> Any:
    """A value as a YAML file has it, or its text in Python's form, as ONNX has it."""
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


# --- what it answers -------------------------------------------------------------------------------------------------


def _find(graph: ov.Model | ov.CompiledModel, *, ranks: Sequence[int]) -> tuple[Port, ...]:
    """The outputs by their ranks: the detections have 3, the prototypes 4."""
    ports = list(graph.outputs)
    found = [[port for port in ports if len(port_sides(port)) == rank] for rank in ranks]
    if len(ports) != len(ranks) or any(len(some) != 1 for some in found):
        expected = (
            "output0 [1, 4 + classes + k, n] and output1 [1, k, h, w]" if 4 in ranks else "output0 [1, 4 + classes, n]"
        )
        raise ModelError(f"outputs: found {ports_in_words(ports)}, expected {expected}, as Ultralytics exports them")
    return tuple(some[0] for some in found)


def _weights(ports: Sequence[Port]) -> int:
    """How many prototypes there are: none for detection."""
    return (port_sides(ports[1])[1] or 0) if len(ports) > 1 else 0


def _is_finished(sides: Sequence[int | None], classes: int, weights: int) -> bool:
    """Whether rows of detections come out, overlaps taken out; else a column for each place.

    Raises ModelError where the sides are of neither form.
    """
    rows, columns = sides
    if rows == 4 + classes + weights:
        return False
    if columns == 6 + weights:
        return True
    raise ModelError(
        f"output0: found [1, {rows}, {columns}], expected [1, {4 + classes + weights}, n] for {classes} classes, or "
        f"[1, n, {6 + weights}]; {INSTEAD}"
    )


def _read(values: Sequence[NDArray[Any]], info: ModelInfo, input_size: tuple[int, int]) -> RawDetections:
    found, *prototypes = (np.asarray(value[0], np.float32) for value in values)
    classes = len(info.categories)
    weights = len(prototypes[0]) if prototypes else 0
    if _is_finished(found.shape, classes, weights):
        rows = found[found[:, 4] > FLOOR][:MOST_DETECTIONS]
        boxes, labels, mixed = rows[:, :5], rows[:, 5].astype(np.int64), rows[:, 6:]
    else:
        boxes, labels, mixed = _without_overlaps(found, classes)
    if not prototypes:
        return RawDetections(labels, boxes, BoxesAlone(len(boxes)))
    return RawDetections(labels, boxes, InputMasks(prototypes[0], np.ascontiguousarray(mixed), cropped=True))


def _without_overlaps(
    found: NDArray[np.float32], classes: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """Columns (4 + classes + k, n) -> boxes (m, 5) with score, class indices (m,), weights (m, k), the surest first."""
    scores = found[4 : 4 + classes].max(axis=0)
    likely = np.flatnonzero(scores > FLOOR)
    order = likely[np.argsort(-scores[likely], kind="stable")][:MOST_CANDIDATES]
    columns = found[:, order].T
    half = columns[:, 2:4] / 2
    corners = np.hstack((columns[:, :2] - half, columns[:, :2] + half))
    labels = columns[:, 4 : 4 + classes].argmax(axis=1)
    kept = suppress(corners + (labels[:, None] * APART).astype(np.float32))
    boxes = np.column_stack((corners[kept], scores[order[kept]]))
    return boxes, labels[kept], columns[kept, 4 + classes :]


def suppress(boxes: NDArray[np.float32]) -> NDArray[np.intp]:
    """Boxes (n, 4), the surest first -> the rows of those that overlap no surer one that is kept by more than 0.7."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.arange(len(boxes))
    kept: list[int] = []
    while left.size and len(kept) < MOST_DETECTIONS:
        first, left = int(left[0]), left[1:]
        kept.append(first)
        sides = np.minimum(boxes[first, 2:], boxes[left, 2:]) - np.maximum(boxes[first, :2], boxes[left, :2])
        common = np.prod(np.maximum(sides, 0), axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            left = left[~(common / (areas[first] + areas[left] - common) > MOST_OVERLAP)]
    return np.array(kept, np.intp)


SEGMENTATION = Adapter("yolo-seg", "Ultralytics YOLO, with masks", lambda graph: _find(graph, ranks=(3, 4)), _read)
DETECTION = Adapter("yolo-detect", "Ultralytics YOLO, boxes alone", lambda graph: _find(graph, ranks=(3,)), _read)
