"""How long import, export and its proof take beside pycocotools' own loading and decoding.

    python tests/bench/bench_coco.py [--instances 100000] [--images 10000] [--polygons 0.5]

Prints one JSON object. The masks are blobs of real size; a part of them carries polygons as a person draws them.
"""

import argparse
import contextlib
import io
import json
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from pycocotools.coco import COCO

from annotator.core import masks
from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.masks import Part
from annotator.storage import coco
from annotator.storage.store import Store

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
            yield masks.parts_to_rle([part], height=HEIGHT, width=WIDTH), (part,)
        else:
            cv2.fillPoly(mask, [ring.astype(np.int32)], 1)
            yield masks.mask_to_rle(mask.astype(bool)), None


def a_dataset(instances, images, *, polygons):
    rng = np.random.default_rng(0)
    found = list(shapes(min(instances, 5_000), polygons=polygons, rng=rng))
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


def timed(figures, name, work):
    started = time.perf_counter()
    result = work()
    figures[name] = round(time.perf_counter() - started, 2)
    figures[f"{name}_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return result


def load_and_decode(path):
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = COCO(str(path))
    for annotation in loaded.dataset["annotations"]:
        loaded.annToMask(annotation)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--polygons", type=float, default=0.5, help="part of the instances that carry polygons")
    options = parser.parse_args()
    figures = vars(options).copy()
    with tempfile.TemporaryDirectory() as folder:
        dataset = a_dataset(options.instances, options.images, polygons=options.polygons)
        path = Path(folder) / "instances.json"
        report = timed(figures, "export_with_proof_s", lambda: coco.write(dataset, path))
        figures["file_mb"] = report.bytes // 1_000_000
        figures["worst_iou"] = report.worst_iou
        timed(figures, "pycocotools_load_and_decode_s", lambda: load_and_decode(path))
        read = timed(figures, "read_s", lambda: coco.read(path))
        with Store.open(Path(folder) / "project") as store:
            contents = {image.id: (image.file_name.encode(), WIDTH, HEIGHT) for image in read.images}
            timed(figures, "import_s", lambda: store.import_dataset(read, contents))
            timed(figures, "dataset_from_store_s", store.dataset)
        figures["database_mb"] = (Path(folder) / "project" / "project.db").stat().st_size // 1_000_000
    base = figures["pycocotools_load_and_decode_s"]
    figures["export_ratio"] = round((figures["dataset_from_store_s"] + figures["export_with_proof_s"]) / base, 2)
    figures["import_ratio"] = round((figures["read_s"] + figures["import_s"]) / base, 2)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
