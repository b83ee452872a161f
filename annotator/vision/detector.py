"""From a picture to detections in its own pixels. The network's class index ends here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.errors import ModelError
from annotator.core.geometry import FloatArray, Resize, clip_boxes
from annotator.core.masks import Rle, heatmap_to_rle
from annotator.vision.images import Photo
from annotator.vision.runtime import Network, RawDetections
from annotator.vision.zoo import ModelInfo

Tag = TypeVar("Tag")


@dataclass(frozen=True, eq=False)
class Detections:
    """What a network saw on one picture, the surest first.

    boxes_xyxy: (n, 4) float64 in image pixels, as the network has them, possibly beyond the borders.
    scores: (n,) in 0..1. category_ids: (n,). heatmaps: (n, s, s) in 0..1 over the boxes.
    """

    boxes_xyxy: FloatArray
    scores: FloatArray
    category_ids: NDArray[np.int64]
    heatmaps: NDArray[np.float32]
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.scores)

    def mask(self, index: int, *, cut: float = 0.5) -> Rle:
        """The mask of one detection; it may be empty where the heatmap stays below the cut."""
        return heatmap_to_rle(
            self.heatmaps[index], self.boxes_xyxy[index], height=self.height, width=self.width, cut=cut
        )

    def clipped_boxes(self) -> FloatArray:
        """The boxes inside the picture."""
        return clip_boxes(self.boxes_xyxy, width=self.width, height=self.height)


class Detector:
    """A compiled network with its resize rule and its table of categories."""

    def __init__(self, info: ModelInfo, *, device: str = "AUTO", precision: str = "f32") -> None:
        self.info = info
        self.network = Network(info, device=device, precision=precision)

    def detect(self, photo: Photo) -> Detections:
        """Detections on one picture."""
        return next(found for _, found in self.stream([(None, photo)]))

    def stream(self, photos: Iterable[tuple[Tag, Photo]]) -> Iterator[tuple[Tag, Detections]]:
        """Detections in the order of the pictures, inference overlapping with what the caller does."""

        def inputs() -> Iterator[tuple[tuple[Tag, Resize], NDArray[np.uint8]]]:
            for tag, photo in photos:
                resize, picture = as_input(photo, self.info, input_size=self.network.input_size)
                yield (tag, resize), picture

        for (tag, resize), raw in self.network.stream(inputs()):
            yield tag, to_detections(raw, resize, self.info)


def as_input(photo: Photo, info: ModelInfo, *, input_size: tuple[int, int]) -> tuple[Resize, NDArray[np.uint8]]:
    """How a photo is laid into an input of (width, height), and the picture that the network takes of it."""
    resize = Resize.plan(rule=info.resize, image_size=(photo.width, photo.height), input_size=input_size)
    return resize, lay_into_input(photo.pixels, resize, pad=info.pad)


def lay_into_input(pixels: NDArray[np.uint8], resize: Resize, *, pad: int) -> NDArray[np.uint8]:
    """Picture (H, W, 3) -> the network's input (input_height, input_width, 3), padded with the value `pad`."""
    content = cv2.resize(pixels, (resize.content_width, resize.content_height), interpolation=cv2.INTER_LINEAR)
    if content.shape[:2] == (resize.input_height, resize.input_width):
        return np.asarray(content, np.uint8)
    canvas = np.full((resize.input_height, resize.input_width, 3), pad, np.uint8)
    rows = slice(resize.top, resize.top + resize.content_height)
    canvas[rows, resize.left : resize.left + resize.content_width] = content
    return canvas


def to_detections(raw: RawDetections, resize: Resize, info: ModelInfo) -> Detections:
    """A network's answer -> detections: padding rows dropped, labels looked up, boxes back in image pixels.

    Raises ModelError on a class index that the table of categories does not have.
    """
    boxes = raw.boxes.astype(np.float64)
    # Rows that a fixed-size output does not use are all zeros. Source: the accuracy checker drops sums <= 0.
    kept = np.flatnonzero(np.isfinite(boxes).all(axis=1) & (boxes[:, :4].sum(axis=1) > 0))
    kept = kept[np.argsort(-boxes[kept, 4], kind="stable")]
    labels = raw.labels[kept]
    if labels.size and not 0 <= labels.min() <= labels.max() < len(info.categories):
        found = labels.min() if labels.min() < 0 else labels.max()
        raise ModelError(f"{info.name}: class index {found}, expected 0 to {len(info.categories) - 1}")
    ids = np.array([category.id for category in info.categories], np.int64)
    return Detections(
        boxes_xyxy=resize.boxes_to_image(boxes[kept, :4]),
        scores=np.clip(boxes[kept, 4], 0.0, 1.0),
        category_ids=ids[labels],
        heatmaps=raw.masks[kept],
        width=resize.image_width,
        height=resize.image_height,
    )
