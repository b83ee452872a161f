"""A decoder's logits -> a mask of the picture and its heatmap, on which the level can be moved later."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.geometry import FloatArray
from annotator.core.heatmap import HALF, MAX_SIZE, Heatmap
from annotator.core.masks import Rle, rle_area
from annotator.core.prompt import Prompt
from annotator.vision.networks.prompts.view import FloatMap, View

SPECK = 0.02
"""Share of the largest part below which a part that nobody clicked on is dropped. Holes stay."""

FAINT = -3.0
"""Logit from which a cell is part of the heatmap: 0.05."""

AROUND = 2
"""Cells around these, so that the heatmap falls off to nothing inside its region."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A mask of the whole picture, its heatmap, and how sure the network says it is, 0..1, where it says so."""

    rle: Rle
    heatmap: Heatmap
    score: float | None = None


def without_specks(logits: FloatMap, prompt: Prompt, view: View) -> FloatMap:
    """Logits (s, s) in which small parts beside the object are turned off, but for those that were clicked."""
    side = len(logits)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((logits > 0).astype(np.uint8), connectivity=8)
    if count <= 2:
        return logits
    areas = stats[:, cv2.CC_STAT_AREA]
    small = areas < SPECK * areas[1:].max()
    small[0] = False
    for point in prompt.points:
        if point.belongs:
            x, y = view.to_canvas(np.array([[point.x, point.y]]))[0] * side / view.side
            small[parts[min(max(int(y), 0), side - 1), min(max(int(x), 0), side - 1)]] = False
    return np.where(small[parts], np.float32(FAINT), logits)


def heatmap_of(logits: FloatMap, view: View) -> Heatmap | None:
    """Logits (s, s) on the canvas -> the heatmap around what they hold; None where that is nothing.

    Its region lies on whole image pixels, and the logits are read where its samples lie: nothing is shifted.
    """
    side = len(logits)
    columns, rows = view.cells(side)
    shown = logits[:rows, :columns]
    if not (shown > 0).any():
        return None
    down, across = np.nonzero(shown > FAINT)
    corners = np.array(
        [[across.min() - AROUND, down.min() - AROUND], [across.max() + 1 + AROUND, down.max() + 1 + AROUND]]
    )
    begin, end = view.to_image(corners * view.side / side)
    (left, top), (right, bottom) = np.floor(begin).astype(int).tolist(), np.ceil(end).astype(int).tolist()
    size = int(min(max(*(corners[1] - corners[0]), 4), MAX_SIZE))
    steps = (np.arange(size) + 1.5) / (size + 2)
    places = np.column_stack((left + steps * (right - left), top + steps * (bottom - top)))
    across_map, down_map = np.meshgrid(*(view.to_canvas(places) * side / view.side - 0.5).astype(np.float32).T)
    soft = np.asarray(1 / (1 + np.exp(-shown)), np.float32)
    share = cv2.remap(soft, across_map, down_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # Beyond the picture the border goes on, so that a mask reaches it; beyond a crop there is nothing.
    inside = _is_known(places, view)
    values = np.where(inside, np.rint(share * 100), 0).astype(np.uint8)
    return Heatmap(values, left, top, right - left, bottom - top)


def _is_known(places: FloatArray, view: View) -> NDArray[np.bool_]:
    """Which of the samples (n, 2), crossed with themselves, lie in the crop or beyond a border of the picture."""
    left, top, right, bottom = view.crop_xyxy
    x, y = places.T
    across = ((x >= left) | (left == 0)) & ((x <= right) | (right == view.picture_width))
    down = ((y >= top) | (top == 0)) & ((y <= bottom) | (bottom == view.picture_height))
    known: NDArray[np.bool_] = across[None] & down[:, None]
    return known


def answer_of(logits: FloatMap, prompt: Prompt, view: View, *, score: float | None) -> Answer | None:
    """What the network says of the picture; None where it says nothing: no pixel, or no number."""
    if not np.isfinite(logits).all():
        return None
    heatmap = heatmap_of(without_specks(logits, prompt, view), view)
    if heatmap is None:
        return None
    rle = heatmap.at(HALF, height=view.picture_height, width=view.picture_width)
    return Answer(rle, heatmap, score) if rle_area(rle) else None
