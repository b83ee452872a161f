"""torchvision's Mask R-CNN, exported to ONNX: its graph is brought into the form of the zoo's own networks.

Sources of the rules: GeneralizedRCNNTransform and paste_masks_in_image of torchvision, and its tests of the export.

The export answers with `boxes` [n, 4], `labels` [n] from 1, `scores` [n] and `masks` [n, 1, h, w] at the size of the
picture that goes in. They are pasted there by a loop in the graph; what goes into it are heatmaps over the boxes, which
is what is taken. The picture goes in at its own size, since the graph resizes it by itself, or at the size to which the
graph would shrink it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from annotator.core.categories import COCO_CATEGORIES
from annotator.core.dataset import Category
from annotator.core.errors import ModelError
from annotator.vision.networks.adapters.base import Export, Understood
from annotator.vision.networks.class_names import NAMES_FILE, to_categories
from annotator.vision.networks.contract import Port, port_sides
from annotator.vision.networks.model_info import ModelInfo

LARGEST = (1333, 800)
"""To what torchvision shrinks a picture unless asked otherwise: its longer and its shorter side."""

COCO_CLASSES = 91
"""Of torchvision's own weights: the background, and COCO's ids with their gaps."""

THRESHOLD = 0.5

INSTEAD = (
    "torch.onnx.export(network, ([picture],), 'model.onnx', dynamic_axes={'images': [1, 2]}, input_names=['images'])"
)
LOOP = "Loop"
REDUCTIONS = {"ReduceMin", "ReduceMax"}


def hint(reason: str) -> str:
    """What helps where OpenVINO fails on a graph for this reason; "" where nothing is known."""
    return f"; of torchvision's Mask R-CNN it reads what has open sides: {INSTEAD}" if LOOP in reason else ""


def understand(export: Export, name: str, folder: Path) -> Understood | None:
    """What torchvision's Mask R-CNN is in the zoo. Raises ModelError where its heatmaps or names are not found."""
    found = _outputs(export.graph)
    if found is None:
        return None
    boxes, labels, scores, masks = found
    if port_sides(export.graph.inputs[0]) != (3, None, None):
        raise ModelError(f"its picture has fixed sides, expected open ones: {INSTEAD}")
    heatmaps = _heatmaps(masks)
    if heatmaps is None:
        raise ModelError(f"masks: found no heatmaps [n, 1, s, s] that are pasted, expected those of {INSTEAD}")
    classes = _classes(export.graph)
    categories, table = _categories(export.names, classes)
    largest = _largest(export.graph) or LARGEST
    info = ModelInfo(
        name=name,
        title=name,
        version="1",
        folder=folder,
        files=(),
        description="Mask R-CNN, exported by torchvision.",
        resize="shrink",
        pad=0,
        order="RGB",
        mean=(0, 0, 0),
        scale=(255, 255, 255),
        categories=categories,
        threshold=THRESHOLD,
        largest=largest,
    )
    return Understood(info, _rewritten(export.graph, boxes, labels, scores, heatmaps, table=table))


def _outputs(graph: ov.Model) -> tuple[Port, Port, Port, Port] | None:
    """Boxes, labels, scores and masks, by their ranks and types; None where the graph has others."""
    if len(graph.inputs) != 1 or len(port_sides(graph.inputs[0])) != 3:
        return None
    ports = [result.input_value(0) for result in graph.get_results()]
    by_form = {
        "boxes": [port for port in ports if len(port_sides(port)) == 2 and port_sides(port)[1] == 4],
        "labels": [port for port in ports if len(port_sides(port)) == 1 and port.get_element_type().is_integral()],
        "scores": [port for port in ports if len(port_sides(port)) == 1 and port.get_element_type().is_real()],
        "masks": [port for port in ports if len(port_sides(port)) == 4 and port_sides(port)[1] == 1],
    }
    if len(ports) != 4 or any(len(some) != 1 for some in by_form.values()):
        return None
    return by_form["boxes"][0], by_form["labels"][0], by_form["scores"][0], by_form["masks"][0]


def _above(node: ov.Node, *, most: int, until: Collection[str] = ()) -> Iterator[ov.Node]:
    """A node and those on which it depends, the nearest first; nothing beyond those of the types `until`."""
    waiting, seen = [node], set[str]()
    while waiting and len(seen) < most:
        node = waiting.pop(0)
        if node.get_friendly_name() not in seen:
            seen.add(node.get_friendly_name())
            yield node
            if node.get_type_name() not in until:
                waiting += [value.get_node() for value in node.input_values()]


def _heatmaps(masks: Port) -> Port | None:
    """What is padded by a pixel on each side and pasted: heatmaps [n, 1, s, s]."""
    for node in _above(masks.get_node(), most=200):
        if node.get_type_name() == "Pad":
            source = node.input_value(0)
            inner, outer = port_sides(source)[1:], port_sides(node.output(0))[1:]
            if len(inner) == 3 and None not in inner and outer == (1, *(side + 2 for side in inner[1:] if side)):
                return source
    return None


def _classes(graph: ov.Model) -> int | None:
    """How many classes it tells apart, the background among them, by the width of its scores."""
    widths = {
        port_sides(node.output(0))[1]
        for node in graph.get_ops()
        if node.get_type_name() == "Softmax" and len(port_sides(node.output(0))) == 2
    }
    return widths.pop() if len(widths) == 1 else None


def _categories(names: tuple[str, ...], classes: int | None) -> tuple[tuple[Category, ...], list[int]]:
    """The categories, and for each label from 0 its class index, or -1 where it has none."""
    if not names and classes == COCO_CLASSES:
        ids = [category.id for category in COCO_CATEGORIES]
        return COCO_CATEGORIES, [ids.index(label) if label in ids else -1 for label in range(classes)]
    if not names or classes not in (None, len(names) + 1):
        found = f"found {len(names)} in {NAMES_FILE}" if names else f"found no {NAMES_FILE} beside it"
        count = "its classes" if classes is None else f"its {classes - 1} classes"
        raise ModelError(f"says no names of {count}: {found}, expected a name a line, without the background")
    return to_categories(names, where=NAMES_FILE), [-1, *range(len(names))]


def _largest(graph: ov.Model) -> tuple[int, int] | None:
    """The longer and the shorter side to which the graph shrinks a picture; None where they are not found."""
    for node in graph.get_ops():
        if node.get_type_name() == "Minimum":
            sides = {}
            for value in node.input_values():
                near = list(_above(value.get_node(), most=12, until=REDUCTIONS))
                kinds = {one.get_type_name() for one in near} & REDUCTIONS
                limits = [one.data.item() for one in near if one.get_type_name() == "Constant" and one.data.size == 1]
                limits = [limit for limit in limits if limit > 1]
                if len(kinds) == 1 and len(limits) == 1:
                    sides[kinds.pop()] = int(limits[0])
            if len(sides) == 2:
                return sides["ReduceMax"], sides["ReduceMin"]
    return None


def _rewritten(
    graph: ov.Model, boxes: Port, labels: Port, scores: Port, heatmaps: Port, *, table: list[int]
) -> ov.Model:
    """The graph with one picture [1, 3, h, w], and the rows of its known classes in labels, boxes and masks."""
    (old,) = graph.get_parameters()
    picture = ops.parameter(ov.PartialShape([1, 3, -1, -1]), np.float32, name="image")
    picture.output(0).tensor.set_names({"image"})
    old.output(0).replace(ops.squeeze(picture, ops.constant([0])).output(0))
    index = ops.gather(ops.constant(np.array(table, np.int64)), ops.convert(labels, "i64"), ops.constant(0))
    known = ops.squeeze(ops.non_zero(ops.greater_equal(index, np.int64(0)), output_type="i64"), ops.constant([0]))
    rows = ops.concat([boxes, ops.unsqueeze(scores, ops.constant([1]))], 1)
    results = []
    for name, node in (
        ("labels", index),
        ("boxes", rows),
        ("masks", ops.squeeze(heatmaps, ops.constant([1]))),
    ):
        chosen = ops.gather(node, known, ops.constant(0))
        chosen.output(0).tensor.set_names({name})
        results.append(ops.result(chosen))
    return ov.Model(results, [picture], "mask_rcnn")
