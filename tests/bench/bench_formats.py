"""What an export costs in each format with its pictures, against COCO: CPU seconds and memory.

    python -m tests.bench.bench_formats [--pictures 1000]

Ten instances on each picture of 640x480, one in ten with a hole; the same JPEG of 50 kB under every name. Prints one
JSON object; `times` is how many times the CPU seconds of COCO.
"""

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.masks import mask_to_rle
from annotator.exchange import pack
from annotator.exchange.formats import FORMATS, Options

WIDTH, HEIGHT = 640, 480
NAMES = ("coco", "yolo-seg", "voc", "labelme")


def a_mask(dice):
    """A blob with a wavy edge."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    w, h = dice.randint(20, 220), dice.randint(20, 220)
    left, top = dice.randint(0, WIDTH - w), dice.randint(0, HEIGHT - h)
    across, down = (x - left - w / 2) / (w / 2), (y - top - h / 2) / (h / 2)
    away = across**2 + down**2
    mask = away < 1 + 0.15 * np.sin(6 * np.arctan2(down, across) + dice.random() * 6)
    return mask_to_rle(mask & (away > 0.1) if dice.random() < 0.1 else mask)


def a_dataset(pictures):
    dice = random.Random(3)
    masks = [a_mask(dice) for _ in range(200)]
    categories = tuple(Category(id, name) for id, name in enumerate(("person", "car", "dog"), start=1))
    images = tuple(Image(id, f"{id:05}.jpg", WIDTH, HEIGHT, f"{id:064x}") for id in range(1, pictures + 1))
    instances = tuple(
        Instance(number, str(number), 1 + number // 10, dice.randint(1, 3), State.ACCEPTED, dice.choice(masks))
        for number in range(10 * pictures)
    )
    return Dataset(categories, images, instances)


def a_jpeg():
    rough = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    pixels = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def measure(name, pictures):
    """In a process of its own: its peak of memory is that of this export."""
    dataset, content = a_dataset(pictures), a_jpeg()
    FORMATS[name].require_library()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        options = Options(with_images=name == "coco")
        pack.write(
            {"": dataset}, Path(folder) / "out", format=FORMATS[name], options=options, pictures=lambda image: content
        )
        spent = time.process_time() - began
    return {"cpu_s": round(spent, 2), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=1000)
    options = parser.parse_args()
    found = {}
    for name in NAMES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found[name] = pool.apply(measure, (name, options.pictures))
        found[name]["times"] = round(found[name]["cpu_s"] / found["coco"]["cpu_s"], 1)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
