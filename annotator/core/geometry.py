"""Boxes, polygons, and the resize of a picture to a network's input together with its inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ResizeRule = Literal["stretch", "fit", "center", "letterbox", "shrink"]

CONTEXT = 2.0
"""A part of a picture that is looked at for one object is at least this many times as wide and as high as its box."""

LEAST_CONTEXT = 1.5
MOST_CONTEXT = 3.0
"""Of a crop that was made for another box, so that it serves one as well as its own."""

WORTHWHILE = 1.2
"""How much larger a part must show an object than the whole picture does, to be looked at."""


@dataclass(frozen=True)
class Resize:
    """How a picture was laid into a network's input, as one value with its inverse.

    Sizes are in pixels. The picture covers `content_width` x `content_height` of the input from (`left`, `top`) on; the
    rest is padding.
    """

    image_width: int
    image_height: int
    input_width: int
    input_height: int
    content_width: int
    content_height: int
    left: int = 0
    top: int = 0

    @classmethod
    def plan(cls, *, rule: ResizeRule, image_size: tuple[int, int], input_size: tuple[int, int]) -> Resize:
        """Plan the resize of a picture; sizes are (width, height).

        "stretch" fills the input. "fit" keeps the aspect and truncates to whole pixels, so that the scales of x and y
        differ slightly. Source: fit_to_window of the Open Model Zoo's accuracy checker. "center" does so too, with
        the picture in the middle. Source: fit_to_window_letterbox of OpenVINO's model_api. "letterbox" rounds instead.
        Source: LetterBox of Ultralytics. "shrink" makes the input as large as the picture, and no larger than the
        longer and the shorter side of `input_size`. Source: GeneralizedRCNNTransform of torchvision.
        """
        (image_width, image_height), (input_width, input_height) = image_size, input_size
        if rule == "stretch":
            return cls(image_width, image_height, input_width, input_height, input_width, input_height)
        if rule == "shrink":
            longer, shorter = max(input_size), min(input_size)
            scale = min(longer / max(image_size), shorter / min(image_size), 1.0)
            # Less than half a pixel may be lost to rounding, and none of a side that decides.
            width, height = (max(int(scale * side + 1e-6), 1) for side in image_size)
            return cls(image_width, image_height, width, height, width, height)
        scale = min(input_width / image_width, input_height / image_height)
        whole = round if rule == "letterbox" else int
        content_width = min(max(whole(scale * image_width), 1), input_width)
        content_height = min(max(whole(scale * image_height), 1), input_height)
        left, top = 0, 0
        if rule in ("center", "letterbox"):
            left, top = (input_width - content_width) // 2, (input_height - content_height) // 2
        return cls(image_width, image_height, input_width, input_height, content_width, content_height, left, top)

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Input pixels per image pixel, for x and for y."""
        return self.content_width / self.image_width, self.content_height / self.image_height

    def boxes_to_image(self, boxes_xyxy: FloatArray) -> FloatArray:
        """Boxes (n, 4) in input pixels -> boxes (n, 4) in image pixels; nothing is clipped.

        >>> resize = Resize.plan(rule="center", image_size=(200, 100), input_size=(100, 100))
        >>> resize.boxes_to_image(np.array([[0.0, 25, 100, 75]])).tolist()
        [[0.0, 0.0, 200.0, 100.0]]
        """
        boxes: FloatArray = (np.asarray(boxes_xyxy, np.float64) - self._offsets) / (self.scale_xy * 2)
        return boxes

    def boxes_to_input(self, boxes_xyxy: FloatArray) -> FloatArray:
        """Boxes (n, 4) in image pixels -> boxes (n, 4) in input pixels; the inverse of `boxes_to_image`."""
        boxes: FloatArray = np.asarray(boxes_xyxy, np.float64) * (self.scale_xy * 2) + self._offsets
        return boxes

    @property
    def _offsets(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left, self.top


def clip_boxes(boxes_xyxy: FloatArray, *, width: int, height: int) -> FloatArray:
    """Boxes (n, 4) clipped to the picture of `width` x `height` image pixels.

    >>> clip_boxes(np.array([[-5.0, 2, 30, 40]]), width=20, height=10).tolist()
    [[0.0, 2.0, 20.0, 10.0]]
    """
    limits = np.array([width, height, width, height], np.float64)
    return np.clip(boxes_xyxy, 0, limits)


def crop_around(
    box_xyxy: Sequence[float], *, image_size: tuple[int, int], input_size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The crop in which a network sees the object of a box best: x0, y0, x1, y1 in whole image pixels.

    It has the input's aspect where the picture is large enough, and none of its pixels is enlarged. None where the
    whole picture shows the object about as large. Sizes are (width, height); the box lies inside the picture.
    """
    image, asked = np.array(image_size), np.array(input_size)
    first, last = np.asarray(box_xyxy[:2], np.float64), np.asarray(box_xyxy[2:], np.float64)
    scale = max(1.0, float((CONTEXT * (last - first) / asked).max()))
    sides = np.minimum(np.rint(scale * asked).astype(np.int64), image)
    if (asked / sides).min() < WORTHWHILE * (asked / image).min():
        return None
    begin = np.clip(np.rint((first + last - sides) / 2).astype(np.int64), 0, image - sides)
    x0, y0, x1, y1 = (int(value) for value in (*begin, *(begin + sides)))
    return x0, y0, x1, y1


def is_crop_for(
    crop_xyxy: tuple[int, int, int, int],
    box_xyxy: Sequence[float],
    *,
    image_size: tuple[int, int],
    input_size: tuple[int, int],
) -> bool:
    """Whether a crop that was made for another box shows the object of this one about as well as its own would.

    >>> size = {"image_size": (6000, 4000), "input_size": (480, 320)}
    >>> crop = crop_around((1000, 1000, 1600, 1400), **size)
    >>> alike, smaller, beside = (990, 980, 1620, 1430), (1000, 1000, 1200, 1100), (1500, 1000, 2100, 1400)
    >>> [is_crop_for(crop, box, **size) for box in (alike, smaller, beside)]
    [True, False, False]
    """
    own = crop_around(box_xyxy, image_size=image_size, input_size=input_size)
    if own is None:
        return False
    crop, box = np.array(crop_xyxy, np.float64), np.asarray(box_xyxy, np.float64)
    around = (LEAST_CONTEXT - 1) / 2 * np.tile(box[2:] - box[:2], 2) * [-1, -1, 1, 1]
    seen = clip_boxes((box + around)[None], width=image_size[0], height=image_size[1])[0]
    holds = bool((crop[:2] <= seen[:2]).all() and (crop[2:] >= seen[2:]).all())
    return holds and bool(crop[2] - crop[0] <= MOST_CONTEXT / CONTEXT * (own[2] - own[0]))


def xyxy_to_xywh(box_xyxy: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """One box from corners to corner and size.

    >>> xyxy_to_xywh((1.0, 2.0, 4.0, 8.0))
    (1.0, 2.0, 3.0, 6.0)
    """
    x0, y0, x1, y1 = box_xyxy
    return x0, y0, x1 - x0, y1 - y0


def common_areas(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The area that each two boxes xyxy have in common, (n, m), and their own areas, (n,) and (m,)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    own = [np.prod(np.maximum(0.0, boxes[:, 2:] - boxes[:, :2]), axis=1) for boxes in (first, second)]
    return np.prod(np.maximum(0.0, high - low), axis=2), own[0], own[1]


def box_iou(common: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """IoU of each two boxes, (n, m), from what `common_areas` says of them; 0 where both have no area."""
    union = first[:, None] + second[None] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)
