"""What another precision than f32 does to a network's answers, and to the processor's time.

    python -m tests.bench.bench_precision --model starter-person --images DIR [--precision bf16]

Prints JSON objects: what a picture takes in each precision, and how far the answers differ, from the lowest score that
is stored on and from the model's threshold on. For each object of f32 above a score: the same object in the other
precision is the one whose mask overlaps it most (by half at least, else it is lost). Boxes are compared in pixels of
the network's input.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from annotator.core.overlap import mask_iou
from annotator.prelabel import batch
from annotator.vision.networks.detector import Detections, Detector
from annotator.vision.pictures import decode
from annotator.vision.pictures.finding import find_pictures
from tests.bench.material import network


def quantiles(values: list[float], *shares: float) -> list[float]:
    return [round(float(value), 4) for value in np.quantile(values or [0.0], shares)]


def compared(
    pairs: list[tuple[Detections, Detections]], *, floor: float, input_size: tuple[int, int]
) -> dict[str, object]:
    scores, boxes, overlaps, objects = [], [], [], 0
    for exact, other in pairs:
        chosen = np.flatnonzero(exact.scores >= floor).tolist()
        objects += len(chosen)
        overlap = mask_iou(exact.masks(chosen), other.masks(range(len(other))))
        scale = np.tile([input_size[0] / exact.width, input_size[1] / exact.height], 2)
        for row, index in zip(overlap, chosen, strict=True):
            if row.max(initial=0.0) >= 0.5:
                same = int(row.argmax())
                overlaps.append(float(row[same]))
                scores.append(abs(float(exact.scores[index] - other.scores[same])))
                boxes.append(float(np.abs((exact.boxes_xyxy[index] - other.boxes_xyxy[same]) * scale).max()))
    return {
        "floor": floor,
        "objects": objects,
        "lost": objects - len(overlaps),
        "score_difference_50_95_99_100": quantiles(scores, 0.5, 0.95, 0.99, 1),
        "box_difference_50_95_99_100": quantiles(boxes, 0.5, 0.95, 0.99, 1),
        "mask_iou_0_1_5_50": quantiles(overlaps, 0, 0.01, 0.05, 0.5),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--precision", default="bf16")
    options = parser.parse_args()
    paths = find_pictures([options.images])
    answers: list[list[Detections]] = []
    with network(options.model) as info:
        for precision in ("f32", options.precision):
            detector = Detector(info, precision=precision)
            photos = ((None, decode.read(path)) for path in paths)
            cpu = time.process_time()
            answers.append([found for _, found in detector.stream(photos)])
            spent = (time.process_time() - cpu) / len(paths)
            print(json.dumps({"precision": precision, "cpu_ms_a_picture": round(spent * 1e3, 1)}), flush=True)
        pairs = list(zip(*answers, strict=True))
        for floor in (batch.SCORE_FLOOR, info.threshold):
            print(json.dumps(compared(pairs, floor=floor, input_size=detector.network.input_size)), flush=True)


if __name__ == "__main__":
    main()
