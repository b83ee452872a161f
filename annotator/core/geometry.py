"""Boxes, polygons, and the resize of a picture to a network's input together with its inverse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ResizeRule = Literal["stretch", "fit"]


@dataclass(frozen=True)
class Resize:
    """How a picture was laid into a network's input, as one value with its inverse.

    Sizes are in pixels. `content_width` and `content_height` are what the picture covers of the input; the rest is
    padding at the right and at the bottom.
    """

    image_width: int
    image_height: int
    input_width: int
    input_height: int
    content_width: int
    content_height: int

    @classmethod
    def plan(cls, *, rule: ResizeRule, image_size: tuple[int, int], input_size: tuple[int, int]) -> Resize:
        """Plan the resize of a picture; sizes are (width, height).

        "stretch" fills the input. "fit" keeps the aspect and truncates to whole pixels, so that the scales of x and y
        differ slightly. Source: fit_to_window of the Open Model Zoo's accuracy checker.
        """
        (image_width, image_height), (input_width, input_height) = image_size, input_size
        if rule == "stretch":
            return cls(image_width, image_height, input_width, input_height, input_width, input_height)
        scale = min(input_width / image_width, input_height / image_height)
        content_width = min(max(int(scale * image_width), 1), input_width)
        content_height = min(max(int(scale * image_height), 1), input_height)
        return cls(image_width, image_height, input_width, input_height, content_width, content_height)

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Input pixels per image pixel, for x and for y."""
        return self.content_width / self.image_width, self.content_height / self.image_height

    def boxes_to_image(self, boxes_xyxy: FloatArray) -> FloatArray:
        """Boxes (n, 4) in input pixels -> boxes (n, 4) in image pixels; nothing is clipped."""
        scale_x, scale_y = self.scale_xy
        boxes: FloatArray = np.asarray(boxes_xyxy, np.float64) / np.array([scale_x, scale_y, scale_x, scale_y])
        return boxes

    def boxes_to_input(self, boxes_xyxy: FloatArray) -> FloatArray:
        """Boxes (n, 4) in image pixels -> boxes (n, 4) in input pixels; the inverse of `boxes_to_image`."""
        scale_x, scale_y = self.scale_xy
        boxes: FloatArray = np.asarray(boxes_xyxy, np.float64) * np.array([scale_x, scale_y, scale_x, scale_y])
        return boxes


def clip_boxes(boxes_xyxy: FloatArray, *, width: int, height: int) -> FloatArray:
    """Boxes (n, 4) clipped to the picture of `width` x `height` image pixels."""
    limits = np.array([width, height, width, height], np.float64)
    return np.clip(boxes_xyxy, 0, limits)


def xyxy_to_xywh(box_xyxy: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """One box from corners to corner and size."""
    x0, y0, x1, y1 = box_xyxy
    return x0, y0, x1 - x0, y1 - y0
