"""Measure an exported model: COCO box and mask AP, mask IoU given the box, precision and recall, speed.

`--held-out N` measures on the N pictures that train.py held out of its annotation file, and fits the calibration of the
scores; without it every picture of the file is measured.
"""

import argparse
import contextlib
import io
import json
import time
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
from data import PAD, held_out
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annotator.core.geometry import crop_around

NAMES = ("AP", "AP50", "AP75", "small", "medium", "large")
SMALL, LARGE = 32**2, 96**2  # COCO's areas, in pixels of the picture
JITTER = 0.1  # share of the box by which each side moves at most, as when somebody draws it in haste


class Detector:
    """An exported model in f32, whole and cut at its boxes."""

    def __init__(self, path: Path, threads: int):
        core = ov.Core()
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        self.whole = core.compile_model(core.read_model(path), "CPU", settings)
        self.cut = core.compile_model(cut_at_boxes(core.read_model(path)), "CPU", settings)
        self.height, self.width = self.whole.input("image").shape[2:]
        self.seconds: list[float] = []  # of inference, per picture

    def lay(self, picture: np.ndarray):
        """Picture [h,w,3] -> canvas [1,3,H,W] f32 by the rule "fit", and input pixels per picture pixel in x and y."""
        high, wide = picture.shape[:2]
        scale = min(self.width / wide, self.height / high)
        inside = min(max(int(scale * wide), 1), self.width), min(max(int(scale * high), 1), self.height)
        canvas = np.full((self.height, self.width, 3), PAD, np.uint8)
        canvas[: inside[1], : inside[0]] = cv2.resize(picture, inside, interpolation=cv2.INTER_LINEAR)
        return canvas.transpose(2, 0, 1)[None].astype(np.float32), np.float64([inside[0] / wide, inside[1] / high] * 2)

    def detect(self, picture: np.ndarray):
        """-> boxes [n,4] in picture pixels, scores [n], heatmaps [n,28,28]."""
        canvas, scale = self.lay(picture)
        start = time.perf_counter()
        found = self.whole({"image": canvas})
        self.seconds.append(time.perf_counter() - start)
        return found["boxes"][:, :4] / scale, found["boxes"][:, 4], found["masks"]

    def masks_of(self, picture: np.ndarray, boxes: np.ndarray):
        """Heatmaps [n,28,28] for boxes [n,4] in picture pixels."""
        canvas, scale = self.lay(picture)
        rois = np.concatenate([boxes * scale, np.ones((len(boxes), 1))], 1).astype(np.float32)
        return self.cut({"image": canvas, "rois": rois})["masks"]

    def close_masks_of(self, picture: np.ndarray, boxes: np.ndarray, far: np.ndarray):
        """The same as the app has them: from the crop around a box where that shows more, else those of `far`."""
        heatmaps = far.copy()
        size, asked = picture.shape[1::-1], (self.width, self.height)
        for number, box in enumerate(boxes):
            crop = crop_around(box.tolist(), image_size=size, input_size=asked)
            if crop is not None:
                left, top, right, bottom = crop
                heatmaps[number] = self.masks_of(picture[top:bottom, left:right], (box - [left, top] * 2)[None])[0]
        return heatmaps


def cut_at_boxes(model: ov.Model) -> ov.Model:
    """The same graph with a second input `rois` [n,5] in place of its own boxes; answers with the masks only."""
    rois = ov.opset13.parameter([-1, 5], np.float32, "rois")
    rois.output(0).get_tensor().set_names({"rois"})
    for target in model.output("boxes").get_node().input_value(0).get_target_inputs():
        if target.get_node().get_type_name() != "Result":
            target.replace_source_output(rois.output(0))
    return ov.Model([model.output("masks").get_node()], [*model.get_parameters(), rois])


def paste(heatmap: np.ndarray, box: np.ndarray, height: int, width: int) -> np.ndarray:
    """Heatmap over its box -> mask [height,width] uint8. Source: the accuracy checker's paste of the Open Model Zoo."""
    mask = np.zeros((height, width), np.uint8)
    padded = np.pad(heatmap, 1)
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * (padded.shape[0] / heatmap.shape[0])
    x0, y0, x1, y1 = (int(v) for v in (*(middle - half), *(middle + half)))
    drawn = cv2.resize(padded, (max(x1 - x0 + 1, 1), max(y1 - y0 + 1, 1)), interpolation=cv2.INTER_LINEAR) > 0.5
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1 + 1, width), min(y1 + 1, height)
    if right > left and bottom > top:
        mask[top:bottom, left:right] = drawn[top - y0 : bottom - y0, left - x0 : right - x0]
    return mask


def detections_of(detector: Detector, coco: COCO, folder: Path) -> tuple[list[dict], np.ndarray]:
    """COCO results for every picture, and for every true box: area, IoU of the mask given the box, given it moved, and
    both again as the app has them."""
    results, overlaps, rng = [], [], np.random.default_rng(0)
    for image in coco.dataset["images"]:
        picture = cv2.imread(str(folder / image["file_name"]), cv2.IMREAD_COLOR)
        height, width = picture.shape[:2]
        for box, score, heatmap in zip(*detector.detect(picture), strict=True):
            mask = coco_mask.encode(np.asfortranarray(paste(heatmap, box, height, width)))
            x0, y0, x1, y1 = (float(v) for v in box)
            row = {"image_id": image["id"], "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0]}
            results.append(row | {"score": float(score), "segmentation": mask})
        true = [a for a in coco.imgToAnns[image["id"]] if a["category_id"] == 1 and not a["iscrowd"]]
        boxes = np.float64([a["bbox"] for a in true]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        moved = boxes + np.tile(boxes[:, 2:] - boxes[:, :2], 2) * rng.uniform(-JITTER, JITTER, boxes.shape)
        asked = np.concatenate([boxes, np.clip(moved, 0, [width, height] * 2)])
        far = detector.masks_of(picture, asked)
        answers = [
            coco_mask.encode(np.asfortranarray(paste(heatmap, box, height, width)))
            for heatmaps in (far, detector.close_masks_of(picture, asked, far))
            for box, heatmap in zip(asked, heatmaps, strict=True)
        ]
        for number, annotation in enumerate(true):
            given = answers[number :: len(true)]
            overlaps.append((annotation["area"], *coco_mask.iou(given, [coco.annToRLE(annotation)], [0])[:, 0]))
    return results, np.float64(overlaps).reshape(-1, 5)


def average_precision(coco: COCO, results: list[dict], kind: str) -> COCOeval:
    """pycocotools' verdict on one category; `kind` is "bbox" or "segm"."""
    with contextlib.redirect_stdout(io.StringIO()):
        # loadRes takes the area from the first kind it finds, so masks get results without boxes.
        rows = [{k: v for k, v in row.items() if kind == "bbox" or k != "bbox"} for row in results]
        verdict = COCOeval(coco, coco.loadRes(rows), kind)
        verdict.params.catIds = [1]
        verdict.evaluate()
        verdict.accumulate()
        verdict.summarize()
    return verdict


def matches(verdict: COCOeval) -> tuple[np.ndarray, np.ndarray, int]:
    """At IoU 0.5 over all sizes: scores, whether each detection is right, and the number of true boxes."""
    scores, right, total = [], [], 0
    for row in verdict.evalImgs[: len(verdict.params.imgIds)]:  # the first block holds the area range "all"
        if row is None:
            continue
        counted = ~row["dtIgnore"][0].astype(bool)
        scores.extend(np.array(row["dtScores"])[counted])
        right.extend(row["dtMatches"][0][counted] > 0)
        total += int((~row["gtIgnore"].astype(bool)).sum())
    return np.array(scores), np.array(right, bool), total


def calibrate(scores: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and shift of the logit that make the score the chance of being right (Platt scaling, Newton's method)."""
    logits = np.log(scores / (1 - scores))
    features = np.stack([logits, np.ones_like(logits)], 1)
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-features @ weights))
        gradient = features.T @ (chance - right)
        hessian = (features * (chance * (1 - chance))[:, None]).T @ features + 1e-6 * np.eye(2)
        weights -= np.linalg.solve(hessian, gradient)
    return float(weights[0]), float(weights[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="model.xml")
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    content = json.loads(args.annotations.read_text())
    if args.held_out:
        keep = held_out(content["images"], args.held_out)
        content["images"] = [image for image in content["images"] if image["id"] in keep]
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] in keep]
    for annotation in content["annotations"]:
        if annotation["segmentation"] is None:  # a crowd without a mask: its box, so that pycocotools can ignore by it
            x, y, width, height = annotation["bbox"]
            annotation["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    coco = COCO()
    coco.dataset = content
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()

    detector = Detector(args.model, args.threads)
    results, overlaps = detections_of(detector, coco, args.images)
    boxes = average_precision(coco, results, "bbox")
    masks = average_precision(coco, results, "segm")
    print(f"{len(content['images'])} pictures, {len(results)} detections, {detector.height}x{detector.width}")
    for kind, verdict in (("box ", boxes), ("mask", masks)):
        print(kind, *(f"{name} {value * 100:.1f}" for name, value in zip(NAMES, verdict.stats, strict=False)))
    area = overlaps[:, 0]
    ranges = (("small", area < SMALL), ("medium", (area >= SMALL) & (area < LARGE)), ("large", area >= LARGE))
    for how, (exact, moved) in (("from the whole picture", overlaps.T[1:3]), ("as the app has it", overlaps.T[3:5])):
        print(f"mask IoU given the true box, {how}: {exact.mean():.3f}; each side moved by up to {JITTER:.0%}", end=" ")
        print(f"{moved.mean():.3f}; by size:", end=" ")
        print(*(f"{name} {exact[part].mean():.3f} of {part.sum()}" for name, part in ranges if part.any()))
    scores, right, total = matches(boxes)
    best = (0.0, 0.0)
    for threshold in np.arange(0.05, 0.96, 0.05):
        kept = scores >= threshold
        precision, recall = right[kept].mean() if kept.any() else 1.0, right[kept].sum() / total
        f1 = 2 * precision * recall / (precision + recall + 1e-9)
        best = max(best, (f1, threshold))
        near = (scores >= threshold) & (scores < threshold + 0.05)
        share = f"{right[near].mean():.2f} of {near.sum()}" if near.any() else "-"
        print(f"score >= {threshold:.2f}: precision {precision:.2f} recall {recall:.2f} F1 {f1:.3f}; here {share}")
    print(f"best F1 {best[0]:.3f} at {best[1]:.2f}")
    slope, shift = calibrate(scores, right)
    print(f"calibration: --slope {slope:.4f} --shift {shift:.4f} on top of the model's own")
    print(f"{np.median(detector.seconds) * 1000:.1f} ms a picture (median), {args.threads} threads")


if __name__ == "__main__":
    main()
