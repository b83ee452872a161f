"""Heatmaps to COCO RLE: from their own region, against pasting on a full frame and encoding that.

    python tests/bench/bench_masks.py [--instances 100] [--rounds 7]

Prints a row for each picture size: medians of one run, and their ratio. Both ways give the same bytes: it is checked.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from annotator.core.masks import heatmap_to_rle

SIZES = ((640, 480), (1920, 1080), (4000, 3000))


def full_frame(heatmap, box, height, width):
    """The reference paste on a whole picture, then pycocotools' encoder."""
    size = heatmap.shape[0]
    padded = np.pad(heatmap, 1)
    scale = (size + 2) / size
    half_w, half_h = (box[2] - box[0]) / 2 * scale, (box[3] - box[1]) / 2 * scale
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    x0, y0 = int(middle_x - half_w), int(middle_y - half_h)
    x1, y1 = int(middle_x + half_w), int(middle_y + half_h)
    w, h = max(x1 - x0 + 1, 1), max(y1 - y0 + 1, 1)
    mask = cv2.resize(padded, (w, h)) > 0.5
    frame = np.zeros((height, width), np.uint8)
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1 + 1, width), min(y1 + 1, height)
    frame[top:bottom, left:right] = mask[top - y0 : bottom - y0, left - x0 : right - x0]
    return coco_mask.encode(np.asfortranarray(frame))["counts"].decode()


def made_up(count, width, height):
    """Blobs like a network's heatmaps, with boxes of 5 to 35 % of the sides."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:28, :28] / 28 - 0.5
    blob = 0.7 / (1 + np.exp(8 * (np.hypot(x, y) - 0.4)))
    rough = [cv2.resize(random.random((5, 5)), (28, 28), interpolation=cv2.INTER_CUBIC) for _ in range(count)]
    corners = random.uniform([0, 0], [width * 0.8, height * 0.8], (count, 2))
    boxes = np.hstack([corners, corners + random.uniform(0.05, 0.35, (count, 2)) * [width, height]])
    return [(blob + 0.3 * item).astype(np.float32) for item in rough], boxes.tolist()


def median_ms(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for width, height in SIZES:
        heatmaps, boxes = made_up(options.instances, width, height)
        pairs = list(zip(heatmaps, boxes, strict=True))

        def region(pairs=pairs, height=height, width=width):
            return [heatmap_to_rle(heatmap, box, height=height, width=width).counts for heatmap, box in pairs]

        def frame(pairs=pairs, height=height, width=width):
            return [full_frame(heatmap, box, height, width) for heatmap, box in pairs]

        assert region() == frame()
        ours, theirs = median_ms(region, options.rounds), median_ms(frame, options.rounds)
        print(f"{width}x{height}: {ours:8.1f} ms against {theirs:8.1f} ms, {theirs / ours:5.1f} times")


if __name__ == "__main__":
    main()
