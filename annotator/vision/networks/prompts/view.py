"""How a picture, or a crop of it, lies on a network's square canvas, and everything that is mapped by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.geometry import FloatArray
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle, rle_to_mask
from annotator.vision.networks.prompts.contracts import Lay

FloatMap = NDArray[np.float32]


class Picture(Protocol):
    """A photo, or what is known of one that is not decoded."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


SUREST = 6.0
"""Logit of what an earlier mask holds for certain: networks were taught with their own logits, not with 0 and 1."""


@dataclass(frozen=True)
class View:
    """The crop that begins at (left, top) of a picture, width x height image pixels, on a canvas of `side` pixels.

    It covers content_width x content_height of the canvas from its corner; the rest is padding.
    """

    left: int
    top: int
    width: int
    height: int
    picture_width: int
    picture_height: int
    side: int
    content_width: int
    content_height: int

    @classmethod
    def plan(cls, crop_xyxy: tuple[int, int, int, int], *, picture: tuple[int, int], side: int, lay: Lay) -> View:
        """picture: its (width, height). Source: ResizeLongestSide of segment-anything; SAM2Transforms of sam2."""
        left, top, right, bottom = crop_xyxy
        width, height = right - left, bottom - top
        content = side, side
        if lay == "fit":
            scale = side / max(width, height)
            content = max(int(width * scale + 0.5), 1), max(int(height * scale + 0.5), 1)
        return cls(left, top, width, height, *picture, side, *content)

    @property
    def crop_xyxy(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.width, self.top + self.height

    @property
    def is_whole(self) -> bool:
        return (self.width, self.height) == (self.picture_width, self.picture_height)

    @property
    def scale(self) -> FloatArray:
        """Canvas pixels for an image pixel, in x and y."""
        return np.array([self.content_width / self.width, self.content_height / self.height])

    def to_canvas(self, points: FloatArray) -> FloatArray:
        """Points (n, 2) in image pixels -> in pixels of the canvas."""
        return (np.asarray(points, np.float64) - [self.left, self.top]) * self.scale

    def to_image(self, points: FloatArray) -> FloatArray:
        """The inverse of `to_canvas`."""
        return np.asarray(points, np.float64) / self.scale + [self.left, self.top]

    def cells(self, side: int) -> tuple[int, int]:
        """Columns and rows, of `side` cells along the canvas, that show some of the picture."""
        across, down = np.ceil(np.array([self.content_width, self.content_height]) * side / self.side).astype(int)
        return int(across), int(down)

    def logits_of_mask(self, rle: Rle, *, side: int) -> FloatMap:
        """A mask of the picture -> logits (side, side) on the canvas, as an earlier answer would be."""
        left, top, right, bottom = self.crop_xyxy
        crop = rle_to_mask(rle)[top:bottom, left:right].astype(np.float32)
        size = (
            max(round(self.content_width * side / self.side), 1),
            max(round(self.content_height * side / self.side), 1),
        )
        share = np.zeros((side, side), np.float32)
        share[: size[1], : size[0]] = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        return _logits(share)

    def logits_of_heatmap(self, heatmap: Heatmap, *, side: int) -> FloatMap:
        """A heatmap over the picture -> logits (side, side) on the canvas."""
        centres = (np.arange(side) + 0.5) * self.side / side
        places = self.to_image(np.column_stack((centres, centres)))
        padded = np.pad(heatmap.values, 1).astype(np.float32) / 100
        size = len(padded)
        x = ((places[:, 0] - heatmap.left) / heatmap.width * size - 0.5).astype(np.float32)
        y = ((places[:, 1] - heatmap.top) / heatmap.height * size - 0.5).astype(np.float32)
        across, down = np.meshgrid(x, y)
        share = cv2.remap(padded, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return _logits(share)


def _logits(share: FloatMap) -> FloatMap:
    least = 1 / (1 + np.exp(SUREST))
    share = np.clip(share, least, 1 - least)
    return np.asarray(np.log(share / (1 - share)), np.float32)
