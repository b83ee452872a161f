"""A box of the user's own through the network's own mask head, from features kept for the open picture.

The published graph detects, and then predicts a mask for each box that it detected. It is split in two:

- where the outputs `boxes` and `labels` feed anything but a result, the boxes and class indices asked for enter instead
  (`rois` [n, 5], `roi_labels` [n]): everything behind them depends on them, the point refinement included;
- where that second graph reads what depends on the picture alone, the features enter, computed once for a picture.

So the network's own boxes give its own masks back, any subset gives the subset, and any other box its own mask.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.geometry import Resize, clip_boxes, crop_around, is_crop_for
from annotator.core.heatmap import Heatmap
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.detector import prepare
from annotator.vision.networks.graph_split import ask_head, split_graph
from annotator.vision.networks.rewrite import faster_graph
from annotator.vision.networks.runtime import compile_network, input_size, read_graph, with_u8_input
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures.photo import Photo


@dataclass(frozen=True, eq=False)
class Features:
    """What the mask head needs of one picture, or of the crop that begins at (left, top); 0.5 to 2 MB."""

    maps: tuple[NDArray[np.float32], ...]
    resize: Resize
    left: int = 0
    top: int = 0

    @property
    def crop_xyxy(self) -> tuple[int, int, int, int]:
        """What of the picture they are of, in image pixels."""
        return self.left, self.top, self.left + self.resize.image_width, self.top + self.resize.image_height


class MaskHead:
    """The mask branch of a network, compiled apart. Raises ModelError where the graph cannot be split."""

    def __init__(self, info: ModelInfo, *, device: str = "CPU") -> None:
        zoo.verify(info)
        self.info = info

        @functools.cache
        def halves() -> tuple[ov.Model, ov.Model]:
            return split_graph(faster_graph(read_graph(info), verdicts=compile_cache.cache_folder(info)))

        self._features = compile_network(
            lambda: with_u8_input(halves()[0], info), info, device=device, stage="features"
        )
        self._head = compile_network(lambda: halves()[1], info, device=device, stage="head")
        self._input_size = input_size(self._features, info)

    def features(self, photo: Photo) -> Features:
        """The backbone's work on one picture, done once."""
        prepared = prepare(photo, self.info, input_size=self._input_size)
        answer = self._features(prepared.picture[None])
        return Features(tuple(np.array(answer[port]) for port in self._features.outputs), prepared.resize)

    def close_features(self, photo: Photo, box_xyxy: Sequence[float]) -> Features | None:
        """Those of a crop around one box, where the whole would show the object much smaller; else None.

        The box is in image pixels. A person of 300 pixels in a photograph of 12 megapixels has 30 of the input's when
        the whole is laid into it, too few for an outline.
        """
        box = clip_boxes(np.array([box_xyxy], np.float64), width=photo.width, height=photo.height)[0]
        crop = crop_around(box.tolist(), image_size=(photo.width, photo.height), input_size=self._input_size)
        if crop is None:
            return None
        left, top, right, bottom = crop
        return replace(self.features(replace(photo, pixels=photo.pixels[top:bottom, left:right])), left=left, top=top)

    def serves(self, features: Features, photo: Photo, box_xyxy: Sequence[float]) -> bool:
        """Whether the features of a crop of this picture, made for another box, are as good for this one."""
        box = clip_boxes(np.array([box_xyxy], np.float64), width=photo.width, height=photo.height)[0]
        size = photo.width, photo.height
        return is_crop_for(features.crop_xyxy, box.tolist(), image_size=size, input_size=self._input_size)

    def input_heatmaps(
        self, features: Features, boxes: NDArray[np.floating], labels: Sequence[int]
    ) -> NDArray[np.float32]:
        """Boxes (n, 5) in input pixels with a score, as the network gives them out, and class indices (n,) -> heatmaps.

        The boxes lie inside the input: beyond it, person-0007's unrolled sampling reads past its maps and fails.
        """
        if not len(boxes):
            return np.zeros((0, 1, 1), np.float32)
        return ask_head(self._head, boxes, labels, features.maps)

    def heatmap(self, features: Features, box_xyxy: Sequence[float], *, label: int = 0) -> Heatmap | None:
        """The heatmap inside one box in image pixels; the part of the box inside the picture counts.

        None where the network's heatmaps are too large to be kept.
        """
        height, width = features.resize.image_height, features.resize.image_width
        begin = np.array([features.left, features.top] * 2, np.float64)
        box = clip_boxes(np.array([box_xyxy], np.float64) - begin, width=width, height=height)
        asked = np.column_stack((features.resize.boxes_to_input(box), [1.0]))
        return Heatmap.of(self.input_heatmaps(features, asked, [label])[0], (box + begin)[0])
