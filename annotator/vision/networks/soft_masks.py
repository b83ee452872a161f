"""The masks of a network's detections before they are masks of a picture, in the form in which the network has them.

`RegionMasks` are heatmaps over the boxes, `BoxesAlone` none at all; `input_masks.py` has those over the whole input.

Tests: tests/vision/networks/test_detector.py, tests/vision/networks/test_input_masks.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annotator.core.geometry import FloatArray, Resize, clip_boxes
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle, window_to_rle
from annotator.core.paste import FloatMap, heatmaps_to_rles

Rows = NDArray[np.intp] | slice


class SoftMasks(Protocol):
    """The masks of n detections, whose boxes are (n, 4) in image pixels wherever they are asked for."""

    @property
    def form(self) -> list[int]:
        """The shape in which they came."""

    def are_of(self, count: int) -> bool:
        """Whether they are the masks of so many detections."""

    def take(self, rows: Rows) -> SoftMasks:
        """Those of some detections."""

    def copied(self) -> SoftMasks:
        """A copy that stays valid when the network goes on: until then they may lie in its own memory."""

    def rles(self, boxes_xyxy: FloatArray, *, resize: Resize, level: float) -> list[Rle]:
        """The masks in the picture that was laid into the input so; one may come out empty. level: 0..1."""

    def heatmaps(self, boxes_xyxy: FloatArray, *, resize: Resize) -> list[Heatmap | None]:
        """What is kept of them, so that the level can be moved; None where there is nothing to keep."""


@dataclass(frozen=True, eq=False)
class RegionMasks:
    """Heatmaps (n, s, s) in 0..1 over the boxes."""

    values: FloatMap

    @property
    def form(self) -> list[int]:
        return list(self.values.shape)

    def are_of(self, count: int) -> bool:
        shape = self.values.shape
        return shape[:1] == (0,) if count == 0 else shape == (count, *shape[1:2] * 2)

    def take(self, rows: Rows) -> RegionMasks:
        return RegionMasks(self.values[rows])

    def copied(self) -> RegionMasks:
        return RegionMasks(self.values.copy())

    def rles(self, boxes_xyxy: FloatArray, *, resize: Resize, level: float) -> list[Rle]:
        size = {"height": resize.image_height, "width": resize.image_width}
        return heatmaps_to_rles(self.values, boxes_xyxy, **size, level=level)

    def heatmaps(self, boxes_xyxy: FloatArray, *, resize: Resize) -> list[Heatmap | None]:
        return Heatmap.of_all(self.values, boxes_xyxy)


@dataclass(frozen=True)
class BoxesAlone:
    """No masks: each box stands in for its own, as for a COCO result that has a box alone."""

    count: int

    @property
    def form(self) -> list[int]:
        return [self.count]

    def are_of(self, count: int) -> bool:
        return self.count == count

    def take(self, rows: Rows) -> BoxesAlone:
        return replace(self, count=len(np.arange(self.count)[rows]))

    def copied(self) -> BoxesAlone:
        return self

    def rles(self, boxes_xyxy: FloatArray, *, resize: Resize, level: float) -> list[Rle]:
        width, height = resize.image_width, resize.image_height
        corners = np.rint(clip_boxes(boxes_xyxy, width=width, height=height)).astype(int)
        return [
            window_to_rle(
                np.ones((max(bottom - top, 0), max(right - left, 0)), bool),
                left=left,
                top=top,
                height=height,
                width=width,
            )
            for left, top, right, bottom in corners.tolist()
        ]

    def heatmaps(self, boxes_xyxy: FloatArray, *, resize: Resize) -> list[Heatmap | None]:
        return [None] * self.count
