"""What a detector's own feature maps say of a picture and of places on it, as short vectors that can be compared.

A network that finds objects has learnt what makes pictures differ; nothing else need be fetched or run. Two maps are
taken, of a 16th and of a 32nd of the input's side: in each the one with most channels, the last of several.

A vector is the mean of each map over the pixels in question, each at length 1, the two behind each other, projected
onto SIZE fixed random directions, at length 1 again.
Source of the projection: W. B. Johnson, J. Lindenstrauss, Extensions of Lipschitz mappings (1984).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.errors import ModelError
from annotator.core.geometry import Resize
from annotator.core.masks import Rle, rle_to_mask
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.detector import prepare
from annotator.vision.networks.rewrite import faster_graph
from annotator.vision.networks.runtime import compile_network, input_size, read_graph, with_u8_input
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures.photo import Photo

Vector = NDArray[np.float32]

SIZE = 64
STRIDES = (16, 32)

_LEAST_CHANNELS = 32


class Eye:
    """A network's feature maps, compiled apart. Raises ModelError where its graph has none of these sizes.

    Several threads may not look at once.
    """

    def __init__(self, info: ModelInfo, *, device: str = "CPU") -> None:
        zoo.verify(info)
        self.info = info
        self._compiled = compile_network(
            lambda: with_u8_input(
                maps_graph(faster_graph(read_graph(info), verdicts=compile_cache.cache_folder(info)), info), info
            ),
            info,
            device=device,
            stage="eye",
            hint="LATENCY",
        )
        self._input_size = input_size(self._compiled, info)
        channels = sum(int(port.get_partial_shape()[1].get_length()) for port in self._compiled.outputs)
        directions = np.random.default_rng(0).normal(size=(channels, SIZE)) / np.sqrt(SIZE)
        self._directions = directions.astype(np.float32)

    def look(self, photo: Photo) -> Look:
        """Look at a picture once."""
        prepared = prepare(photo, self.info, input_size=self._input_size)
        answer = self._compiled(prepared.picture[None])
        maps = tuple(np.array(answer[port][0], np.float32) for port in self._compiled.outputs)
        return Look(maps, prepared.resize, self._directions)


@dataclass(frozen=True, eq=False)
class Look:
    """The maps (c, h, w) of one picture, how it lies in the input, and the directions of the projection."""

    maps: tuple[NDArray[np.float32], ...]
    resize: Resize
    directions: NDArray[np.float32]

    def of_picture(self) -> Vector:
        """The picture's own vector, (SIZE,)."""
        return self._vector(np.ones((self.resize.image_height, self.resize.image_width), np.float32))

    def of_mask(self, rle: Rle) -> Vector:
        """That of what lies under a mask of the picture, (SIZE,)."""
        return self._vector(rle_to_mask(rle).astype(np.float32))

    def _vector(self, weights: NDArray[np.float32]) -> Vector:
        parts = [_unit(_mean_under(one, weights, self.resize)) for one in self.maps]
        return _unit(np.concatenate(parts) @ self.directions)


def _mean_under(values: NDArray[np.float32], weights: NDArray[np.float32], resize: Resize) -> Vector:
    """The mean of a map (c, h, w) under weights (H, W) of the picture, which lies in the input as `resize` says."""
    height, width = values.shape[1:]
    stride_x, stride_y = resize.input_width / width, resize.input_height / height
    size = max(1, round(resize.content_width / stride_x)), max(1, round(resize.content_height / stride_y))
    left, top = min(int(resize.left / stride_x), width - 1), min(int(resize.top / stride_y), height - 1)
    size = min(size[0], width - left), min(size[1], height - top)
    small = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    if not small.any():
        small = small + 1
    part = values[:, top : top + size[1], left : left + size[0]]
    return np.asarray((part * small).sum(axis=(1, 2)) / small.sum(), np.float32)


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def maps_graph(model: ov.Model, info: ModelInfo) -> ov.Model:
    """The graph from the picture to one map for each of STRIDES. The given model is used up."""
    shape = model.inputs[0].get_partial_shape()
    if shape.is_dynamic:
        raise ModelError(f"{info.name}: pictures have sizes of their own, so that its maps have none that is known")
    height, width = list(shape.to_shape())[-2:]
    chosen = []
    for stride in STRIDES:
        sides = {(-(-height // stride), -(-width // stride)), (height // stride, width // stride)}
        maps = [port for node in model.get_ordered_ops() for port in node.outputs() if _is_map(port, sides)]
        if maps:
            most = max(port.get_partial_shape()[1].get_length() for port in maps)
            chosen.append([port for port in maps if port.get_partial_shape()[1].get_length() == most][-1])
    if not chosen:
        raise ModelError(f"{info.name}: no feature map of a 16th or a 32nd of the input's {width} x {height} is in it")
    return ov.Model([ov.opset13.result(port) for port in chosen], model.get_parameters(), "eye")


def _is_map(port: ov.Output, sides: set[tuple[int, int]]) -> bool:
    shape = port.get_partial_shape()
    if port.get_node().get_type_name() == "Constant" or not port.get_element_type().is_real() or shape.is_dynamic:
        return False
    found = tuple(shape.to_shape())
    return len(found) == 4 and found[0] == 1 and found[1] >= _LEAST_CHANNELS and found[2:] in sides
