"""How long import, export and its proof take beside pycocotools' own loading and decoding.

    python -m tests.bench.bench_coco [--instances 100000] [--images 10000] [--polygons 0.5] [--rounds 3]

Prints one JSON object: medians of rounds in which the steps take turns, in seconds of the wall and of the processor
(which tells more on a busy machine), and peaks of memory. The masks are blobs of real size; a part of them carries
polygons as a person draws them.
"""

import argparse
import contextlib
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from pycocotools.coco import COCO

from annotator.core import masks
from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.polygons import Part, parts_to_rle
from annotator.exchange import coco
from annotator.exchange.coco.check import check_file
from annotator.storage.imports import Picture
from annotator.storage.store import Store
from tests.storage.builders import import_dataset

WIDTH, HEIGHT = 640, 480


def shapes(count, *, polygons, rng):
    """`count` different instances' masks, each with its polygons or None."""
    for _ in range(count):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        center = rng.integers(40, [WIDTH - 40, HEIGHT - 40])
        angles = np.sort(rng.random(40)) * 2 * np.pi
        radii = rng.uniform(0.6, 1.0, 40)[:, None] * rng.uniform(10, 120)
        ring = center + radii * np.stack((np.cos(angles), np.sin(angles)), axis=1)
        if rng.random() < polygons:
            part = Part(np.round(ring, 2))
            yield parts_to_rle([part], height=HEIGHT, width=WIDTH), (part,)
        else:
            cv2.fillPoly(mask, [ring.astype(np.int32)], 1)
            yield masks.mask_to_rle(mask.astype(bool)), None


def a_dataset(instances, images, *, polygons):
    rng = np.random.default_rng(0)
    found = list(shapes(min(instances, 1_000), polygons=polygons, rng=rng))
    pictures = tuple(Image(id, f"{id:06d}.jpg", WIDTH, HEIGHT, "", reviewed=True) for id in range(1, images + 1))
    made = [Instance(0, "", 0, 1, State.ACCEPTED, rle, parts, "import") for rle, parts in found]
    return Dataset(
        (Category(1, "person", "person"),),
        pictures,
        tuple(
            replace(made[index % len(made)], id=index + 1, key=str(index), image_id=index % images + 1)
            for index in range(instances)
        ),
    )


class Clock:
    """Seconds of the wall and of the processor that each step took in each round, by name."""

    def __init__(self):
        self._taken = {}

    def run(self, name, work):
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        taken = time.perf_counter() - wall, time.process_time() - processor
        self._taken.setdefault(name, []).append(taken)
        return result

    def median(self, *names, processor):
        """Of the sum of the steps."""
        rounds = zip(*(self._taken[name] for name in names), strict=True)
        return statistics.median(sum(step[processor] for step in steps) for steps in rounds)


def load_and_decode(path):
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = COCO(str(path))
    for annotation in loaded.dataset["annotations"]:
        loaded.annToMask(annotation)


def one_round(clock, dataset, folder):
    """Each step of a project's life beside pycocotools' own, once; the report of the export."""
    path = folder / "instances.json"
    coco.write(dataset, path)
    with Store.open(folder / "project") as store:
        clock.run("pycocotools", lambda: load_and_decode(path))
        read = clock.run("read", lambda: coco.read(path))
        pictures = {image.id: Picture(image.file_name.encode(), WIDTH, HEIGHT) for image in read.images}
        clock.run("import", lambda: import_dataset(store, read, pictures))
        whole = clock.run("dataset from the project", store.dataset)
        report = clock.run("export with proof", lambda: coco.write(whole, path))
        clock.run("check", lambda: check_file(path))
    return report


def peak_mb(step, path):
    """What a process of its own takes at most for one step."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_coco", "--step", step, str(path)], capture_output=True, check=True
    )
    return int(done.stdout)


def one_step(step, path):
    if step == "pycocotools":
        load_and_decode(path)
    else:
        dataset = coco.read(path)
        if step == "export":
            coco.write(dataset, path.with_name("again.json"))
    # Unlike getrusage, this does not count what the parent had when it started this process.
    status = Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\s*(\d+)", status)[1]) // 1024)


def memory(instances, images, *, polygons):
    """The peak of reading and exporting a file, and a quarter of it."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, share in (("quarter", 4), ("whole", 1)):
            path = Path(folder) / f"{name}.json"
            report = coco.write(a_dataset(instances // share, images // share, polygons=polygons), path)
            figures[name] = {"file_mb": round(report.bytes / 1e6, 1)} | {
                f"{step}_peak_mb": peak_mb(step, path) for step in ("pycocotools", "read", "export")
            }
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--polygons", type=float, default=0.5, help="part of the instances that carry polygons")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        one_step(options.step[0], Path(options.step[1]))
        return
    figures = {name: value for name, value in vars(options).items() if name != "step"}
    dataset = a_dataset(options.instances, options.images, polygons=options.polygons)
    clock = Clock()
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            report = one_round(clock, dataset, Path(folder))
    figures |= {"file_mb": round(report.bytes / 1e6, 1), "worst_iou": report.worst_iou}
    del dataset
    steps = {
        "pycocotools": ("pycocotools",),
        "export": ("dataset from the project", "export with proof"),
        "import": ("read", "import"),
        "check": ("check",),
    }
    for processor, kind in enumerate(("wall", "processor")):
        taken = {name: clock.median(*of, processor=processor) for name, of in steps.items()}
        figures[f"{kind}_s"] = {name: round(seconds, 2) for name, seconds in taken.items()}
        ratios = {name: round(seconds / taken["pycocotools"], 2) for name, seconds in taken.items()}
        figures[f"{kind}_ratio"] = {name: ratio for name, ratio in ratios.items() if name != "pycocotools"}
    figures["memory"] = memory(options.instances, options.images, polygons=options.polygons)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
