"""What a click says by its place alone, added to a network's answer.

People click into the middle of what is wrong. So a click off the earlier mask speaks for the part around it, about as
far as the mask's border is away. A small network takes that too lightly; and a click that changes nothing at its own
place would be lost.

Tests: tests/vision/networks/prompts/test_following.py
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.prompt import Point, Prompt
from annotator.vision.networks.prompts.view import FloatMap, View

FARTHEST = 20.0
"""Cells around a click that it speaks for, at most."""

MARGIN = 0.1
"""Logit beyond zero at the place of every click."""

AT_A_CLICK = 1.5
"""Cells: how wide a place is that obeys a click."""


def follow_clicks(logits: FloatMap, prompt: Prompt, view: View, *, earlier: FloatMap | None, push: float) -> FloatMap:
    """Logits (s, s) pushed by the last click, if an earlier mask (logits of that size) is wrong there, and then at the
    place of each click to its side of zero.

    push: by how much at the click itself; it falls off as a bell does.
    """
    side, moved = len(logits), logits.astype(np.float64)
    clicks = [(point, place) for point in prompt.points if (place := _cell(point, view, side)) is not None]
    if clicks and earlier is not None and clicks[-1][0] is prompt.points[-1]:
        last, (x, y) = clicks[-1]
        wrong = (earlier <= 0) if last.belongs else (earlier > 0)
        if wrong[y, x]:
            depth = cv2.distanceTransform(wrong.astype(np.uint8), cv2.DIST_L2, 3)[y, x]
            moved += _sign(last) * push * _bell(x, y, spread=min(max(depth, 1.0), FARTHEST), side=side)
    for point, (x, y) in clicks:
        lacking = MARGIN - _sign(point) * moved[y, x]
        if lacking > 0:
            moved += _sign(point) * lacking * _bell(x, y, spread=AT_A_CLICK, side=side)
    return moved.astype(np.float32)


def change_there_alone(logits: FloatMap, prompt: Prompt, view: View, *, earlier: FloatMap) -> FloatMap:
    """Logits (s, s) that differ from an earlier mask's only in what hangs together with the last click.

    Only where the click says that the mask is wrong there: a box may change all of it.
    Source: the progressive merge of FocalClick (arXiv 2204.02574).
    """
    place = _cell(prompt.points[-1], view, len(logits)) if prompt.points else None
    if place is None:
        return logits
    x, y = place
    changed = (earlier > 0) != (logits > 0)
    if not changed[y, x]:
        return logits
    _, parts = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    return np.where(changed & (parts != parts[y, x]), earlier, logits).astype(np.float32)


def _cell(point: Point, view: View, side: int) -> tuple[int, int] | None:
    """Column and row of the cell in which a point lies; None beside the crop."""
    x, y = view.to_canvas(np.array([[point.x, point.y]]))[0] * side / view.side
    columns, rows = view.cells(side)
    # A point may lie on the picture's right or lower border.
    return (min(int(x), columns - 1), min(int(y), rows - 1)) if 0 <= x <= columns and 0 <= y <= rows else None


def _sign(point: Point) -> int:
    return 1 if point.belongs else -1


def _bell(x: int, y: int, *, spread: float, side: int) -> NDArray[np.float64]:
    across, down = (np.exp(-((np.arange(side) - place) ** 2) / (2 * spread**2)) for place in (x, y))
    bell: NDArray[np.float64] = down[:, None] * across
    return bell
