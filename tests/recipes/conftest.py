"""A small project with everything that trainers may stumble over, its exports, and the recipes of exports/README.md."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from annotator.cli import main

RECIPES = Path(__file__).resolve().parents[2] / "exports" / "README.md"
CATEGORIES = {1: "person", 17: "cat", 91: "helmet"}
"""Ids with gaps, as COCO's are, and one of the user's own."""

WIDTH, HEIGHT = 96, 80


@dataclass(frozen=True)
class Truth:
    """One instance as the project holds it."""

    annotation_id: int
    image_id: int
    category_id: int
    mask: np.ndarray
    parts: int = 1
    holes: int = 0
    crowd: bool = False


@dataclass(frozen=True)
class Exported:
    """An export in two parts with its pictures: its folder, which is named `dataset`, and what it must hold."""

    folder: Path
    truths: tuple[Truth, ...]

    def ids(self, part):
        """The ids of a part's images."""
        return [image["id"] for image in self.document(part)["images"]]

    def document(self, part):
        return json.loads((self.folder / "annotations" / f"instances_{part}.json").read_text())

    def on(self, image_id, *, crowds=False):
        """The instances of an image by annotation id, crowds only if asked for."""
        return [truth for truth in self.truths if truth.image_id == image_id and (crowds or not truth.crowd)]


def shape(*discs, holes=()):
    """Discs (x, y, radius), with discs cut out of them, as a mask (HEIGHT, WIDTH)."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for value, rings in ((1, discs), (0, holes)):
        for x, y, radius in rings:
            cv2.circle(mask, (x, y), radius, value, -1)
    return mask.astype(bool)


def scenes():
    """Image id and name -> the instances on it; ids have gaps, two pictures show nothing."""
    plain, donut = shape((30, 30, 14)), shape((50, 40, 24), holes=[(50, 40, 10)])
    parts, both = shape((16, 20, 10), (70, 60, 13)), shape((24, 50, 18), (76, 20, 12), holes=[(24, 50, 7)])
    border, crowd = shape((95, 79, 30)), shape((10, 70, 9), (30, 70, 9))
    return {
        (12, "plain.png"): [Truth(7, 12, 1, plain), Truth(8, 12, 91, border)],
        (40, "day/donut.png"): [Truth(31, 40, 17, donut, holes=1)],
        (41, "day/parts.png"): [Truth(33, 41, 1, parts, parts=2), Truth(40, 41, 17, shape((50, 20, 9)))],
        (77, "night/both.png"): [Truth(52, 77, 91, both, parts=2, holes=1)],
        (78, "night/few.png"): [Truth(53, 78, 17, plain), Truth(54, 78, 91, border), Truth(55, 78, 1, parts, parts=2)],
        (90, "night/crowd.png"): [Truth(60, 90, 1, plain), Truth(61, 90, 1, crowd, parts=2, crowd=True)],
        (93, "nothing.png"): [],
        (94, "day/nothing.png"): [],
    }


def annotated(truth):
    coded = coco_mask.encode(np.asfortranarray(truth.mask.astype(np.uint8)))
    return {
        "id": truth.annotation_id,
        "image_id": truth.image_id,
        "category_id": truth.category_id,
        "segmentation": {"size": coded["size"], "counts": coded["counts"].decode()},
        "area": int(truth.mask.sum()),
        "bbox": coco_mask.toBbox(coded).tolist(),
        "iscrowd": int(truth.crowd),
    }


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """The project's folder, filled by `annotator import`."""
    place = tmp_path_factory.mktemp("recipes")
    for seed, (_, name) in enumerate(scenes()):
        (place / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
        cv2.imwrite(str(place / "pictures" / name), pixels.repeat(8, 0).repeat(8, 1))
    document = {
        "categories": [{"id": id, "name": name, "supercategory": ""} for id, name in CATEGORIES.items()],
        "images": [{"id": id, "file_name": name, "width": WIDTH, "height": HEIGHT} for id, name in scenes()],
        "annotations": [annotated(truth) for truths in scenes().values() for truth in truths],
    }
    (place / "truth.json").write_text(json.dumps(document))
    said = ["import", place / "truth.json", "--images", place / "pictures", "--project", place / "project"]
    assert main([str(word) for word in said]) == 0
    return place / "project"


@pytest.fixture
def exported(project, tmp_path, monkeypatch):
    """exported("polygons"): the project as `annotator export` writes it for trainers, below the working directory."""
    monkeypatch.chdir(tmp_path)

    def export(masks):
        said = ["export", "--project", project, "--out", "dataset", "--with-images", "--split", "0.6", "--masks", masks]
        assert main([str(word) for word in said]) == 0
        truths = tuple(truth for truths in scenes().values() for truth in truths)
        return Exported(tmp_path / "dataset", truths)

    return export


def recipe(heading, **given):
    """Run the Python of a recipe in exports/README.md, in the working directory; returns the names it leaves behind."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", RECIPES.read_text(), re.DOTALL | re.MULTILINE)
    names = dict(given)
    for block in re.findall(r"```python\n(.*?)```", section[1], re.DOTALL):
        exec(compile(block, f"exports/README.md, {heading}", "exec"), names)
    return names


def overlap(found, expected):
    """Intersection over union of two masks."""
    found, expected = np.asarray(found, bool), np.asarray(expected, bool)
    assert found.shape == expected.shape
    union = np.count_nonzero(found | expected)
    return np.count_nonzero(found & expected) / union if union else 1.0
