"""What fine-tuning on an export of one's own brings: the bundled network before and after, on a camera new to it.

    python -m tests.bench.bench_loop [--pictures 400] [--turn 90] [--minutes 5 10] [--threads 1] [--python PYTHON]

The camera hangs on its side: photographs of `data/train`, turned by `--turn` degrees, with their own polygons
as what a person accepted. They are pre-labelled, imported and exported by the app; `models/starter-person/train.py`
trains on from the bundled weights, once for each of `--minutes`; `export.py` and `annotator models add` bring the
result back; `annotator evaluate` measures it on `data/eval`, turned the same way and never trained on, and on
the same photographs as they were, which shows what is forgotten. Everything goes through the command lines.

Prints one JSON object. PYTHON is an interpreter with the extra `train`; models/make_sets.py makes the data, or
ANNOTATOR_TEST_DATA names the folder that has it.
"""

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

ROOT = Path(__file__).resolve().parents[2]
STARTER = ROOT / "models" / "starter-person"
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


# --- a camera that hangs on its side ---------------------------------------------------------------------------------


def turned_points(points, *, turn, width, height):
    """Points (n, 2) of a picture of that size -> where they lie once it is turned clockwise."""
    x, y = points[:, 0], points[:, 1]
    return np.stack({90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[turn], axis=1)


def turned_segmentation(segmentation, *, turn, width, height):
    """COCO's segmentation after the turn; None (a crowd with nothing but a box) stays None."""
    if segmentation is None:
        return None
    if isinstance(segmentation, list):
        rings = [np.float64(ring).reshape(-1, 2) for ring in segmentation]
        return [turned_points(ring, turn=turn, width=width, height=height).ravel().tolist() for ring in rings]
    coded = (
        coco_mask.frPyObjects(segmentation, height, width) if isinstance(segmentation["counts"], list) else segmentation
    )
    mask = np.asfortranarray(np.rot90(coco_mask.decode(coded), -turn // 90))
    coded = coco_mask.encode(mask)
    return {"size": coded["size"], "counts": coded["counts"].decode()}


def turned_annotation(annotation, *, turn, width, height):
    x, y, w, h = annotation["bbox"]
    corners = turned_points(np.float64([[x, y], [x + w, y + h]]), turn=turn, width=width, height=height)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return {
        **{key: annotation[key] for key in ("id", "image_id", "category_id", "area", "iscrowd")},
        "bbox": [*low.tolist(), *(high - low).tolist()],
        "segmentation": turned_segmentation(annotation["segmentation"], turn=turn, width=width, height=height),
    }


def turn_dataset(annotations, pictures, out, *, turn, keep=lambda image, rows: True, count=None):
    """Write `out`/truth.json and `out`/images: the pictures that `keep` takes, `count` of them, turned clockwise."""
    coco = json.loads(annotations.read_text())
    rows = {image["id"]: [] for image in coco["images"]}
    for annotation in coco["annotations"]:
        rows[annotation["image_id"]].append(annotation)
    chosen = [image for image in coco["images"] if keep(image, rows[image["id"]])]
    if count is not None:
        chosen = random.Random(0).sample(chosen, min(count, len(chosen)))
    (out / "images").mkdir(parents=True)
    turned = {"images": [], "annotations": [], "categories": coco["categories"]}
    for image in chosen:
        pixels = cv2.rotate(cv2.imread(str(pictures / image["file_name"])), TURNS[turn])
        name = Path(image["file_name"]).with_suffix(".jpg").name
        cv2.imwrite(str(out / "images" / name), pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
        height, width = pixels.shape[:2]
        turned["images"].append({"id": image["id"], "file_name": name, "width": width, "height": height})
        turned["annotations"] += [
            turned_annotation(annotation, turn=turn, width=image["width"], height=image["height"])
            for annotation in rows[image["id"]]
        ]
    (out / "truth.json").write_text(json.dumps(turned))
    return turned


def is_reviewed(image, rows):
    """Whether every person of the picture is there with a mask, as after a person's review."""
    people = [row for row in rows if not row["iscrowd"]]
    return image["complete"] and bool(people) and all(row["segmentation"] for row in people)


# --- the loop, by its command lines ----------------------------------------------------------------------------------


class Loop:
    """The verbs of a person who fine-tunes, in a folder of their own.

    `python` runs the app, `trainer` is an interpreter with torch.
    """

    def __init__(self, folder, *, trainer=sys.executable):
        self.folder, self.trainer = folder, trainer
        self.environment = os.environ | {
            "ANNOTATOR_MODELS": str(folder / "models"),
            "ANNOTATOR_HOME": str(folder / "home"),
        }

    def run(self, *command):
        """Run it to its end; returns what it printed. Raises SystemExit with its last words if it fails."""
        words = [str(word) for word in command]
        done = subprocess.run(words, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def annotator(self, *arguments):
        return self.run(sys.executable, "-m", "annotator", *arguments)

    def evaluate(self, model, annotations, images):
        """Box and mask AP in percent."""
        said = self.annotator("evaluate", "--model", model, "--annotations", annotations, "--images", images, "--json")
        found = json.loads(said)
        return {
            f"{kind}_{name}": round(100 * found[kind][name], 1) for kind in ("box", "mask") for name in ("AP", "AP50")
        }

    def train(self, name, dataset, *, minutes, options=()):
        """Train on from the bundled weights with an export, and add the result as a model of that name."""
        run = self.folder / f"{name}-run"
        said = self.run(
            *(self.trainer, STARTER / "train.py", "--init", STARTER / "weights.pt", "--validation", 0),
            *("--annotations", dataset / "annotations" / "instances.json", "--images", dataset / "images"),
            *("--minutes", minutes, "--mask-minutes", 0.1 * minutes, "--finish-minutes", 0.1 * minutes),
            *("--out", run, *options),
        )
        self.run(self.trainer, STARTER / "export.py", run / "checkpoint.pt", "--out", self.folder / name)
        self.annotator("models", "add", name, self.folder / name)
        return int(re.search(r"done after (\d+) steps", said)[1])


def cpu_seconds():
    """What the programs run so far have worked: on a busy machine far less than the time that passed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(options, place):
    data = Path(os.environ.get("ANNOTATOR_TEST_DATA") or ROOT) / "data"
    loop = Loop(place, trainer=options.python)
    camera, project, dataset, held_out = (place / name for name in ("camera", "project", "dataset", "held-out"))
    truth = turn_dataset(
        *(data / "train" / "instances_person.json", data / "train" / "images", camera),
        turn=options.turn,
        keep=is_reviewed,
        count=options.pictures,
    )
    turn_dataset(data / "eval" / "instances_person.json", data / "eval" / "images", held_out, turn=options.turn)
    upright = (data / "eval" / "instances_person.json", data / "eval" / "images")

    loop.annotator("prelabel", camera / "images", "--model", "starter-person", "--project", project)
    loop.annotator("import", camera / "truth.json", "--images", camera / "images", "--project", project)
    loop.annotator("export", "--project", project, "--out", dataset, "--with-images", "--masks", "polygons")

    def row(name, **more):
        turned = loop.evaluate(name, held_out / "truth.json", held_out / "images")
        found = {**more, "turned": turned, "upright": loop.evaluate(name, *upright)}
        print(json.dumps(found), file=sys.stderr, flush=True)
        return found

    rows = [row("starter-person", minutes=0)]
    for minutes in options.minutes:
        began, worked, name = time.time(), cpu_seconds(), f"sideways-{minutes:g}"
        settings = ("--threads", options.threads, "--rate", options.rate, "--warmup", 50)
        steps = loop.train(name, dataset, minutes=minutes, options=settings)
        seconds = {"seconds": round(time.time() - began), "cpu_seconds": round(cpu_seconds() - worked)}
        rows.append(row(name, minutes=minutes, steps=steps, **seconds))
    return {
        "turn": options.turn,
        "pictures": len(truth["images"]),
        "people": sum(not annotation["iscrowd"] for annotation in truth["annotations"]),
        "threads": options.threads,
        "rate": options.rate,
        "load": [round(value, 1) for value in os.getloadavg()],
        "rows": rows,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--turn", type=int, choices=sorted(TURNS), default=90)
    parser.add_argument("--minutes", type=float, nargs="+", default=[5, 10])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the extra train")
    parser.add_argument("--keep", type=Path, help="work in this new folder and leave everything there")
    options = parser.parse_args()
    if options.keep is not None:
        options.keep.mkdir(parents=True)
        print(json.dumps(measure(options, options.keep.resolve()), indent=1))
        return
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measure(options, Path(name)), indent=1))


if __name__ == "__main__":
    main()
