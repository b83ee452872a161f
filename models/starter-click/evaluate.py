"""Count the clicks until a mask is right, by the standard protocol, beside GrabCut with the same hands.

The next click goes to the centre of the largest error, the first is positive, 20 are the most (`--noisy`: somewhere in
the inner part of an error, as people do). NoC@85 and NoC@90 are the mean numbers until IoU 0.85 and 0.90; who never
gets there counts as 20. The network is asked exactly as the app asks it.
"""

import argparse
import functools
import json
import random
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from clicks import iou, next_click, noisy_click, spoil
from data import SMALLEST, held_out
from pycocotools import mask as coco_mask

from annotator.core.masks import mask_to_rle, rle_to_mask
from annotator.core.prompt import Point, Prompt
from annotator.vision.networks.description import read_description
from annotator.vision.networks.prompts.asking import Earlier, ask
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.pictures.photo import Photo

MOST = 20
LEAST_AREA = 32**2
BOUNDS = (0.85, 0.90)
SIZES = (("medium", 32**2, 96**2), ("large", 96**2, 1e12))
RARE = 20  # training objects below which a category counts as one that the network saw little of
SUGGESTION = (0.5, 0.8)  # IoU of the mask that a repair begins with


@dataclass(frozen=True, eq=False)
class Case:
    """One object of a picture."""

    photo: Photo
    target: np.ndarray  # [h,w] bool
    area: float
    category: int
    seed: int


@dataclass
class Course:
    """The IoU before the first click, where a mask was there, and after each."""

    case: Case
    overlaps: list = field(default_factory=list)

    def clicks_to(self, bound: float, begun: bool) -> int:
        """Clicks until the bound; none for a mask that is right already."""
        for number, value in enumerate(self.overlaps):
            if value >= bound:
                return number if begun else number + 1
        return MOST


class Network:
    """starter-click, asked as the app asks it."""

    def __init__(self, folder: Path):
        self.network = PromptNetwork(read_description(folder / "model.toml"))
        self.seconds: list[float] = []

    def open(self, photo: Photo):
        self.photo = photo
        self.features_of = functools.lru_cache(maxsize=64)(lambda crop: self.network.features(photo, crop))
        self.features_of(None)

    def begin(self, mask: np.ndarray | None):
        self.begun = mask is not None
        self.earlier = None if mask is None else Earlier(mask_to_rle(mask), is_repaired=True)
        self.mask = np.zeros(self.photo.pixels.shape[:2], bool) if mask is None else mask

    def click(self, points: list[Point]) -> np.ndarray:
        start = time.perf_counter()
        answer = ask(
            self.network, self.photo, Prompt(tuple(points)), earlier=self.earlier, features_of=self.features_of
        )
        self.seconds.append(time.perf_counter() - start)
        if answer is not None:
            self.earlier = Earlier(answer.rle, answer.heatmap, is_repaired=self.begun)
            self.mask = rle_to_mask(answer.rle)
        return self.mask


class GrabCut:
    """cv2.grabCut on the picture at a long side of 320: disks at the clicks are certain, the rest is probable."""

    SIDE, CERTAIN, PROBABLE, ROUNDS = 320, 3, 32, 3

    def __init__(self):
        self.seconds: list[float] = []

    def open(self, photo: Photo):
        height, width = photo.pixels.shape[:2]
        self.size, self.scale = (width, height), min(1.0, self.SIDE / max(width, height))
        self.small = cv2.resize(photo.pixels, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA)

    def begin(self, mask: np.ndarray | None):
        size = self.small.shape[1::-1]
        self.mask = None if mask is None else cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0

    def click(self, points: list[Point]) -> np.ndarray:
        start = time.perf_counter()
        labels = np.full(self.small.shape[:2], cv2.GC_PR_BGD, np.uint8)
        places = [((int(p.x * self.scale), int(p.y * self.scale)), p.belongs) for p in points]
        if self.mask is None:
            for place, belongs in places:
                cv2.circle(labels, place, self.PROBABLE, cv2.GC_PR_FGD if belongs else cv2.GC_PR_BGD, -1)
        else:
            labels[self.mask] = cv2.GC_PR_FGD
        for place, belongs in places:
            cv2.circle(labels, place, self.CERTAIN, cv2.GC_FGD if belongs else cv2.GC_BGD, -1)
        try:
            models = np.zeros((1, 65)), np.zeros((1, 65))
            cv2.grabCut(self.small, labels, None, *models, self.ROUNDS, cv2.GC_INIT_WITH_MASK)
        except cv2.error:  # all of one kind
            pass
        self.mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
        whole = cv2.resize(self.mask.astype(np.uint8), self.size, interpolation=cv2.INTER_LINEAR) > 0
        self.seconds.append(time.perf_counter() - start)
        return whole


def cases_of(content: dict, folder: Path, skip: set[int], least: float):
    """Every object above `least` pixels, crowds left out, picture by picture."""
    for image in content["images"]:
        mine = [a for a in content["annotations"] if a["image_id"] == image["id"] and not a["iscrowd"]]
        if image["id"] in skip or not mine:
            continue
        pixels = cv2.imread(str(folder / image["file_name"]), cv2.IMREAD_COLOR)
        height, width = pixels.shape[:2]
        photo = Photo(image["file_name"], b"", "", np.ascontiguousarray(pixels[..., ::-1]))
        for annotation in mine:
            found = annotation["segmentation"]
            rle = found
            if isinstance(found, list):
                rle = coco_mask.merge(coco_mask.frPyObjects(found, height, width))
            elif isinstance(found["counts"], list):
                rle = coco_mask.frPyObjects(found, height, width)
            target = coco_mask.decode(rle).astype(bool)
            if target.sum() > least:
                yield Case(
                    photo, target, float(target.sum()), annotation["category_id"], zlib.crc32(b"%d" % annotation["id"])
                )


def run(hand, case: Case, *, begun: bool, noisy: bool, enough: float) -> Course:
    """Clicks until `enough` or MOST."""
    rng, course, points = random.Random(case.seed), Course(case), []
    mask = np.zeros_like(case.target)
    if begun:
        mask = spoil(case.target, rng, *SUGGESTION)
        course.overlaps.append(iou(mask, case.target))
    hand.begin(mask if begun else None)
    while len(points) < MOST and (not course.overlaps or course.overlaps[-1] < enough):
        found = noisy_click(case.target, mask, rng) if noisy else next_click(case.target, mask)
        if found is None:
            break
        points.append(Point(*found))
        mask = hand.click(points)
        course.overlaps.append(iou(mask, case.target))
    return course


def report(name: str, courses: list[Course], begun: bool, rare: set[int]):
    groups = [("all", courses)]
    groups += [(size, [c for c in courses if low < c.case.area <= high]) for size, low, high in SIZES]
    groups.append(("rare categories", [c for c in courses if c.case.category in rare]))
    for group, some in groups:
        if some:
            counts = {bound: [course.clicks_to(bound, begun) for course in some] for bound in BOUNDS}
            figures = "  ".join(
                f"NoC@{bound:.0%} {np.mean(c):.2f} (never {np.mean(np.array(c) >= MOST):.0%})"
                for bound, c in counts.items()
            )
            first = np.mean([course.overlaps[int(begun)] for course in some if len(course.overlaps) > int(begun)])
            print(f"{name:<14} {group:<16} {len(some):>4} objects  {figures}  IoU after one click {first:.3f}")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder that export.py wrote")
    parser.add_argument("--annotations", type=Path, required=True, help="COCO file")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--held-out", type=int, help="only so many pictures, those that train.py held out of the file")
    parser.add_argument("--training", type=Path, help="COCO file of the training, to say which categories are rare")
    parser.add_argument("--every", type=int, default=1, help="only every n-th object, for a quick look")
    parser.add_argument("--most", type=int, default=MOST, help="clicks")
    parser.add_argument("--noisy", action="store_true")
    parser.add_argument("--begun", action="store_true", help="from a mask of IoU 0.5 to 0.8 in place of nothing")
    parser.add_argument("--no-grabcut", action="store_true")
    return parser.parse_args()


def main():
    args = options()
    cv2.setNumThreads(1)
    content = json.loads(args.annotations.read_text())
    skip, least = set(), LEAST_AREA
    if args.held_out:
        skip = {image["id"] for image in content["images"]} - held_out(content["images"], args.held_out)
        least = SMALLEST  # these pictures have a long side of 320
    rare: set[int] = set()
    if args.training:
        rows = [a["category_id"] for a in json.loads(args.training.read_text())["annotations"] if not a["iscrowd"]]
        rare = {category["id"] for category in content["categories"] if rows.count(category["id"]) < RARE}
    hands = {"starter-click": Network(args.model)}
    if not args.no_grabcut:
        hands["GrabCut"] = GrabCut()
    courses: dict[str, list[Course]] = {name: [] for name in hands}
    opened = None
    for number, case in enumerate(cases_of(content, args.images, skip, least)):
        if number % args.every:
            continue
        for name, hand in hands.items():
            if opened is not case.photo:
                hand.open(case.photo)
            courses[name].append(run(hand, case, begun=args.begun, noisy=args.noisy, enough=BOUNDS[-1]))
        opened = case.photo
    for name, hand in hands.items():
        report(name, courses[name], args.begun, rare)
        middle, slow = np.percentile(hand.seconds, (50, 95)) * 1e3
        print(f"{name:<14} {middle:.0f} ms a click (median), {slow:.0f} ms (95 of 100)")


if __name__ == "__main__":
    main()
