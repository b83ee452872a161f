"""A simulated annotator: gestures until every object of official masks is right, against drawing all of them.

    python -m tests.bench.bench_gestures [--annotations instances_person.json] [--suggest starter-person]
        [--click starter-click] [--pictures N] [--first box|click]

The annotations are a file of `data/eval`, or one beside its folder `images`. --suggest, --click: networks by name,
"" for none; --click may be a network's folder.

Truth are the file's masks, crowds left out; an object is right from IoU 0.85 on. A gesture is one key, one click, or
one drag from press to release. The annotator sees the truth, knows what the editor offers, and works by this policy:

1. Suggestions above the threshold. One that is right stays. One that no object overlaps by 0.5, or that comes second on
   an object, is selected and rejected (2). Others are selected (1) and repaired, until they are right: where one
   overlaps by 0.6 or more the level's slider, dragged to the best level (1); clicks where it errs most (a key for the
   tool, 1 each, Enter), up to MOST_CLICKS, and no further after a click that gained less than WORTH_A_CLICK; vertices
   of its outline, dragged onto the object (1 each, MOST_DRAGS at most), where it overlaps by 0.7 or more. What was
   tried in vain counts. What is still wrong is rejected (1) and drawn. Or, where that is less: one key for each
   suggestion in triage, where none need be selected.
2. What is missing, the largest first. Objects below SMALL pixels, and those that take FEW_VERTICES or fewer, are drawn
   at once. For others a box or a click is the prompt network's first (1), then clicks as above, Enter (1). What is
   still wrong is selected (1) and repaired by the level's slider and by its vertices, as suggestions are; and what is
   wrong even then, or overlaps by less than 0.6, is dropped (1) and drawn as a polygon. Taking up a tool is a key (1),
   once for each run of its use.
3. Enter accepts what is shown and goes on (1 for a picture).

Drawing: of each object the fewest vertices, one click each, with which a polygon by Douglas and Peucker's rule has the
IoU, and a click to close it; an object in several parts takes as many parts as it needs. A key for the tool and one to
go on for each picture. Choosing a category costs the same either way and counts nowhere. Nobody draws so: the polygon
is computed from the truth, and stops at the vertex that meets the bound. Beside it stands what the people took who drew
the file's own polygons, vertex by vertex, and a click to close each part; their masks are the truth, so right by more
than the bound. Freehand lines and the brush, of which a drag of any length is one gesture, are left out on both sides.

Prints a JSON object for each way of working: gestures an object, their share of drawing the fewest vertices and of
drawing as people did, also by the objects' size; and the same with suggestions at each threshold.
"""

import argparse
import functools
import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from annotator.core.heatmap import HALF, Heatmap
from annotator.core.masks import mask_to_rle, rle_to_mask
from annotator.core.prompt import Point, Prompt
from annotator.vision.networks import zoo
from annotator.vision.networks.description import read_description
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.prompts.asking import Earlier, ask
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.pictures import decode
from tests.bench.material import evaluation_file
from tests.bench.polygons import RIGHT, drawn, drawn_by_people, iou

MOST_CLICKS = 4
MOST_DRAGS = 4
FEW_VERTICES = 3
SMALL = 32**2
WORTH_A_CLICK = 0.02
WORTH_DRAGS = 0.7
SAME_OBJECT = 0.5
WORTH_A_LEVEL = 0.6
FLOOR = 0.05
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9)
SIZES = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, 1e12)}


# --- the prompt network ----------------------------------------------------------------------------------------------


def next_click(target, guess):
    """The centre of the largest error: the point farthest from its border. Source: RITM's evaluation."""
    depths = [cv2.distanceTransform(np.pad(one, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
              for one in (target & ~guess, guess & ~target)]  # fmt: skip
    belongs = depths[0].max() >= depths[1].max()
    depth = depths[0] if belongs else depths[1]
    y, x = np.unravel_index(np.argmax(depth), depth.shape)
    return Point(x + 0.5, y + 0.5, belongs=bool(belongs))


class Pointing:
    """A prompt network that has looked at a picture."""

    def __init__(self, network, photo):
        self.network, self.photo = network, photo
        self.features_of = functools.lru_cache(maxsize=64)(lambda crop: network.features(photo, crop))

    def click(self, target, mask=None, *, first="click", heatmap=None):
        """Clicks and boxes until the object is right, whether it is, and the last mask with its heatmap."""
        earlier = None if mask is None else Earlier(mask_to_rle(mask), heatmap, is_repaired=True)
        guess = np.zeros(target.shape, bool) if mask is None else mask
        points, box, overlap = [], None, iou(guess, target)
        if first == "box" and mask is None:
            rows, columns = np.flatnonzero(target.any(1)), np.flatnonzero(target.any(0))
            box = float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
        for count in range(1, MOST_CLICKS + 1):
            if box is None or count > 1:
                points.append(next_click(target, guess))
            prompt = Prompt(tuple(points), box)
            answer = ask(self.network, self.photo, prompt, earlier=earlier, features_of=self.features_of)
            if answer is not None:
                guess = rle_to_mask(answer.rle)
                earlier = Earlier(answer.rle, answer.heatmap, is_repaired=mask is not None)
            before, overlap = overlap, iou(guess, target)
            if overlap >= RIGHT or overlap < before + WORTH_A_CLICK or count == MOST_CLICKS:
                return count, overlap >= RIGHT, Suggested(1.0, guess, None if earlier is None else earlier.heatmap)
        raise AssertionError("MOST_CLICKS is no count")


# --- repairing -------------------------------------------------------------------------------------------------------


def drag_vertices(mask, target):
    """Drags of an outline's vertices onto the object until it is right, and whether it is; the best one each time."""
    rows, columns = np.flatnonzero((mask | target).any(1)), np.flatnonzero((mask | target).any(0))
    shown = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    scale = min(1.0, 160 / max(shown[0].stop - shown[0].start, shown[1].stop - shown[1].start))
    small = [cv2.resize(np.pad(one[shown].astype(np.uint8), 2), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
             for one in (mask, target)]  # fmt: skip
    outlines = [
        max(cv2.findContours(one, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=cv2.contourArea, default=None)
        for one in small
    ]
    if any(one is None or len(one) < 3 for one in outlines):
        return 0, False
    ring = cv2.approxPolyDP(outlines[0], 1.5, closed=True)[:, 0]
    border, goal = outlines[1][:, 0], small[1] > 0

    def filled(points):
        canvas = np.zeros(goal.shape, np.uint8)
        cv2.fillPoly(canvas, [points.astype(np.int32)], 1)
        return canvas > 0

    for count in range(1, MOST_DRAGS + 1):
        far = np.linalg.norm(ring[:, None] - border[None], axis=2).min(axis=1)
        best = None
        for index in np.argsort(-far)[:12].tolist():
            places = border[np.argsort(np.linalg.norm(border - ring[index], axis=1))[:: max(1, len(border) // 24)]]
            for place in places[:24]:
                moved = ring.copy()
                moved[index] = place
                overlap = iou(filled(moved), goal)
                if best is None or overlap > best[0]:
                    best = overlap, moved
        ring = best[1]
        if best[0] >= RIGHT:
            return count, True
    return MOST_DRAGS, False


@dataclass(frozen=True)
class Suggested:
    """What a network offered. heatmap: from which the level makes other masks."""

    score: float
    mask: np.ndarray
    heatmap: Heatmap | None


def repair(suggested, target, pointing):
    """Gestures to make a suggestion right, its selection apart, and whether it became so."""
    spent = 0
    if suggested.heatmap is not None and iou(suggested.mask, target) >= WORTH_A_LEVEL:
        spent += 1
        height, width = target.shape
        levels = (
            suggested.heatmap.at(level, height=height, width=width) for level in range(5, 100, 5) if level != HALF
        )
        if max(iou(rle_to_mask(one), target) for one in levels) >= RIGHT:
            return spent, True
    if pointing is not None:
        clicks, right, _ = pointing.click(target, suggested.mask, heatmap=suggested.heatmap)
        spent += 1 + clicks  # the tool's key
        if right:
            return spent + 1, True
        spent += 1  # dropped again
    if iou(suggested.mask, target) < WORTH_DRAGS:
        return spent, False
    drags, right = drag_vertices(suggested.mask, target)
    return spent + drags, right


def point_at(pointing, target, *, first):
    """Gestures of the prompt network from nothing, to keep the mask and to repair it, and whether it became right."""
    clicks, right, last = pointing.click(target, first=first)
    if right:
        return clicks + 1, True
    if iou(last.mask, target) < WORTH_A_LEVEL:
        return clicks, False
    spent, right = repair(last, target, None)
    return clicks + 1 + 1 + spent, right


# --- a picture -------------------------------------------------------------------------------------------------------


@dataclass
class Scene:
    """A picture with its objects, largest first, and what it costs to make each right from nothing."""

    targets: list
    suggested: list = field(default_factory=list)
    overlaps: np.ndarray = None
    drawn: list = field(default_factory=list)
    people: list = field(default_factory=list)  # what it took those who drew them
    pointed: list = field(default_factory=list)  # gestures of the prompt network, whether it became right
    repairs: dict = field(default_factory=dict)

    def draw_all(self, each):
        return 2 + sum(each) if self.targets else 1

    def draw(self, missing):
        """As `make`, without a prompt network."""
        each = {index: self.drawn[index] for index in missing}
        return bool(each) + sum(each.values()), each

    def make(self, missing):
        """Gestures to make these objects from nothing with the prompt network, by index: all, and each one's own."""
        each, tools = {}, set()
        for index in missing:
            if self.pointed[index] is None:
                tools.add("polygon")
                each[index] = self.drawn[index]
                continue
            tools.add("point")
            spent, right = self.pointed[index]
            each[index] = spent + (0 if right else 1 + self.drawn[index])
        return len(tools) + sum(each.values()), each

    def without_suggestions(self):
        total, each = self.make(range(len(self.targets)))
        return 1 + total, each

    def with_suggestions(self, threshold, pointing):
        """Gestures, and each object's own."""
        shown = [index for index, one in enumerate(self.suggested) if one.score >= threshold]
        answered, each, keys, chosen = set(), {}, len(shown), 0
        for index in shown:
            free = [place for place in range(len(self.targets)) if place not in answered]
            target = max(free, key=lambda place: self.overlaps[index, place], default=None)
            overlap = 0.0 if target is None else self.overlaps[index, target]
            if overlap < SAME_OBJECT:
                chosen += 2
                continue
            if overlap >= RIGHT:
                answered.add(target)
                each[target] = 0
                continue
            if (index, target) not in self.repairs:
                self.repairs[index, target] = repair(self.suggested[index], self.targets[target], pointing)
            spent, right = self.repairs[index, target]
            answered.add(target)
            each[target] = spent + (0 if right else 1 + self.drawn[target])
            chosen, keys = chosen + 1 + each[target], keys + each[target]
        missing = [place for place in range(len(self.targets)) if place not in answered]
        made, own = self.make(missing) if pointing is not None else self.draw(missing)
        return 1 + min(keys, chosen) + made, each | own


def scenes(asked, detector, network):
    """Each picture with what the networks said of it."""
    content = json.loads(asked.annotations.read_text())
    for image in content["images"][: asked.pictures]:
        found = [one for one in content["annotations"] if one["image_id"] == image["id"] and not one.get("iscrowd")]
        photo = decode.read(asked.annotations.parent / "images" / image["file_name"])
        masks = [(mask_of(one["segmentation"], photo.height, photo.width), one["segmentation"]) for one in found]
        shown = sorted((pair for pair in masks if pair[0].any()), key=lambda pair: -pair[0].sum())
        scene = Scene([mask for mask, _ in shown])
        pointing = None if network is None else Pointing(network, photo)
        scene.drawn = [drawn(one) for one in scene.targets]
        scene.people = [drawn_by_people(told) or fewest for (_, told), fewest in zip(shown, scene.drawn, strict=True)]
        if pointing is not None:
            scene.pointed = [
                None
                if one.sum() < SMALL or vertices <= FEW_VERTICES + 1
                else point_at(pointing, one, first=asked.first)
                for one, vertices in zip(scene.targets, scene.drawn, strict=True)
            ]
        if detector is not None:
            seen = detector.detect(photo)
            likely = np.flatnonzero(seen.scores >= FLOOR).tolist()
            soft = zip(seen.masks(likely), seen.kept_heatmaps(likely), strict=True)
            scene.suggested = [
                Suggested(float(seen.scores[index]), rle_to_mask(rle), heatmap)
                for index, (rle, heatmap) in zip(likely, soft, strict=True)
            ]
            pairs = [[iou(one.mask, target) for target in scene.targets] for one in scene.suggested]
            scene.overlaps = np.array(pairs).reshape(len(scene.suggested), len(scene.targets))
        yield scene, pointing


def mask_of(found, height, width):
    if isinstance(found, list):
        found = coco_mask.merge(coco_mask.frPyObjects(found, height, width))
    elif isinstance(found["counts"], list):
        found = coco_mask.frPyObjects(found, height, width)
    return coco_mask.decode(found).astype(bool)


# --- all of it -------------------------------------------------------------------------------------------------------


class Ledger:
    """What one way of working took over all pictures. One object's own gestures are told by its size."""

    def __init__(self, way):
        self.way, self.total, self.objects = way, 0, 0
        self.own = {name: [0, 0, 0, 0] for name in SIZES}  # objects, own gestures, those of drawing, of people

    def add(self, scene, total, each):
        self.total += total
        self.objects += len(scene.targets)
        for index, target in enumerate(scene.targets):
            name = next(name for name, (low, high) in SIZES.items() if low <= target.sum() < high)
            for place, value in enumerate((1, each[index], scene.drawn[index], scene.people[index])):
                self.own[name][place] += value

    def said(self, drawing):
        """drawing: gestures of drawing all, the fewest and people's."""
        fewest, people = drawing
        return {
            "way": self.way,
            "gestures an object": round(self.total / self.objects, 2),
            "of drawing, %": share(self.total, fewest),
            "of drawing as people did, %": share(self.total, people),
            "own gestures of drawing by size, %": {
                name: [share(own, few), share(own, many)] for name, (_, own, few, many) in self.own.items() if few
            },
        }


def share(part, whole):
    return round(100 * part / whole, 1)


def is_here(name):
    return any(one.name == name and one.present for one in zoo.list_prompts())


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--annotations", type=Path, default=Path("instances_person.json"))
    options.add_argument("--suggest", default="starter-person")
    options.add_argument("--click", default="starter-click" if is_here("starter-click") else "")
    options.add_argument("--first", choices=("box", "click"), default="box")
    options.add_argument("--pictures", type=int)
    asked = options.parse_args()
    asked.annotations = evaluation_file(asked.annotations)
    detector = Detector(zoo.find(asked.suggest)) if asked.suggest else None
    network = None
    if asked.click:
        folder = Path(asked.click)
        network = PromptNetwork(
            read_description(folder / "model.toml") if folder.is_dir() else zoo.find_prompt(asked.click)
        )
    drawing = np.zeros(2, int)
    none = Ledger("prompts alone")
    ways = {threshold: Ledger(f"suggestions from {threshold}") for threshold in (THRESHOLDS if detector else ())}
    objects, tried = 0, []
    for scene, pointing in scenes(asked, detector, network):
        drawing += scene.draw_all(scene.drawn), scene.draw_all(scene.people)
        objects += len(scene.targets)
        tried += [one for one in scene.pointed if one is not None]
        if pointing is not None:
            none.add(scene, *scene.without_suggestions())
        for threshold, ledger in ways.items():
            total, each = scene.with_suggestions(threshold, pointing)
            ledger.add(scene, total, each)
    each = (drawing / objects).round(2).tolist()
    print(json.dumps({"way": "drawing", "objects": objects, "gestures an object, the fewest and people's": each}))
    if network is not None:
        print(
            json.dumps(
                none.said(drawing)
                | {
                    "asked": len(tried),
                    "right, %": round(100 * sum(right for _, right in tried) / max(1, len(tried)), 1),
                    "gestures where right": round(
                        sum(count for count, right in tried if right) / max(1, sum(right for _, right in tried)), 2
                    ),
                }
            )
        )
    for ledger in ways.values():
        print(json.dumps(ledger.said(drawing)))
    if ways:
        best = min(ways.values(), key=lambda one: one.total)
        print(json.dumps(best.said(drawing) | {"way": f"best of all thresholds: {best.way}"}))


if __name__ == "__main__":
    main()
