"""RF-DETR, exported to ONNX: for segmentation and for detection.

Sources of the rules: PostProcess of rfdetr 1.11, and how its own readers of exports treat the background.

- `dets` [1, q, 4]: x, y, width, height about the centre, in shares of the picture;
- `labels` [1, q, classes + 1]: logits, the last of the background; of its own weights 91, by COCO's ids with gaps;
- `masks` [1, q, h, w] of segmentation: logits over the whole picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.categories import COCO_CATEGORIES
from annotator.core.errors import ModelError
from annotator.vision.networks.adapters.base import FLOOR, Adapter, Export, RawDetections, Understood
from annotator.vision.networks.class_names import NAMES_FILE, TRAINING_FILE, to_categories
from annotator.vision.networks.contract import Port, find_image_input, port_sides, ports_in_words
from annotator.vision.networks.input_masks import InputMasks
from annotator.vision.networks.model_info import ModelInfo
from annotator.vision.networks.soft_masks import BoxesAlone

# In 0..255, as torchvision's ImageNet weights want them.
MEAN = (123.675, 116.28, 103.53)
SCALE = (58.395, 57.12, 57.375)

THRESHOLD = 0.5
COCO_SLOTS = 91

INSTEAD = "export a network for detection or segmentation: model.export()"
AS_ONNX = "RF-DETR is read from its ONNX export, model.export(), which names them"


def understand(export: Export, name: str, folder: Path) -> Understood | None:
    """What an export of RF-DETR is, by the names of its outputs. Raises ModelError for what is not read of it."""
    ports = {next(iter(port.get_names()), ""): port for port in export.graph.outputs}
    # MMDetection calls its outputs so too; its labels are class indices, [1, n].
    if not {"dets", "labels"} <= ports.keys() or len(port_sides(ports["labels"])) != 3:
        if _has_its_form(export.graph):
            raise ModelError(f"outputs: found {ports_in_words(export.graph.outputs)}, without their names; {AS_ONNX}")
        return None
    graph = _of_one_picture(export.graph)
    find_image_input(graph or export.graph)
    if set(ports) not in ({"dets", "labels"}, {"dets", "labels", "masks"}):
        raise ModelError(
            f"outputs: found {ports_in_words(export.graph.outputs)}, expected dets, labels, masks; {INSTEAD}"
        )
    adapter = SEGMENTATION if "masks" in ports else DETECTION
    slots = port_sides(adapter.ports(graph or export.graph)[1])[2] or 0
    if export.names and slots not in (len(export.names), len(export.names) + 1):
        raise ModelError(
            f"labels: found {slots} classes and {len(export.names)} names, expected as many, or a background"
        )
    if not export.names and slots != COCO_SLOTS:
        raise ModelError(
            f"says no names of its {slots - 1} classes; put {TRAINING_FILE} of its training beside it, or {NAMES_FILE} "
            "with a name a line"
        )
    info = ModelInfo(
        name=name,
        title=name,
        version="1",
        folder=folder,
        files=(),
        description="RF-DETR, exported by rfdetr.",
        resize="stretch",
        pad=0,
        order="RGB",
        mean=MEAN,
        scale=SCALE,
        categories=to_categories(export.names, where="names") if export.names else COCO_CATEGORIES,
        threshold=THRESHOLD,
        outputs=adapter.outputs,
    )
    return Understood(info, graph)


def _has_its_form(graph: ov.Model) -> bool:
    """Whether boxes and logits of as many queries come out."""
    queries = [port_sides(port)[1:] for port in graph.outputs if len(port_sides(port)) == 3]
    return len(queries) == 2 and (queries[0][0], 4) == queries[0] and queries[0][0] == queries[1][0] is not None


def _of_one_picture(graph: ov.Model) -> ov.Model | None:
    """The graph with its batch fixed to 1; None where that is so."""
    if len(graph.inputs) != 1 or port_sides(graph.inputs[0])[:1] != (None,):
        return None
    fixed = graph.clone()
    shape = fixed.inputs[0].get_partial_shape()
    shape[0] = 1
    fixed.reshape({0: shape})
    return fixed


def _find(graph: ov.Model | ov.CompiledModel, names: Sequence[str]) -> tuple[Port, ...]:
    """The outputs of these names. Raises ModelError where one is missing or of another form."""
    ports = {name: port for port in graph.outputs for name in port.get_names()}
    found = tuple(ports[name] for name in names if name in ports)
    sides = [port_sides(port) for port in found]
    if [len(one) for one in sides] != [3, 3, 4][: len(names)] or sides[0][2] != 4 or len({one[1] for one in sides}) > 1:
        expected = ", ".join(("dets [1, q, 4]", "labels [1, q, c]", "masks [1, q, h, w]")[: len(names)])
        raise ModelError(f"outputs: found {ports_in_words(graph.outputs)}, expected {expected}")
    return found


def _read(values: Sequence[NDArray[Any]], info: ModelInfo, input_size: tuple[int, int]) -> RawDetections:
    centred, logits, *masks = (np.asarray(value[0], np.float32) for value in values)
    columns = _columns(info, logits.shape[1])
    # The surest pairs of a query and a class, as many as there are queries: a query may be of two classes.
    with np.errstate(over="ignore"):
        scores = (1 / (1 + np.exp(-logits[:, columns]))).ravel()
    order = np.argsort(-scores, kind="stable")[: len(centred)]
    order = order[scores[order] > FLOOR]
    queries, labels = np.divmod(order, len(columns))
    boxes = centred[queries]
    corners = np.hstack((boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2))
    rows = np.column_stack((corners * np.array(input_size * 2, np.float32), scores[order])).astype(np.float32)
    return RawDetections(labels, rows, InputMasks(masks[0][queries]) if masks else BoxesAlone(len(rows)))


def _columns(info: ModelInfo, slots: int) -> NDArray[np.intp]:
    """The columns of the categories: those of COCO's ids for all of COCO's 80, else the first ones.

    Raises ModelError where there are fewer than categories.
    """
    ids = [category.id for category in info.categories]
    if slots == COCO_SLOTS and ids == [category.id for category in COCO_CATEGORIES]:
        return np.array(ids, np.intp)
    if slots not in (len(ids), len(ids) + 1):
        raise ModelError(f"{info.name}: labels: found {slots} classes for {len(ids)} categories")
    return np.arange(len(ids))


SEGMENTATION = Adapter(
    "rf-detr-seg", "RF-DETR, with masks", lambda graph: _find(graph, ("dets", "labels", "masks")), _read
)
DETECTION = Adapter("rf-detr", "RF-DETR, boxes alone", lambda graph: _find(graph, ("dets", "labels")), _read)
