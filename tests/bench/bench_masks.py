"""Heatmaps to COCO RLE: all of a picture at once from their own regions, against masks as large as the picture.

    python -m tests.bench.bench_masks [--instances 100] [--rounds 7]

Prints a row for each picture size: medians of one run, in ms, and their ratios, of which the first is against what
openvino-model-api's wrapper does after the network, followed by pycocotools' encoder, and the second against the
reference paste on a whole picture, encoded in turn. That one gives the same bytes as ours: it is checked.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from annotator.core.paste import heatmaps_to_rles

SIZES = ((640, 480), (1920, 1080), (4000, 3000))


def pasted(heatmap, box, height, width):
    """The reference paste on a whole picture: (height, width) of 0 and 1."""
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
    return frame


def encoded(frame):
    return coco_mask.encode(np.asfortranarray(frame))["counts"].decode()


def wrapped(heatmaps, boxes, height, width):
    """As the wrapper works: boxes rounded and clipped, all masks in one array, then encoded by its user.

    Source: InstanceSegmentationModel.postprocess of openvino-model-api 0.4.7.
    """
    whole = np.clip(np.around(boxes), 0, [width, height, width, height]).astype(np.int32)
    masks = np.stack([pasted(*pair, height, width) for pair in zip(heatmaps, whole, strict=True)])
    return [encoded(mask) for mask in masks]


def made_up(count, width, height):
    """Blobs like a network's heatmaps, with boxes of 5 to 35 % of the sides."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:28, :28] / 28 - 0.5
    blob = 0.7 / (1 + np.exp(8 * (np.hypot(x, y) - 0.4)))
    rough = [cv2.resize(random.random((5, 5)), (28, 28), interpolation=cv2.INTER_CUBIC) for _ in range(count)]
    corners = random.uniform([0, 0], [width * 0.8, height * 0.8], (count, 2))
    boxes = np.hstack([corners, corners + random.uniform(0.05, 0.35, (count, 2)) * [width, height]])
    return np.stack([(blob + 0.3 * item).astype(np.float32) for item in rough]), boxes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for width, height in SIZES:
        heatmaps, boxes = made_up(options.instances, width, height)

        def ours(heatmaps=heatmaps, boxes=boxes, height=height, width=width):
            return [rle.counts for rle in heatmaps_to_rles(heatmaps, boxes, height=height, width=width)]

        def wrapper(heatmaps=heatmaps, boxes=boxes, height=height, width=width):
            return wrapped(heatmaps, boxes, height, width)

        def frames(heatmaps=heatmaps, boxes=boxes, height=height, width=width):
            return [encoded(pasted(*pair, height, width)) for pair in zip(heatmaps, boxes, strict=True)]

        assert ours() == frames()
        times: dict[str, list[float]] = {"ours": [], "wrapper": [], "frames": []}
        # By turns, so that what else the machine does falls on all of them.
        for _ in range(options.rounds):
            for name, work in (("ours", ours), ("wrapper", wrapper), ("frames", frames)):
                began = time.perf_counter()
                work()
                times[name].append((time.perf_counter() - began) * 1e3)
        medians = {name: statistics.median(values) for name, values in times.items()}
        ratios = [medians[name] / medians["ours"] for name in ("wrapper", "frames")]
        print(
            f"{width}x{height}: {medians['ours']:6.1f} ms; wrapper {medians['wrapper']:8.1f} ({ratios[0]:.1f} times), "
            f"full frames {medians['frames']:8.1f} ({ratios[1]:.1f} times)"
        )


if __name__ == "__main__":
    main()
