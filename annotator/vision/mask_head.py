"""A box of the user's own through the network's own mask head, from features kept for the open picture.

The published graph detects, and then predicts a mask for each box that it detected. It is cut in two:

- where the outputs `boxes` and `labels` feed anything but a result, the boxes and class indices asked for enter instead
  (`rois` [n, 5], `roi_labels` [n]): everything behind that depends on them, the point refinement included;
- where that part reads what depends on the picture alone, the features enter, computed once when a picture is opened.

So the network's own boxes give its own masks back, any subset gives the subset, and any other box its own mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from annotator.core.errors import ModelError
from annotator.core.geometry import Resize, clip_boxes
from annotator.core.masks import Rle, heatmap_to_rle
from annotator.vision import zoo
from annotator.vision.contract import find_image_input, find_outputs
from annotator.vision.detector import lay_into_input
from annotator.vision.images import Photo
from annotator.vision.runtime import compile_network, with_u8_input
from annotator.vision.zoo import ModelInfo


@dataclass(frozen=True, eq=False)
class Features:
    """What the mask head needs of one picture; sizes depend on the network, 0.5 to 2 MB."""

    maps: tuple[NDArray[np.float32], ...]
    resize: Resize


class MaskHead:
    """The mask branch of a network, compiled apart. Raises ModelError where the graph cannot be cut."""

    def __init__(self, info: ModelInfo, *, device: str = "CPU") -> None:
        zoo.verify(info)
        model = ov.Core().read_model(info.xml_path)
        _, _, height, width = find_image_input(model).get_shape()
        self.info = info
        self._input_size = (int(width), int(height))
        features, head = split(model)
        self._takes_labels = len(head.inputs) - len(features.outputs) == 2
        self._features = compile_network(with_u8_input(features, info), info, device=device, part="features")
        self._head = compile_network(head, info, device=device, part="head")

    def features(self, photo: Photo) -> Features:
        """The backbone's work on one picture, done once."""
        resize = Resize.plan(
            rule=self.info.resize, image_size=(photo.width, photo.height), input_size=self._input_size
        )
        picture = lay_into_input(photo.pixels, resize, pad=self.info.pad)
        answer = self._features(picture[None])
        return Features(tuple(np.array(answer[port]) for port in self._features.outputs), resize)

    def input_heatmaps(
        self, features: Features, boxes: NDArray[np.floating], labels: Sequence[int]
    ) -> NDArray[np.float32]:
        """Boxes (n, 5) in input pixels with a score, as the network gives them out, and class indices (n,) -> heatmaps.

        The boxes lie inside the input: beyond it, person-0007's unrolled sampling reads past its maps and fails.
        """
        if not len(boxes):
            return np.zeros((0, 1, 1), np.float32)
        request = self._head.create_infer_request()
        # By position, as `split` ordered them: a parameter takes over the names of the tensor that it stands for.
        asked = (boxes, labels) if self._takes_labels else (boxes,)
        for port, value in zip(self._head.inputs, (*asked, *features.maps), strict=True):
            request.set_tensor(port, ov.Tensor(np.array(value, port.get_element_type().to_dtype(), order="C")))
        request.infer()
        return request.get_output_tensor(0).data.astype(np.float32)

    def mask(self, features: Features, box_xyxy: Sequence[float], *, label: int = 0, cut: float = 0.5) -> Rle:
        """The mask inside one box in image pixels, of which the part inside the picture counts; it may be empty."""
        height, width = features.resize.image_height, features.resize.image_width
        box = clip_boxes(np.array([box_xyxy], np.float64), width=width, height=height)
        asked = np.column_stack((features.resize.boxes_to_input(box), [1.0]))
        heatmap = self.input_heatmaps(features, asked, [label])[0]
        return heatmap_to_rle(heatmap, box[0], height=height, width=width, cut=cut)


def split(model: ov.Model) -> tuple[ov.Model, ov.Model]:
    """The graph in two: picture -> features; rois, roi_labels, features -> masks. The given model is used up.

    Raises ModelError where the masks do not come from the boxes that are given out.
    """
    image = model.inputs[0].get_node()
    outputs = find_outputs(model)
    of_picture = _descendants([image])
    asked = [
        _cut_behind(outputs.boxes, "rois", ov.PartialShape([-1, 5])),
        _cut_behind(outputs.labels, "roi_labels", ov.PartialShape([-1])),
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


def _maps_entering(masks: ov.Node, *, of_picture: set[str], of_boxes: set[str]) -> list[ov.Output]:
    """The feature maps [1, c, h, w] that the part behind the boxes reads, each once, none made from another of them."""
    found: dict[tuple[str, int], ov.Output] = {}
    for node in _ancestors(masks):
        if node.get_name() in of_boxes:
            for port in node.inputs():
                source = port.get_source_output()
                name = source.get_node().get_name()
                is_map = source.get_partial_shape().rank == 4 and source.get_element_type().is_real()
                if is_map and name in of_picture and name not in of_boxes:
                    found[name, source.get_index()] = source
    return list(found.values())


def _cut_behind(output: ov.Output, name: str, shape: ov.PartialShape) -> ov.Node | None:
    """Let a parameter feed whatever an output feeds besides its result; None where there is nothing."""
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
