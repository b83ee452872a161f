"""Simulated hands: where somebody clicks who sees the object and the mask so far.

Masks are [h,w] bool; points x, y are in units of their pixels, on pixel centres, so that [0.5, 0.5] is the first.
"""

import random

import cv2
import numpy as np


def next_click(target: np.ndarray, guess: np.ndarray, valid: np.ndarray | None = None):
    """The standard protocol: the centre of the largest error region -> x, y, whether it belongs; None without an error.

    The region is that with the largest inscribed circle, of what is missing or of what is too much.
    Source: SamsungLabs/ritm_interactive_segmentation, isegm/inference/clicker.py.
    """
    missing, wrong = target & ~guess, guess & ~target
    if valid is not None:
        missing, wrong = missing & valid, wrong & valid
    depths = [depth_of(missing), depth_of(wrong)]
    belongs = depths[0].max() >= depths[1].max()
    depth = depths[0] if belongs else depths[1]
    if depth.max() <= 0:
        return None
    y, x = np.unravel_index(np.argmax(depth), depth.shape)
    return x + 0.5, y + 0.5, bool(belongs)


def depth_of(region: np.ndarray) -> np.ndarray:
    """Distance of each pixel of a region to its outside; the picture's border is outside too."""
    if not region.any():
        return np.zeros(region.shape, np.float32)
    padded = np.pad(region, 1).astype(np.uint8)
    return cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]


def noisy_click(target: np.ndarray, guess: np.ndarray, rng: random.Random):
    """As next_click, but somewhere in the inner half of an error region, as people do; None without an error."""
    missing, wrong = depth_of(target & ~guess), depth_of(guess & ~target)
    most_missing, most_wrong = missing.max(), wrong.max()
    if max(most_missing, most_wrong) <= 0:
        return None
    belongs = rng.random() * (most_missing**2 + most_wrong**2) < most_missing**2
    depth = missing if belongs else wrong
    rows, columns = np.nonzero(depth >= depth.max() * rng.uniform(0.3, 1.0))
    at = rng.randrange(len(rows))
    return columns[at] + 0.5, rows[at] + 0.5, belongs


def iou(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union; 1 for two empty masks."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0


def spoil(mask: np.ndarray, rng: random.Random, low: float = 0.4, high: float = 0.9) -> np.ndarray:
    """A worse mask, of an IoU from `low` to `high`, as a detector or a hasty hand leaves it; else as it is."""
    best = mask
    for _ in range(12):
        worse = spoil_once(best if iou(best, mask) > high else mask, rng)
        value = iou(worse, mask)
        if low <= value <= high:
            return worse
        if value > high:
            best = worse
    return best


def spoil_once(mask: np.ndarray, rng: random.Random) -> np.ndarray:
    """One of: grown, shrunk, moved, coarse, a piece cut off, a piece added."""
    rows, columns = np.nonzero(mask)
    span = max(np.ptp(rows), np.ptp(columns)) + 1
    worse = np.ascontiguousarray(mask, np.uint8)
    kind = rng.choice(("grow", "shrink", "move", "coarse", "cut", "add", "add"))
    if kind in ("grow", "shrink"):
        radius = max(1, int(span * rng.uniform(0.02, 0.12)))
        shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        worse = (cv2.dilate if kind == "grow" else cv2.erode)(worse, shape)
    elif kind == "move":
        shift = np.float32([[1, 0, rng.uniform(-0.12, 0.12) * span], [0, 1, rng.uniform(-0.12, 0.12) * span]])
        worse = cv2.warpAffine(worse, shift, worse.shape[::-1], flags=cv2.INTER_NEAREST)
    elif kind == "coarse":
        cells = rng.randint(5, 20)
        small = cv2.resize(worse.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
        worse = cv2.resize(small, worse.shape[::-1], interpolation=cv2.INTER_LINEAR) > rng.uniform(0.3, 0.7)
    else:
        at = rng.randrange(len(rows))
        middle = (int(columns[at] + rng.gauss(0, 0.15) * span), int(rows[at] + rng.gauss(0, 0.15) * span))
        axes = tuple(max(1, int(span * rng.uniform(0.08, 0.4))) for _ in range(2))
        cv2.ellipse(worse, middle, axes, rng.uniform(0, 180), 0, 360, int(kind == "add"), -1)
    worse = worse > 0
    return worse if worse.any() else mask
