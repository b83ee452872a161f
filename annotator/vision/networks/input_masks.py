"""Masks over a network's whole input, as logits: each detection's own map, or one that is mixed from prototypes.

They are made for the detections that are asked for, some at a time: 300 of them in 12 megapixels take no more memory
than a few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.geometry import FloatArray, Resize, clip_boxes
from annotator.core.heatmap import MAX_SIZE, Heatmap
from annotator.core.masks import Rle
from annotator.core.paste import FloatMap, maps_to_rles
from annotator.vision.networks.soft_masks import Rows

TOGETHER = 4_000_000
"""Most values of maps that are made at once: 16 MB."""

FAINT = -3.0
"""Logit from which a cell is part of a heatmap: 0.05."""

LEAST_SAMPLES = 4

MOST = 1e4
"""Logit of what is infinite."""

Windows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class InputMasks:
    """Logits over the whole input: what is above 0 belongs to the object.

    maps: (k, h, w) float32. weights: (n, k) float32, by which the maps are added up for each detection; None where the
    maps are the detections' own. cropped: whether a mask ends with its box.
    """

    maps: FloatMap
    weights: NDArray[np.float32] | None = None
    cropped: bool = False

    @property
    def form(self) -> list[int]:
        return list(self._rows.shape)

    @property
    def _rows(self) -> NDArray[np.float32]:
        return self.maps if self.weights is None else self.weights

    def are_of(self, count: int) -> bool:
        return len(self._rows) == count

    def take(self, rows: Rows) -> InputMasks:
        if self.weights is None:
            return replace(self, maps=self.maps[rows])
        return replace(self, weights=self.weights[rows])

    def copied(self) -> InputMasks:
        weights = None if self.weights is None else self.weights.copy()
        return replace(self, maps=self.maps.copy(), weights=weights)

    def rles(self, boxes_xyxy: FloatArray, *, resize: Resize, level: float) -> list[Rle]:
        size = {"height": resize.image_height, "width": resize.image_width}
        limit = _logit(level)
        found: list[Rle] = []
        for some, shown in self._shown(resize):
            windows = _windows(shown, limit, self._crops(boxes_xyxy[some], resize), **size)
            found += maps_to_rles(shown, windows, **size, level=limit)
        return found

    def heatmaps(self, boxes_xyxy: FloatArray, *, resize: Resize) -> list[Heatmap | None]:
        size = {"height": resize.image_height, "width": resize.image_width}
        found: list[Heatmap | None] = []
        for some, shown in self._shown(resize):
            windows = _windows(shown, FAINT, self._crops(boxes_xyxy[some], resize), **size)
            found += [_heatmap(one, window, **size) for one, window in zip(shown, windows.tolist(), strict=True)]
        return found

    def _crops(self, boxes_xyxy: FloatArray, resize: Resize) -> Windows:
        """The pixels (n, 4) beyond which a mask does not go. Source: crop_mask of Ultralytics."""
        width, height = resize.image_width, resize.image_height
        if not self.cropped:
            return np.tile(np.array([0, 0, width, height]), (len(boxes_xyxy), 1))
        return np.ceil(clip_boxes(boxes_xyxy, width=width, height=height)).astype(np.int64)

    def _shown(self, resize: Resize) -> Iterator[tuple[slice, FloatMap]]:
        """Some detections after the other, and the part (m, h, w) of their logits that shows the picture."""
        _, height, width = self.maps.shape
        times = _enlargement(resize, height=height, width=width)
        left, right = _cells(resize.left, resize.content_width, of=resize.input_width, cells=width * times)
        top, bottom = _cells(resize.top, resize.content_height, of=resize.input_height, cells=height * times)
        step = max(TOGETHER // (height * width * times**2), 1)
        for begin in range(0, len(self._rows), step):
            some = slice(begin, begin + step)
            if self.weights is None:
                logits = self.maps[some]
            else:
                logits = (self.weights[some] @ self.maps.reshape(len(self.maps), -1)).reshape(-1, height, width)
            if times > 1:
                logits = np.stack([cv2.resize(one, (width * times, height * times)) for one in logits])
            part = np.asarray(logits[:, top:bottom, left:right], np.float32)
            yield some, part if np.isfinite(part).all() else np.nan_to_num(part, nan=-MOST, posinf=MOST, neginf=-MOST)


def _enlargement(resize: Resize, *, height: int, width: int) -> int:
    """How many times the maps are enlarged, 1, 2 or 4, so that the picture begins and ends with a cell.

    Source: process_mask_native of Ultralytics.
    """
    across = (resize.left, resize.content_width), width, resize.input_width
    down = (resize.top, resize.content_height), height, resize.input_height
    for times in (1, 2):
        if all(place * cells * times % side == 0 for places, cells, side in (across, down) for place in places):
            return times
    return 4


def _cells(begin: int, length: int, *, of: int, cells: int) -> tuple[int, int]:
    """The first and behind the last of the cells that show the picture; at least one does."""
    first = min(round(begin * cells / of), cells - 1)
    return first, min(max(round((begin + length) * cells / of), first + 1), cells)


def _logit(level: float) -> float:
    return float(np.log(level / (1 - level))) if 0 < level < 1 else np.inf * (level - 0.5)


def _windows(shown: FloatMap, limit: float, crops: Windows, *, height: int, width: int) -> Windows:
    """The pixels (n, 4) in which a mask may lie: around the cells (n, h, w) above the limit, inside the crops."""
    above = shown > limit
    sides = []
    for axis, pixels in ((1, width), (2, height)):
        some: NDArray[np.bool_] = np.any(above, axis=axis)
        count = some.shape[1]
        first, behind = some.argmax(axis=1), count - some[:, ::-1].argmax(axis=1)
        # A pixel is mixed from the cells before and behind it.
        begin = np.floor((first - 0.5) * pixels / count - 1)
        end = np.where(some.any(axis=1), np.ceil((behind + 0.5) * pixels / count + 1), begin)
        sides.append(np.clip(np.stack((begin, end)), 0, pixels))
    (left, right), (top, bottom) = sides
    found = np.stack((left, top, right, bottom), axis=1).astype(np.int64)
    found[:, :2] = np.maximum(found[:, :2], crops[:, :2])
    found[:, 2:] = np.minimum(found[:, 2:], crops[:, 2:])
    return found


def _heatmap(shown: FloatMap, window: list[int], *, height: int, width: int) -> Heatmap | None:
    """Logits (h, w) over the picture -> the heatmap over a window of it; None where the window is empty.

    Its samples lie where they are read, so that nothing is shifted, and as close as the cells do.
    """
    left, top, right, bottom = window
    if left >= right or top >= bottom:
        return None
    rows, columns = shown.shape
    cells = max((right - left) * columns / width, (bottom - top) * rows / height)
    size = int(np.clip(np.ceil(cells), LEAST_SAMPLES, MAX_SIZE))
    # The region holds a border of one sample beyond the window.
    x0, x1 = (int(np.floor(left - (right - left) / size)), int(np.ceil(right + (right - left) / size)))
    y0, y1 = (int(np.floor(top - (bottom - top) / size)), int(np.ceil(bottom + (bottom - top) / size)))
    steps = (np.arange(size) + 1.5) / (size + 2)
    x, y = x0 + steps * (x1 - x0), y0 + steps * (y1 - y0)
    across, down = np.meshgrid(x * columns / width - 0.5, y * rows / height - 0.5)
    logits = cv2.remap(
        shown, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    with np.errstate(over="ignore"):
        share = np.nan_to_num(1 / (1 + np.exp(-logits)))
    inside = ((x >= left) & (x <= right))[None] & ((y >= top) & (y <= bottom))[:, None]
    values = np.where(inside, np.rint(share * 100), 0).astype(np.uint8)
    return Heatmap(values, x0, y0, x1 - x0, y1 - y0)
