"""Keys and clicks a picture, from pre-labelled photographs to a finished export, by a scripted person in Chromium.

    python -m tests.bench.bench_person [--pictures 20] [--seed 0] [--right 0.5] [--model NAME]

Prints a line for each picture and one JSON object: mean and median of keys and clicks a picture, what the export took
beside them, and how good the result is. The photographs are those of `data/eval` (models/make_sets.py makes it),
or below ANNOTATOR_TEST_DATA: so many in the order of their names, or drawn by `--seed`. The bundled network pre-labels
them by the command line; everything else goes through the page, and the file that comes down is opened by pycocotools.

The person sees what the page shows at its own threshold, and knows the official masks. In each picture:

- A suggestion is right where it overlaps an object that no better one has, with an IoU of `--right` at least: 0.5, from
  which on COCO calls it the same object. Each that is not is rejected: the pointer over it, D. Where it lies behind
  others so that the pointer cannot reach it, its row is clicked first.
- An object that is left over is drawn, from 300 pixels on and where it is no crowd: R and a drag from corner to corner,
  after which the network finds the mask. Where that has a lower IoU it is undone, and the outline is drawn by one
  stroke: Ctrl+Z, P and a drag. What is smaller is left out, and counted.
- A category is never asked for, as the network knows one.
- Enter accepts the rest and opens the next picture.

A key with Ctrl or Shift counts as one; so does a click, and a drag from press to release. Moving the pointer counts
nothing. Looking and thinking take a person longer than all of it: these figures compare versions of the page.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from annotator.core.dataset import State
from annotator.core.masks import rle_box_xyxy, rle_to_mask
from tests.e2e.conftest import Server
from tests.e2e.screen import open_export, wait_for
from tests.machine import CHROMIUM

ROOT = Path(__file__).resolve().parents[2]
RIGHT = 0.5
LEAST = 300
REACH = 30  # CSS pixels around a selected one where its handles may be
PATIENCE_MS = 60_000


# --- what the person knows -------------------------------------------------------------------------------------------


def opened(file):
    """By pycocotools, which tells of it on stdout."""
    with redirect_stdout(sys.stderr):
        return COCO(str(file))


class Truth:
    """The official masks, by the name of the picture."""

    def __init__(self, file):
        self.coco = opened(file)
        self.names = sorted(image["file_name"] for image in self.coco.dataset["images"])
        self._ids = {image["file_name"]: image["id"] for image in self.coco.dataset["images"]}

    def objects(self, name):
        """The masks (H, W) of those that are no crowds, the largest first."""
        rows = self.coco.loadAnns(self.coco.getAnnIds(self._ids[name], iscrowd=0))
        return sorted(
            (self.coco.annToMask(row).astype(bool) for row in rows if row["segmentation"]), key=lambda mask: -mask.sum()
        )


def ious(masks, others):
    """Intersection over union of each with each, (n, m)."""
    if not masks or not others:
        return np.zeros((len(masks), len(others)))
    coded = [[coco_mask.encode(np.asfortranarray(one, np.uint8)) for one in some] for some in (masks, others)]
    return np.array(coco_mask.iou(*coded, [0] * len(others)))


def matched(masks, objects, *, right):
    """By the index of each mask that is right, the index of its object."""
    overlaps, found = ious(masks, objects), {}
    while overlaps.size and overlaps.max() >= right:
        mask, one = np.unravel_index(overlaps.argmax(), overlaps.shape)
        found[int(mask)] = int(one)
        overlaps[mask], overlaps[:, one] = 0, 0
    return found


def innermost(mask):
    """The pixel (x, y) of a mask that is farthest from its border."""
    inside = cv2.distanceTransform(np.pad(mask, 1).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(inside.argmax(), inside.shape)
    return x + 0.5, y + 0.5


# --- what the person does --------------------------------------------------------------------------------------------


@dataclass
class Hands:
    """The keyboard and the mouse, counted."""

    page: object
    keys: int = 0
    clicks: int = 0

    def press(self, key):
        self.keys += 1
        self.page.keyboard.press(key)

    def click(self, target):
        self.clicks += 1
        target.click(timeout=PATIENCE_MS)

    def drag(self, points):
        """A press at the first place of the page, and a release at the last."""
        self.clicks += 1
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=2)
        self.page.mouse.up()


class Person:
    """Works on the picture that is open, beside the store, which says what the page has stored."""

    def __init__(self, page, store, truth, *, right):
        self.page, self.store, self.truth, self.right = page, store, truth, right
        self.hands = Hands(page)
        self.left_out = 0
        self.selected = None  # the box of what was drawn last, on the page

    def work(self, image):
        """All that is done to a picture but the Enter at its end."""
        objects, self.selected = self.truth.objects(image.file_name), None
        threshold = float(self.page.get_by_label("Confidence threshold").first.input_value())
        shown = [
            one for one in self.store.instances(image.id, states=[State.SUGGESTED]) if one.score >= threshold - 1e-9
        ]
        masks = [rle_to_mask(one.rle) for one in shown]
        right = matched(masks, objects, right=self.right)
        for index, one in enumerate(shown):
            if index not in right:
                self.reject(image, one, masks[index], [mask for other, mask in enumerate(masks) if other != index])
        for index, mask in enumerate(objects):
            if index in right.values():
                continue
            if mask.sum() < LEAST:
                self.left_out += 1
            else:
                self.draw(image, mask)

    def reject(self, image, one, mask, others):
        covered = np.logical_or.reduce([np.zeros_like(mask), *(other for other in others if other.sum() <= mask.sum())])
        free = mask & ~covered
        if free.any():
            self.deselect()
            self.page.mouse.move(*self.at(image, *innermost(free)))
            self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        else:
            self.hands.click(self.page.locator(".an-row.is-suggested", has_text=f"{one.score:.2f}").first)
        self.hands.press("d")
        self.until(lambda: one.key in {found.key for found in self.stored(image, State.REJECTED)})

    def draw(self, image, mask):
        """By a box; where that finds another mask, by a stroke along the outline."""
        y, x = np.nonzero(mask)
        corners = self.at(image, x.min(), y.min()), self.at(image, x.max() + 1, y.max() + 1)
        if self.is_near_selected(corners[0]):
            self.deselect()
        before = {one.key for one in self.stored(image, State.ACCEPTED)}
        self.hands.press("r")
        self.hands.drag(corners)
        (made,) = self.until(lambda: [one for one in self.stored(image, State.ACCEPTED) if one.key not in before])
        if ious([rle_to_mask(made.rle)], [mask])[0, 0] >= self.right:
            x0, y0, x1, y1 = rle_box_xyxy(made.rle)
            self.selected = (*self.at(image, x0, y0), *self.at(image, x1, y1))
            return
        self.hands.press("Control+z")
        self.until(lambda: made.key not in {one.key for one in self.stored(image, State.ACCEPTED)})
        self.selected = None
        self.hands.press("p")
        contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        outline = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 1, True)[:, 0]
        self.hands.drag([self.at(image, x + 0.5, y + 0.5) for x, y in (*outline, outline[0])])
        self.until(lambda: [one for one in self.stored(image, State.ACCEPTED) if one.key not in before])

    def is_near_selected(self, place):
        """Whether a box that begins there would take hold of a handle of the selected one."""
        if self.selected is None:
            return False
        (x, y), (x0, y0, x1, y1) = place, self.selected
        return x0 - REACH < x < x1 + REACH and y0 - REACH < y < y1 + REACH

    def deselect(self):
        if self.page.locator(".an-row.is-selected").count():
            self.hands.press("Escape")
            self.page.locator(".an-row.is-selected").first.wait_for(state="detached", timeout=PATIENCE_MS)
        self.selected = None

    def at(self, image, x, y):
        """Where image pixel x, y is on the page."""
        box = self.page.locator(".an-picture").bounding_box()
        return box["x"] + x * box["width"] / image.width, box["y"] + y * box["height"] / image.height

    def stored(self, image, state):
        return self.store.instances(image.id, states=[state])

    def until(self, condition):
        found = wait_for(condition, seconds=PATIENCE_MS / 1000)
        if not found:
            raise SystemExit("the page did not store what was done")
        return found


def annotate(page, store, truth, count, *, right):
    """Keys and clicks of each picture, by its name."""
    person, spent = Person(page, store, truth, right=right), {}
    for _ in range(count):
        page.wait_for_selector(".an-picture.is-ready", timeout=PATIENCE_MS)
        page.wait_for_function("document.querySelector('.an-title').textContent !== ''", timeout=PATIENCE_MS)
        name = page.locator(".an-title").text_content()
        by_name = {image.file_name: image for image in store.images()}
        if name not in by_name:
            raise SystemExit(f"the page shows {name!r}, the project holds {sorted(by_name)[:3]}")
        image = by_name[name]
        person.hands = Hands(page)
        person.work(image)
        person.hands.press("Enter")
        person.until(lambda image=image: store.image(image.id).reviewed)
        spent[name] = (person.hands.keys, person.hands.clicks)
        print(f"{name}: {person.hands.keys} keys, {person.hands.clicks} clicks", flush=True)
        if len(spent) < count:
            page.wait_for_function(
                "name => document.querySelector('.an-title').textContent !== name", arg=name, timeout=PATIENCE_MS
            )
    return spent, person.left_out


def export(page, folder):
    """The file that came down, and how many clicks that took."""
    hands = Hands(page, clicks=1)  # of the tab
    open_export(page)
    hands.click(page.locator("#export-button"))
    with page.expect_download(timeout=PATIENCE_MS) as download:
        hands.click(page.get_by_role("link", name="instances.json"))
    download.value.save_as(folder / "instances.json")
    return folder / "instances.json", hands.clicks


# --- the whole -------------------------------------------------------------------------------------------------------


def quality(file, truth):
    """How many objects there are, how many are in the file, how many of these are right (0.5), and their mean IoU."""
    ours, found, objects, right = opened(file), 0, 0, []
    for image in ours.dataset["images"]:
        masks = [ours.annToMask(row).astype(bool) for row in ours.loadAnns(ours.getAnnIds(image["id"]))]
        there = truth.objects(image["file_name"])
        overlaps = ious(masks, there)
        right += [float(overlaps[pair]) for pair in matched(masks, there, right=RIGHT).items()]
        found, objects = found + len(masks), objects + len(there)
    return {
        "objects": objects,
        "exported": found,
        "right": len(right),
        "mean_iou": round(statistics.mean(right or [0]), 3),
    }


def prepared(options, data, folder, truth):
    """The pre-labelled project in the folder; the names of its pictures."""
    names = truth.names if options.seed is None else random.Random(options.seed).sample(truth.names, len(truth.names))
    chosen = sorted(names[: options.pictures])
    (folder / "pictures").mkdir()
    for name in chosen:
        (folder / "pictures" / name).symlink_to(data / "images" / name)
    command = [sys.executable, "-m", "annotator", "prelabel", folder / "pictures", "--model", options.model]
    subprocess.run([*command, "--project", folder / "project"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--seed", type=int, help="draw the photographs by chance, else the first ones")
    parser.add_argument("--right", type=float, default=RIGHT, help="IoU from which on a mask is accepted as it is")
    parser.add_argument("--model", default="starter-person")
    options = parser.parse_args()
    data = Path(os.environ.get("ANNOTATOR_TEST_DATA") or ROOT) / "data" / "eval"
    truth = Truth(data / "instances_person.json")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = prepared(options, data, folder, truth)
        server = Server(folder / "project", folder / "home")
        server.start()
        try:
            with sync_playwright() as driver, server.store() as store:
                browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
                page.goto(server.address)
                spent, left_out = annotate(page, store, truth, len(chosen), right=options.right)
                file, clicks = export(page, folder)
                found = quality(file, truth)
                browser.close()
        finally:
            server.kill()
    sums = [keys + clicks for keys, clicks in spent.values()]
    report = {
        "pictures": len(sums),
        "mean": round(statistics.mean(sums), 2),
        "median": statistics.median(sums),
        "most": max(sums),
        "export_clicks": clicks,
        "too_small": left_out,
        **found,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
