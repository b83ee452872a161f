"""A network's graph in two: what is done once for a picture, and the mask branch that answers for any boxes.

Tests: tests/vision/networks/test_mask_head.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from annotator.core.errors import ModelError
from annotator.vision.networks.contract import find_outputs


def split_graph(model: ov.Model) -> tuple[ov.Model, ov.Model]:
    """The graph in two: picture -> features; rois, roi_labels, features -> masks. The given model is used up.

    Raises ModelError where the masks do not come from the boxes that are given out.
    """
    image = model.inputs[0].get_node()
    outputs = find_outputs(model)
    of_picture = _descendants([image])
    asked = [
        _feed_from(outputs.boxes, "rois", ov.PartialShape([-1, 5])),
        _feed_from(outputs.labels, "roi_labels", ov.PartialShape([-1])),
    ]
    asked = [parameter for parameter in asked if parameter is not None]
    masks = outputs.masks.get_node()
    of_boxes = _descendants(asked)
    if masks.get_name() not in of_boxes:
        raise ModelError("mask head: the masks do not depend on the boxes given out, so the graph cannot be split")

    maps = _maps_entering(masks, of_picture=of_picture, of_boxes=of_boxes)
    parameters = []
    for index, source in enumerate(maps):
        parameter = ops.parameter(source.get_partial_shape(), source.get_element_type(), name=f"feature_{index}")
        parameter.output(0).tensor.set_names({f"feature_{index}"})
        # Every reader of a map reads the parameter: the point refinement samples the maps again, and their shapes.
        for port in source.get_target_inputs():
            port.replace_source_output(parameter.output(0))
        parameters.append(parameter)
    if not maps or image.get_name() in {node.get_name() for node in _ancestors(masks)}:
        raise ModelError("mask head: the masks read the picture beside its feature maps, so the graph cannot be split")
    features = ov.Model([ops.result(source) for source in maps], [image], "features")
    head = ov.Model([masks], [*asked, *parameters], "mask_head")
    return features, head


def ask_head(
    head: ov.CompiledModel, boxes: NDArray[Any], labels: Sequence[int] | NDArray[Any], maps: Sequence[NDArray[Any]]
) -> NDArray[np.float32]:
    """What a compiled mask branch answers: boxes (n, 5) in input pixels and class indices (n,) -> heatmaps (n, s, s).

    Values go in by position, as `split_graph` orders them: a parameter takes over the names of the tensor it stands
    for. A branch that does not look at the class takes no labels.
    """
    asked = (boxes, labels)[: len(head.inputs) - len(maps)]
    request = head.create_infer_request()
    for port, value in zip(head.inputs, (*asked, *maps), strict=True):
        request.set_tensor(port, ov.Tensor(np.array(value, port.get_element_type().to_dtype(), order="C")))
    request.infer()
    return np.array(request.get_output_tensor(0).data, np.float32)


def _maps_entering(masks: ov.Node, *, of_picture: set[str], of_boxes: set[str]) -> list[ov.Output]:
    """The feature maps [1, c, h, w] that the nodes behind the boxes read, each once.

    Maps that are derived from another listed map are left out.
    """
    found: dict[tuple[str, int], ov.Output] = {}
    for node in _ancestors(masks):
        if node.get_name() in of_boxes:
            for port in node.inputs():
                source = port.get_source_output()
                name = source.get_node().get_name()
                is_map = source.get_partial_shape().rank == 4 and source.get_element_type().is_real()
                if is_map and name in of_picture and name not in of_boxes:
                    found[name, source.get_index()] = source
    names = {name for name, _ in found}
    return [
        source
        for (name, _), source in found.items()
        if not any(node.get_name() in names - {name} for node in _ancestors(source.get_node()))
    ]


def _feed_from(output: ov.Output, name: str, shape: ov.PartialShape) -> ov.Node | None:
    """A new parameter that feeds whatever an output fed besides its result; None where it fed nothing else."""
    source = output.get_node().input(0).get_source_output()
    consumers = [port for port in source.get_target_inputs() if port.get_node().get_type_name() != "Result"]
    if not consumers:
        return None
    parameter = ops.parameter(shape, source.get_element_type(), name=name)
    parameter.output(0).tensor.set_names({name})
    for port in consumers:
        port.replace_source_output(parameter.output(0))
    return parameter


def _descendants(nodes: Sequence[ov.Node]) -> set[str]:
    """Names of the nodes and of everything that reads them, directly or not."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node.get_name() not in found:
            found.add(node.get_name())
            waiting.extend(port.get_node() for output in node.outputs() for port in output.get_target_inputs())
    return found


def _ancestors(node: ov.Node) -> list[ov.Node]:
    """The node and everything that it reads, directly or not."""
    found: dict[str, ov.Node] = {}
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.get_name() not in found:
            found[current.get_name()] = current
            waiting.extend(port.get_source_output().get_node() for port in current.inputs())
    return list(found.values())
