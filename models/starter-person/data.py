"""Pictures and annotations in memory, cut into training samples.

The annotation file is COCO. Beyond it, an image may say `complete: false` (some people have a box but no mask) and an
annotation may have `segmentation: null`, or a mask of a network's own with its trust in it (`guessed`, see guess.py).
Crowds (`iscrowd: 1`) become ignore regions: no cell in them is taught anything.
"""

import hashlib
import json
import math
import queue
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from network import MASK_SIZE
from pycocotools import mask as coco_mask

PAD = 0  # grey value of the padding, in training as in model.toml
SIDE = 320  # long side to which pictures are held in memory
ROIS = 8  # boxes per picture that teach the mask head
GUESS_WEIGHT = 0.5  # of a guessed mask in which its network had full trust; a true one has 1
MOVED = (0.02, 0.06)  # standard deviation by which the sides of such a box move, as shares of its sides
MOST_TURNED = math.radians(15)


@dataclass
class Picture:
    """One picture in memory; coordinates are in its own pixels."""

    pixels: np.ndarray  # [h,w,3] uint8 BGR
    boxes: np.ndarray  # [n,4] x0,y0,x1,y1
    polygons: list  # per box: a list of [k,2] arrays, empty where there is no mask
    weights: list  # per box: how much its mask counts, 1 for a true one
    crowds: np.ndarray  # [m,4]


@dataclass
class Sample:
    """One training canvas; coordinates are in canvas pixels."""

    pixels: np.ndarray
    boxes: list = field(default_factory=list)
    polygons: list = field(default_factory=list)
    weights: list = field(default_factory=list)
    covers: list = field(default_factory=list)  # per box: polygons of what was pasted in front of it
    ignored: list = field(default_factory=list)


def held_out(images: list[dict], count: int) -> set[int]:
    """Ids of the validation pictures: the fully annotated ones with the smallest hash, so always the same.

    `count` of them, or a fifth of the file where that is less.
    """
    complete = [image["id"] for image in images if image.get("complete", True)]
    count = min(count, len(images) // 5)
    return set(sorted(complete, key=lambda i: hashlib.sha256(str(i).encode()).hexdigest())[:count])


def rings_of(segmentation, height: int, width: int) -> list[np.ndarray]:
    """COCO segmentation -> polygons [k,2]; run lengths become their outer contours, null becomes no polygon."""
    if segmentation is None:
        return []
    if isinstance(segmentation, list):
        return [np.float32(ring).reshape(-1, 2) for ring in segmentation]
    if isinstance(segmentation["counts"], list):
        segmentation = coco_mask.frPyObjects(segmentation, height, width)
    contours, _ = cv2.findContours(coco_mask.decode(segmentation), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [contour.reshape(-1, 2).astype(np.float32) + 0.5 for contour in contours if len(contour) > 2]


def as_boxes(rows: list) -> np.ndarray:
    return np.float32(rows).reshape(-1, 4)


def load(annotations: Path, folder: Path, validation: int, category: int = 1) -> list[Picture]:
    """Read every picture that is not held out for validation, scaled down to SIDE where it is larger."""
    coco = json.loads(annotations.read_text())
    skip = held_out(coco["images"], validation)
    by_image: dict[int, list[dict]] = {}
    for annotation in coco["annotations"]:
        if annotation["category_id"] == category:
            by_image.setdefault(annotation["image_id"], []).append(annotation)
    pictures = []
    for image in coco["images"]:
        if image["id"] in skip:
            continue
        pixels = cv2.imread(str(folder / image["file_name"]), cv2.IMREAD_COLOR)
        if pixels is None:
            raise SystemExit(f"{folder / image['file_name']}: cannot be read")
        height, width = pixels.shape[:2]
        scale = min(1.0, SIDE / max(height, width))
        if scale < 1.0:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        boxes, polygons, weights, crowds = [], [], [], []
        for annotation in by_image.get(image["id"], []):
            x, y, wide, high = annotation["bbox"]
            box = [x * scale, y * scale, (x + wide) * scale, (y + high) * scale]
            if annotation.get("iscrowd"):
                crowds.append(box)
                continue
            boxes.append(box)
            polygons.append([ring * scale for ring in rings_of(annotation.get("segmentation"), height, width)])
            weights.append(GUESS_WEIGHT * annotation["guessed"] if "guessed" in annotation else 1.0)
        pictures.append(Picture(pixels, as_boxes(boxes), polygons, weights, as_boxes(crowds)))
    return pictures


def can_turn(picture: Picture) -> bool:
    """Whether every person has a true outline: a turned box alone would no longer fit its person."""
    return all(picture.polygons) and all(weight == 1 for weight in picture.weights) and not len(picture.crowds)


def place(
    picture: Picture,
    sample: Sample,
    region: tuple[int, int, int, int],
    scale: float,
    rng: random.Random,
    turned: float = 0.0,
):
    """Draw the picture into a region of the canvas at about `scale`, mirrored half the time, with its annotations.

    `turned` in radians, around its middle; only for a picture that can_turn.
    """
    left, top, right, bottom = region
    factor = np.float64([scale * math.exp(rng.uniform(-0.1, 0.1)), scale * math.exp(rng.uniform(-0.1, 0.1))])
    extent = np.float64(picture.pixels.shape[1::-1])
    spare = [right - left, bottom - top] - extent * factor
    middle = extent * factor / 2 + [rng.uniform(min(0, value), max(0, value)) for value in spare]
    if rng.random() < 0.5:
        factor[0] = -factor[0]
    turn = np.float64([[math.cos(turned), -math.sin(turned)], [math.sin(turned), math.cos(turned)]]) * factor
    shift = middle - turn @ (extent / 2)
    # warpAffine works on pixel centres, annotations on pixel edges: half a pixel apart on either side.
    centre = shift + turn @ [0.5, 0.5] - 0.5
    sample.pixels[top:bottom, left:right] = cv2.warpAffine(
        picture.pixels,
        np.column_stack([turn, centre]),
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR,
        borderValue=(PAD, PAD, PAD),
    )

    def moved(points):
        return (points @ turn.T + shift + [left, top]).astype(np.float32)

    def moved_boxes(boxes):
        corners = moved(boxes.reshape(-1, 2, 2))
        return np.concatenate([corners.min(1), corners.max(1)], 1)

    def seen_of(boxes):
        return np.clip(boxes, [left, top, left, top], [right, bottom, right, bottom])

    polygons = [[moved(ring) for ring in rings] for rings in picture.polygons]
    full = as_boxes([bounds(rings) for rings in polygons]) if turned else moved_boxes(picture.boxes)
    for index, (whole, seen) in enumerate(zip(full, seen_of(full), strict=True)):
        width, height = seen[2:] - seen[:2]
        if width < 1 or height < 1:
            continue
        share = width * height / ((whole[2] - whole[0]) * (whole[3] - whole[1]))
        if share < 0.25 or min(width, height) < 2.5:  # too little is left to ask for it, or to punish it
            sample.ignored.append(seen)
            continue
        sample.boxes.append(seen)
        sample.polygons.append(polygons[index])
        sample.weights.append(picture.weights[index])
        sample.covers.append([])
    crowds = seen_of(moved_boxes(picture.crowds))
    sample.ignored.extend(box for box in crowds if (box[2:] - box[:2]).min() >= 1)


def bounds(rings: list[np.ndarray]) -> np.ndarray:
    points = np.concatenate(rings)
    return np.concatenate([points.min(0), points.max(0)])


def paste_person(picture: Picture, index: int, sample: Sample, rng: random.Random):
    """Cut a person out along the polygon and put them in front of whatever the canvas holds, at a random place."""
    size = sample.pixels.shape[0]
    x0, y0 = np.maximum(np.floor(picture.boxes[index, :2]), 0).astype(int)
    x1, y1 = np.ceil(picture.boxes[index, 2:]).astype(int)
    patch = picture.pixels[y0:y1, x0:x1]
    shape = np.zeros(patch.shape[:2], np.uint8)
    rings = [ring - np.float32([x0, y0]) for ring in picture.polygons[index]]
    for ring in rings:
        cv2.fillPoly(shape, [np.round((ring - 0.5) * 256).astype(np.int32)], 255, shift=8)
    scale = math.exp(rng.uniform(math.log(0.5), math.log(1.5))) * size / SIDE
    scale = min(scale, 0.9 * size / max(patch.shape[:2]))
    width, height = (max(3, round(side * scale)) for side in (patch.shape[1], patch.shape[0]))
    factor = np.float32([width / patch.shape[1], height / patch.shape[0]])
    patch, shape = cv2.resize(patch, (width, height)), cv2.resize(shape, (width, height))
    rings = [ring * factor for ring in rings]
    if rng.random() < 0.5:
        patch, shape = patch[:, ::-1], shape[:, ::-1]
        rings = [ring * np.float32([-1, 1]) + np.float32([width, 0]) for ring in rings]
    left, top = rng.randint(0, size - width), rng.randint(0, size - height)
    rings = [ring + np.float32([left, top]) for ring in rings]
    region = sample.pixels[top : top + height, left : left + width]
    share = shape[..., None].astype(np.float32) / 255
    region[:] = np.round(region * (1 - share) + patch * share)

    hidden = np.zeros((size, size), np.uint8)
    hidden[top : top + height, left : left + width] = shape > 127
    for number in reversed(range(len(sample.boxes))):
        seen = sample.boxes[number]
        a, b, c, d = (round(float(v)) for v in seen)
        if hidden[b:d, a:c].sum() > 0.4 * (c - a) * (d - b):  # hardly anything of this person is left
            sample.ignored.append(seen)
            for rows in (sample.boxes, sample.polygons, sample.weights, sample.covers):
                del rows[number]
        else:
            sample.covers[number].extend(rings)
    sample.boxes.append(np.clip(bounds(rings), 0, size))
    sample.polygons.append(rings)
    sample.weights.append(1.0)
    sample.covers.append([])


def colour(pixels: np.ndarray, rng: random.Random) -> np.ndarray:
    """Random brightness, contrast, tint and gamma through one table per channel; now and then grey."""
    if rng.random() < 0.05:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    ramp = np.linspace(0, 1, 256, dtype=np.float32)
    gain, gamma, shift = rng.uniform(0.7, 1.3), math.exp(rng.uniform(-0.3, 0.3)), rng.uniform(-0.1, 0.1)
    table = np.empty((1, 256, 3), np.uint8)
    for channel in range(3):
        curve = (ramp**gamma - 0.5) * gain * rng.uniform(0.88, 1.12) + 0.5 + shift
        table[0, :, channel] = np.clip(curve * 255, 0, 255)
    return cv2.LUT(pixels, table)


def sharpness(pixels: np.ndarray, rng: random.Random) -> np.ndarray:
    """Half the time softer or sharper: the training pictures are small, those of users have all their detail."""
    if rng.random() < 0.5:
        return pixels
    amount = rng.uniform(-0.9, 1.2)
    soft = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.6, 1.4))
    return cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0)


def cuttable(pictures: list[Picture]) -> list[tuple[Picture, int]]:
    """The people that paste_person can use: with a true polygon, and large enough to be seen."""
    return [
        (picture, index)
        for picture in pictures
        for index, rings in enumerate(picture.polygons)
        if rings and picture.weights[index] == 1 and (picture.boxes[index, 2:] - picture.boxes[index, :2]).min() > 12
    ]


def make_sample(pictures, donors, index: int, size: int, mosaic: bool, pasted: int, rng: random.Random) -> Sample:
    """One canvas of size x size: a picture alone, or four pictures around a random cross; `pasted` people in front."""
    sample = Sample(np.full((size, size, 3), PAD, np.uint8))
    if mosaic:
        x, y = int(rng.uniform(0.3, 0.7) * size), int(rng.uniform(0.3, 0.7) * size)
        regions = [(0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size)]
        for number, region in enumerate(regions):
            picture = pictures[index] if number == 0 else rng.choice(pictures)
            place(picture, sample, region, math.exp(rng.uniform(math.log(0.45), math.log(1.3))) * size / SIDE, rng)
    else:
        scale = math.exp(rng.uniform(math.log(0.7), math.log(1.9)))
        turned = rng.uniform(-MOST_TURNED, MOST_TURNED) if can_turn(pictures[index]) else 0.0
        place(pictures[index], sample, (0, 0, size, size), scale * size / SIDE, rng, turned)
    for _ in range(pasted):
        paste_person(*rng.choice(donors), sample, rng)
    sample.pixels = sharpness(colour(sample.pixels, rng), rng)
    return sample


def mask_target(rings: list[np.ndarray], covers: list[np.ndarray], box: np.ndarray) -> np.ndarray:
    """The share of each of 28x28 cells of the box that the polygons fill, less what covers them, uint8 0..255."""
    fine = MASK_SIZE * 3
    scale = fine / np.maximum(box[2:] - box[:2], 1e-3)
    drawn = np.zeros((fine, fine), np.uint8)
    for number, ring in enumerate(rings + covers):
        # Eight fractional bits; far points are cut off so that they fit fillPoly's integers.
        points = np.clip((ring - box[:2]) * scale - 0.5, -2000, 2000) * 256
        cv2.fillPoly(drawn, [np.round(points).astype(np.int32)], 255 if number < len(rings) else 0, shift=8)
    return cv2.resize(drawn, (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA)


def mask_lessons(sample: Sample, size: int, rng: random.Random):
    """Up to ROIS boxes with polygons, true ones first, each moved a little as a detector would.

    -> boxes [ROIS,4], targets [ROIS,28,28], weights [ROIS]
    """
    rois = np.zeros((ROIS, 4), np.float32)
    targets = np.zeros((ROIS, MASK_SIZE, MASK_SIZE), np.uint8)
    weights = np.zeros(ROIS, np.float32)
    candidates = [i for i, rings in enumerate(sample.polygons) if rings]
    rng.shuffle(candidates)
    candidates.sort(key=lambda i: sample.weights[i] < 1)
    for slot, index in enumerate(candidates[:ROIS]):
        box = np.float32(sample.boxes[index])
        extent = np.tile(box[2:] - box[:2], 2)
        spread = rng.choice(MOVED)
        box = np.clip(box + extent * np.float32([rng.gauss(0, spread) for _ in range(4)]), 0, size)
        if (box[2:] - box[:2]).min() < 2:
            continue
        rois[slot], weights[slot] = box, sample.weights[index]
        targets[slot] = mask_target(sample.polygons[index], sample.covers[index], box)
    return rois, targets, weights


def collate(samples: list[Sample], size: int, rng: random.Random) -> dict[str, torch.Tensor]:
    """Tensors of a batch; boxes are padded to the largest count, `present` tells which are real."""

    def padded(rows):
        most = max([1, *(len(row) for row in rows)])
        values, present = np.zeros((len(rows), most, 4), np.float32), np.zeros((len(rows), most), bool)
        for number, row in enumerate(rows):
            if row:
                values[number, : len(row)], present[number, : len(row)] = np.stack(row), True
        return torch.from_numpy(values), torch.from_numpy(present)

    boxes, present = padded([sample.boxes for sample in samples])
    ignored, ignored_present = padded([sample.ignored for sample in samples])
    lessons = [mask_lessons(sample, size, rng) for sample in samples]
    rois, targets, weights = (np.stack(part) for part in zip(*lessons, strict=True))
    return {
        "image": torch.from_numpy(np.stack([sample.pixels for sample in samples])).permute(0, 3, 1, 2),
        "boxes": boxes,
        "present": present,
        "ignored": ignored,
        "ignored_present": ignored_present,
        "rois": torch.from_numpy(rois) / size,
        "mask_targets": torch.from_numpy(targets),
        "mask_weights": torch.from_numpy(weights),
    }


class Loader:
    """Endless shuffled batches, made by one thread a few batches ahead.

    `size`, the side of the canvas, and `mosaic` and `paste`, the shares of samples with mosaics and with pasted people,
    may change at any time.
    """

    def __init__(self, pictures: list[Picture], batch: int, size: int, mosaic: float, paste: float, seed: int):
        self.pictures, self.batch, self.size, self.mosaic, self.paste = pictures, batch, size, mosaic, paste
        self.donors = cuttable(pictures)
        self.rng = random.Random(seed)
        self.ready: queue.Queue = queue.Queue(maxsize=4)
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        try:
            self._make_batches()
        except BaseException as error:
            self.ready.put(error)

    def _make_batches(self):
        order: list[int] = []
        while True:
            samples, size = [], self.size
            for _ in range(self.batch):
                if not order:
                    order = list(range(len(self.pictures)))
                    self.rng.shuffle(order)
                mosaic = self.rng.random() < self.mosaic
                pasted = self.rng.randint(1, 2) if self.donors and self.rng.random() < self.paste else 0
                samples.append(make_sample(self.pictures, self.donors, order.pop(), size, mosaic, pasted, self.rng))
            self.ready.put(collate(samples, size, self.rng))

    def next(self) -> dict[str, torch.Tensor]:
        batch = self.ready.get()
        if isinstance(batch, BaseException):
            raise batch
        return batch
