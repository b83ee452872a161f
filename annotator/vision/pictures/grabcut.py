"""A mask inside a box without a network: for categories that no network at hand knows.

Tests: tests/vision/pictures/test_grabcut.py
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from annotator.core.masks import Rle, window_to_rle
from annotator.vision.pictures.photo import Pixels

_CONTEXT = 0.25
"""How much of the box's size is looked at around it: GrabCut learns the background there."""

_LONG_SIDE = 320
"""The window is made this small first: GrabCut takes 20 ms then, and seconds on a whole photograph."""

_ROUNDS = 3


def grabcut_mask(pixels: Pixels, box_xyxy: Sequence[float]) -> Rle:
    """Foreground inside a box (image pixels) of a picture (H, W, 3); the whole box where GrabCut finds none.

    Source: Rother, Kolmogorov, Blake: GrabCut (2004), as cv2.grabCut.
    """
    height, width = pixels.shape[:2]
    x0, y0 = max(int(np.floor(box_xyxy[0])), 0), max(int(np.floor(box_xyxy[1])), 0)
    x1, y1 = min(int(np.ceil(box_xyxy[2])), width), min(int(np.ceil(box_xyxy[3])), height)
    if x0 >= x1 or y0 >= y1:
        return window_to_rle(np.zeros((1, 1), bool), left=0, top=0, height=height, width=width)
    pad_x, pad_y = int((x1 - x0) * _CONTEXT) + 2, int((y1 - y0) * _CONTEXT) + 2
    left, top = max(x0 - pad_x, 0), max(y0 - pad_y, 0)
    window = pixels[top : min(y1 + pad_y, height), left : min(x1 + pad_x, width)]
    scale = min(_LONG_SIDE / max(window.shape[:2]), 1.0)
    size = max(round(window.shape[1] * scale), 1), max(round(window.shape[0] * scale), 1)
    small = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
    labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    rows = slice(int((y0 - top) * scale), max(int(np.ceil((y1 - top) * scale)), 1))
    columns = slice(int((x0 - left) * scale), max(int(np.ceil((x1 - left) * scale)), 1))
    labels[rows, columns] = cv2.GC_PR_FGD
    try:
        cv2.grabCut(small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
        found = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    except cv2.error:  # too few pixels, or all alike: there is nothing to tell apart
        found = np.zeros(small.shape[:2], bool)
    whole = cv2.resize(found.astype(np.uint8), (window.shape[1], window.shape[0]), interpolation=cv2.INTER_LINEAR)
    inside = whole[y0 - top : y1 - top, x0 - left : x1 - left] > 0
    mask = inside if inside.any() else np.ones_like(inside)
    return window_to_rle(mask, left=x0, top=y0, height=height, width=width)
