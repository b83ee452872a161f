"""What large projects cost on the command line: CPU seconds and memory of each verb, in a process of its own.

    python -m tests.bench.bench_size [--pictures 5000] [--only import,check] [--in FOLDER]

JPEG files of 640x480 and ten drawn polygons on each, imported, checked, exported in every form, evaluated, packed as an
archive and unpacked. Prints a line a verb: CPU seconds, peak of memory in MB, seconds by the clock.

--in: a folder that keeps what was made for the next call with as many pictures, which then only measures.
"""

import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from annotator.core.masks import rle_area, rle_box_xyxy
from annotator.core.polygons import polygons_to_rle
from tests.vision.graphs import constant_network, described

WIDTH, HEIGHT = 640, 480


def a_polygon(dice):
    """Somebody drew around something: 16 to 40 points, as numbers x, y, x, y, ..."""
    count, across, down = dice.randint(16, 40), dice.randint(15, 120), dice.randint(15, 120)
    x, y = dice.randint(across, WIDTH - across), dice.randint(down, HEIGHT - down)
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    away = np.array([dice.uniform(0.8, 1.0) for _ in range(count)])
    points = np.stack((x + across * away * np.cos(angles), y + down * away * np.sin(angles)), axis=1).round(2)
    rle = polygons_to_rle([points], height=HEIGHT, width=WIDTH)
    x0, y0, x1, y1 = rle_box_xyxy(rle)
    return {"segmentation": [points.ravel().tolist()], "area": rle_area(rle), "bbox": [x0, y0, x1 - x0, y1 - y0]}


def make(folder, pictures):
    """The pictures, a COCO file of them, and a list of results for them."""
    dice = random.Random(5)
    polygons = [a_polygon(dice) for _ in range(2000)]
    (folder / "images").mkdir()
    images, annotations, results = [], [], []
    for id in range(1, pictures + 1):
        rough = np.random.default_rng(id).integers(0, 256, (30, 40, 3), np.uint8)
        pixels = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / "images" / f"{id:06}.jpg"), pixels)
        images.append({"id": id, "file_name": f"{id:06}.jpg", "width": WIDTH, "height": HEIGHT})
        for place in range(10):
            one = dice.choice(polygons)
            said = {"image_id": id, "category_id": dice.randint(1, 3)}
            annotations.append({"id": 10 * id + place, "iscrowd": 0, **said, **one})
            results.append(
                {**said, "score": round(dice.random(), 3), "segmentation": dice.choice(polygons)["segmentation"]}
            )
    categories = [{"id": id, "name": name} for id, name in enumerate(("person", "car", "dog"), start=1)]
    document = {"info": {}, "licenses": [], "images": images, "annotations": annotations, "categories": categories}
    (folder / "coco.json").write_text(json.dumps(document))
    (folder / "results.json").write_text(json.dumps(results))


def verbs(folder):
    """Name and arguments of each command, in the order in which they need each other."""
    project, images = str(folder / "project"), str(folder / "images")
    export = ["export", "--project", project, "--out"]
    yield "nothing", ["models", "list"]  # what Python and the libraries take
    yield "check", ["check", str(folder / "coco.json")]
    yield "import", ["import", str(folder / "coco.json"), "--images", images, "--project", project]
    yield "import again", ["import", str(folder / "coco.json"), "--images", images, "--project", project]
    yield "results", ["import", str(folder / "results.json"), "--project", project, "--source", "other@1"]
    for form in ("lossless", "polygons", "rle"):
        yield f"export {form}", [*export, str(folder / form), "--masks", form]
    yield "export with images", [*export, str(folder / "with"), "--with-images"]
    yield "export split", [*export, str(folder / "split"), "--split", "0.8"]
    for name in ("yolo-seg", "voc", "labelme", "csv"):
        yield f"export {name}", [*export, str(folder / name), "--format", name]
    evaluated = ["evaluate", "--model", "known", "--annotations", str(folder / "coco.json"), "--images", images]
    yield "evaluate", [*evaluated, "--results", str(folder / "detections.json")]
    yield "archive", ["-c", _PACK, project, str(folder / "project.zip")]
    yield "unpack", ["-c", _UNPACK, str(folder / "project.zip"), str(folder / "unpacked")]


_PACK = """import sys; from pathlib import Path
from annotator.storage import archive; from annotator.storage.store import Store
archive.pack_project(Store.open(Path(sys.argv[1])), Path(sys.argv[2]))"""
_UNPACK = """import sys; from pathlib import Path
from annotator.storage import archive
archive.unpack_project(Path(sys.argv[1]), Path(sys.argv[2]))"""


def add_model(folder):
    """A network that answers at once: ten objects on each picture."""
    boxes = [[12 * place, 8 * place, 12 * place + 40, 8 * place + 50, 0.95 - place / 20] for place in range(10)]
    constant_network(folder / "known", boxes=boxes, labels=[0] * 10, masks=np.ones((10, 28, 28)), input_size=(160, 120))
    described(folder / "known", threshold=0.5)


def measure(arguments, **environment):
    """CPU seconds, megabytes, seconds by the clock, and the exit code of a command."""
    began = time.monotonic()
    command = [sys.executable, *(arguments if arguments[0] == "-c" else ["-m", "annotator", *arguments])]
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, time.monotonic() - began, process.returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--only", default="")
    parser.add_argument("--in", dest="folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "results.json").exists():
            # In a process of its own: a command's peak is at least what this one had when it started it.
            making = multiprocessing.Process(target=make, args=(folder, options.pictures))
            making.start()
            making.join()
            add_model(folder / "models")
        print(f"{options.pictures} pictures, COCO file of {(folder / 'coco.json').stat().st_size / 1e6:.0f} MB")
        for name, arguments in verbs(folder):
            if not options.only or any(name.startswith(one) for one in options.only.split(",")):
                there = {"ANNOTATOR_MODELS": str(folder / "models"), "ANNOTATOR_HOME": str(folder / "home")}
                cpu, peak, clock, code = measure(arguments, **there)
                print(
                    f"{name:20} {cpu:8.1f} s {peak:6} MB {clock:8.1f} s{'' if code == 0 else f'  exit {code}'}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
