"""Give people who have only a box a mask of the present model's own, for train.py to learn from at a lower weight.

Each box is asked about in four views of its picture: as it is, mirrored, and both a quarter smaller. What the views
agree on becomes the mask, and how far they agree becomes the annotation's `guessed`, 0..1. Boxes on which they agree
too little, or too small to judge, stay without a mask.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from data import PAD
from evaluate import Detector, paste

SMALLER = 1.25  # the second size: the picture laid on a canvas this much larger
LEAST_SIDE = 8.0  # px of the picture
LEAST_AGREEMENT = 0.7  # soft IoU of the views
FINER = 4  # people of ten pixels need their outlines finer than those


def views(picture: np.ndarray, boxes: np.ndarray):
    """Pictures, their boxes, and whether each is mirrored; boxes [n,4] in picture pixels."""
    height, width = picture.shape[:2]
    for scale in (1.0, SMALLER):
        laid = np.full((round(height * scale), round(width * scale), 3), PAD, np.uint8)
        laid[:height, :width] = picture
        yield laid, boxes, False
        mirrored = boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [width, 0, width, 0]
        laid = laid.copy()
        laid[:height, :width] = picture[:, ::-1]
        yield laid, mirrored, True


def agreement(heatmaps: np.ndarray) -> np.ndarray:
    """Heatmaps [views,n,s,s] -> the sum of the cells' lowest shares by the sum of their highest, [n]."""
    return heatmaps.min(0).sum((1, 2)) / np.maximum(heatmaps.max(0).sum((1, 2)), 1e-6)


def guess(detector: Detector, picture: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-> heatmaps [n,28,28] and agreement [n]."""
    answers = []
    for laid, asked, mirrored in views(picture, boxes):
        heatmaps = detector.masks_of(laid, asked)
        answers.append(heatmaps[:, :, ::-1] if mirrored else heatmaps)
    return np.mean(answers, 0), agreement(np.stack(answers))


def outline(heatmap: np.ndarray, box: np.ndarray, height: int, width: int) -> list[list[float]]:
    """Polygons x0, y0, x1, y1, ... around the heatmap's parts, drawn FINER times as fine as the picture's pixels."""
    mask = paste(heatmap, box * FINER, height * FINER, width * FINER)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [((contour.reshape(-1) + 0.5) / FINER).round(2).tolist() for contour in contours if len(contour) > 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model.xml")
    parser.add_argument("--annotations", type=Path, required=True, help="COCO file; people without a mask have null")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the COCO file with masks guessed")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    cv2.setNumThreads(1)

    coco = json.loads(args.annotations.read_text())
    detector = Detector(args.model, args.threads)
    asked_of: dict[int, list[dict]] = {}
    for annotation in coco["annotations"]:
        open_question = annotation.get("segmentation") is None and not annotation.get("iscrowd")
        if open_question and min(annotation["bbox"][2:]) >= LEAST_SIDE:
            asked_of.setdefault(annotation["image_id"], []).append(annotation)
    guessed = 0
    for image in coco["images"]:
        asked = asked_of.get(image["id"], [])
        if not asked:
            continue
        picture = cv2.imread(str(args.images / image["file_name"]), cv2.IMREAD_COLOR)
        height, width = picture.shape[:2]
        boxes = np.float64([annotation["bbox"] for annotation in asked])
        boxes[:, 2:] += boxes[:, :2]
        for annotation, box, heatmap, share in zip(asked, boxes, *guess(detector, picture, boxes), strict=True):
            rings = outline(heatmap, box, height, width)
            if share < LEAST_AGREEMENT or not rings:
                continue
            annotation["segmentation"] = rings
            annotation["guessed"] = round(float(share), 3)
            guessed += 1
    args.out.write_text(json.dumps(coco))
    print(f"{sum(map(len, asked_of.values()))} people asked about, {guessed} given a mask")


if __name__ == "__main__":
    main()
