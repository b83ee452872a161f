"""Pictures and outlines in memory, cut into training crops: a canvas and the masks of a few of its objects.

Reads any number of COCO files; a picture that several of them list is taken from the first. Crowds and objects without
an outline are left out.
"""

import hashlib
import json
import math
import queue
import random
import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from network import CANVAS
from pycocotools import mask as coco_mask

PAD = 0  # grey value beside the picture, in training as in the app
SIDE = 320  # long side to which pictures are held in memory
TARGETS = 2  # objects of a canvas that are asked for
SMALLEST = 100  # px of a picture in memory: smaller objects are not asked for
LEAST_SEEN = 0.5  # share of an object that the canvas must show for it to be asked for


@dataclass(frozen=True, eq=False)
class Thing:
    """One object. Groups of rings: a group is filled by the even-odd rule, the groups are united."""

    groups: list  # of lists of [k,2] float32, pixels of the picture
    box: np.ndarray  # x0, y0, x1, y1
    area: float


@dataclass(frozen=True, eq=False)
class Picture:
    pixels: np.ndarray  # [h,w,3] uint8 BGR
    things: list


@dataclass(frozen=True, eq=False)
class Crop:
    """One canvas and the masks [TARGETS,CANVAS,CANVAS] bool of its objects, repeated where there are fewer."""

    pixels: np.ndarray
    masks: np.ndarray


def held_out(images: list[dict], count: int) -> set[int]:
    """Ids of the validation pictures: those with the smallest hash, so always the same; at most a fifth."""
    ranked = sorted((image["id"] for image in images), key=lambda i: hashlib.sha256(str(i).encode()).hexdigest())
    return set(ranked[: min(count, len(images) // 5)])


def groups_of(segmentation, height: int, width: int) -> list[list[np.ndarray]]:
    """COCO segmentation -> groups of rings; run lengths become their contours, holes among them."""
    if isinstance(segmentation, list):
        return [[np.float32(ring).reshape(-1, 2)] for ring in segmentation]
    if isinstance(segmentation["counts"], list):
        segmentation = coco_mask.frPyObjects(segmentation, height, width)
    contours, _ = cv2.findContours(coco_mask.decode(segmentation), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return [[contour.reshape(-1, 2).astype(np.float32) + 0.5 for contour in contours if len(contour) > 2]]


def load(files: list[Path], folder: Path, skip: set[int]) -> list[Picture]:
    """Every picture with an outline, but those in `skip`, scaled down to SIDE where it is larger."""
    pictures, seen = [], set(skip)
    for file in files:
        coco = json.loads(file.read_text())
        by_image: dict[int, list[dict]] = {}
        for annotation in coco["annotations"]:
            if annotation.get("segmentation") and not annotation.get("iscrowd"):
                by_image.setdefault(annotation["image_id"], []).append(annotation)
        for image in coco["images"]:
            if image["id"] in seen or image["id"] not in by_image:
                continue
            seen.add(image["id"])
            pixels = cv2.imread(str(folder / image["file_name"]), cv2.IMREAD_COLOR)
            if pixels is None:
                raise SystemExit(f"{folder / image['file_name']}: cannot be read")
            pictures.append(as_picture(pixels, by_image[image["id"]]))
    return pictures


def as_picture(pixels: np.ndarray, annotations: list[dict]) -> Picture:
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    if scale < 1.0:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    things = []
    for annotation in annotations:
        groups = [[ring * scale for ring in rings] for rings in groups_of(annotation["segmentation"], height, width)]
        points = [ring for rings in groups for ring in rings]
        if points:
            every = np.concatenate(points)
            box = np.concatenate([every.min(0), every.max(0)])
            things.append(Thing(groups, box, annotation["area"] * scale**2))
    return Picture(pixels, things)


def draw(groups: list, transform: np.ndarray) -> np.ndarray:
    """Outlines through a [2,3] transform -> mask [CANVAS,CANVAS] bool."""
    mask = np.zeros((CANVAS, CANVAS), np.uint8)
    for rings in groups:
        # Eight fractional bits; far points are cut off so that they fit fillPoly's integers.
        moved = [np.clip(ring @ transform[:, :2].T + transform[:, 2] - 0.5, -4000, 4000) for ring in rings]
        cv2.fillPoly(mask, [np.round(ring * 256).astype(np.int32) for ring in moved], 1, shift=8)
    return mask > 0


def view(picture: Picture, thing: Thing, rng: random.Random) -> np.ndarray:
    """A random transform [2,3] from the picture to a canvas: the whole of it, or the part around an object."""
    height, width = picture.pixels.shape[:2]
    if rng.random() < 0.3:
        scale = CANVAS / max(height, width) * math.exp(rng.uniform(math.log(0.8), math.log(1.5)))
        spare = CANVAS - np.float64([width, height]) * scale
        shift = np.float64([rng.uniform(min(0, value), max(0, value)) for value in spare])
        middle = (np.float64([CANVAS, CANVAS]) / 2 - shift) / scale
    else:
        side = max(thing.box[2:] - thing.box[:2]) * math.exp(rng.uniform(math.log(1.1), math.log(2.5)))
        scale = min(CANVAS / side, 5.0)
        spare = (CANVAS / scale - (thing.box[2:] - thing.box[:2])) / 2
        middle = (thing.box[:2] + thing.box[2:]) / 2 + spare * np.float64([rng.uniform(-0.8, 0.8) for _ in range(2)])
    factor = scale * np.exp(np.float64([rng.uniform(-0.15, 0.15) for _ in range(2)]))
    if rng.random() < 0.5:
        factor[0] = -factor[0]
    angle = rng.uniform(-0.35, 0.35) if rng.random() < 0.4 else 0.0
    turn = np.float64([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) * factor
    return np.column_stack([turn, CANVAS / 2 - turn @ middle])


def warp(pixels: np.ndarray, transform: np.ndarray, interpolation=cv2.INTER_LINEAR) -> np.ndarray:
    # warpAffine works on pixel centres, outlines on pixel edges: half a pixel apart on either side.
    turn = transform[:, :2]
    centre = transform[:, 2] + turn @ [0.5, 0.5] - 0.5
    border = (PAD, PAD, PAD)
    return cv2.warpAffine(
        pixels, np.column_stack([turn, centre]), (CANVAS, CANVAS), flags=interpolation, borderValue=border
    )


def colour(pixels: np.ndarray, rng: random.Random) -> np.ndarray:
    """Random brightness, contrast, tint and gamma through one table per channel; now and then grey."""
    if rng.random() < 0.08:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    ramp = np.linspace(0, 1, 256, dtype=np.float32)
    gain, gamma, shift = rng.uniform(0.65, 1.35), math.exp(rng.uniform(-0.35, 0.35)), rng.uniform(-0.12, 0.12)
    table = np.empty((1, 256, 3), np.uint8)
    for channel in range(3):
        curve = (ramp**gamma - 0.5) * gain * rng.uniform(0.85, 1.15) + 0.5 + shift
        table[0, :, channel] = np.clip(curve * 255, 0, 255)
    return cv2.LUT(pixels, table)


def sharpness(pixels: np.ndarray, rng: random.Random) -> np.ndarray:
    """Half the time softer or sharper: the training pictures are small, those of users have all their detail."""
    if rng.random() < 0.5:
        return pixels
    amount = rng.uniform(-0.9, 1.5)
    soft = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.6, 1.8))
    return cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0)


def seen_share(mask: np.ndarray, thing: Thing, transform: np.ndarray) -> float:
    return float(mask.sum()) / max(thing.area * abs(np.linalg.det(transform[:, :2])), 1.0)


def make_crop(picture: Picture, thing: Thing, donors: list, rng: random.Random) -> Crop | None:
    """A canvas that shows `thing`, and the masks of it and of a neighbour; None where the view misses it."""
    transform = view(picture, thing, rng)
    pixels = warp(picture.pixels, transform)
    mask = draw(thing.groups, transform)
    if seen_share(mask, thing, transform) < LEAST_SEEN or mask.sum() < 60:
        return None
    masks = [mask]
    neighbours = [other for other in picture.things if other is not thing and other.area >= SMALLEST]
    rng.shuffle(neighbours)
    for other in neighbours[:3]:
        mask = draw(other.groups, transform)
        if mask.sum() > 90 and seen_share(mask, other, transform) >= LEAST_SEEN:
            masks.append(mask)
            break
    if rng.random() < 0.35:
        pixels, masks = paste(*rng.choice(donors), pixels, masks, rng)
        if not masks:
            return None
    pixels = sharpness(colour(pixels, rng), rng)
    pixels[warp(np.ones(picture.pixels.shape, np.uint8), transform)[..., 0] == 0] = PAD
    masks = (masks * TARGETS)[:TARGETS]
    return Crop(pixels, np.stack(masks))


def paste(picture: Picture, thing: Thing, pixels: np.ndarray, masks: list, rng: random.Random):
    """Put an object of another picture in front; it hides what is behind it, and may be asked for itself."""
    span = max(thing.box[2:] - thing.box[:2])
    scale = min(CANVAS * rng.uniform(0.15, 0.6) / span, 4.0)
    middle = np.float64([rng.uniform(0.1, 0.9) * CANVAS for _ in range(2)])
    turn = np.diag([scale * rng.choice((-1, 1)), scale])
    transform = np.column_stack([turn, middle - turn @ ((thing.box[:2] + thing.box[2:]) / 2)])
    shape = draw(thing.groups, transform)
    soft = cv2.GaussianBlur(shape.astype(np.float32), (0, 0), 0.8)[..., None]
    pixels = np.round(pixels * (1 - soft) + warp(picture.pixels, transform) * soft).astype(np.uint8)
    left = [(mask & ~shape, mask.sum()) for mask in masks]
    kept = [mask for mask, before in left if mask.sum() > max(60, 0.4 * before)]
    if shape.sum() > 120 and (not kept or rng.random() < 0.5):
        kept.insert(rng.randint(0, len(kept)), shape)
    return pixels, kept


class Loader:
    """Endless batches of crops, made by a thread a few batches ahead. `people_share` of them show people."""

    def __init__(self, various: list[Picture], people: list[Picture], *, batch: int, people_share: float, seed: int):
        self.pools = [
            [(picture, thing) for picture in pictures for thing in picture.things if thing.area >= SMALLEST]
            for pictures in (various, people)
        ]
        # The larger show more of what an outline is; the smallest come half as often.
        self.weights = [np.cumsum([min(1.0, 0.4 + t.area / 2000) for _, t in pool]) for pool in self.pools]
        self.donors = [(picture, thing) for pool in self.pools for picture, thing in pool if thing.area >= 400]
        self.batch, self.people_share = batch, people_share
        self.ready: queue.Queue = queue.Queue(maxsize=3)
        self.rng = random.Random(seed)
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        try:
            while True:
                crops = []
                while len(crops) < self.batch:
                    crop = make_crop(*self._draw(), self.donors, self.rng)
                    if crop is not None:
                        crops.append(crop)
                self.ready.put(crops)
        except BaseException as error:
            self.ready.put(error)

    def _draw(self):
        which = int(bool(self.pools[1]) and self.rng.random() < self.people_share)
        at = np.searchsorted(self.weights[which], self.rng.random() * self.weights[which][-1])
        return self.pools[which][min(int(at), len(self.pools[which]) - 1)]

    def next(self) -> list[Crop]:
        crops = self.ready.get()
        if isinstance(crops, BaseException):
            raise crops
        return crops
