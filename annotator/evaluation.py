"""A network's COCO AP on annotated pictures.

Protocol: no score floor, at most 100 detections a picture, f32, COCOeval's own summary. Measured are the categories
that both the network and the annotations have, so that a network for persons on COCO's whole val2017 is measured on
its person subset; every picture of the file counts, with such an object or without. Boxes are the network's own, not
those around the masks, clipped to the picture.

The Open Model Zoo's figures for person-0007 and security-0002 were measured so on val2017, but for the boxes:
`published` takes them as that project's accuracy checker does, 1 px wider and higher than they are and not clipped.
Source: coco_orig_metrics.py of the accuracy checker (include_boundaries), pycocotools.cocoeval.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annotator.core.errors import AnnotatorError, CocoError, ImageError, ModelError
from annotator.core.geometry import xyxy_to_xywh
from annotator.core.masks import Rle, rle_area, rle_box_xyxy
from annotator.exchange.coco.document import load
from annotator.exchange.coco.lint import inspect_coco
from annotator.prelabel.ahead import read_ahead
from annotator.system.files import is_file, require_writable, write_atomically
from annotator.system.progress import Progress
from annotator.vision.networks.detector import Detections, Detector, Prepared
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures import decode

MAX_DETECTIONS = 100

_FIGURES = ("AP", "AP50", "AP75", "AP small", "AP medium", "AP large")


@dataclass(frozen=True, eq=False)
class Truth:
    """Annotations that were checked, and completed, before pycocotools saw them.

    maskless: how many annotations of a category, by its id, have a box alone.
    """

    coco: COCO
    file: Path
    maskless: Counter[int]

    @classmethod
    def read(cls, file: Path) -> Truth:
        """Raises CocoError, listing every error of the file."""
        document = load(file)
        if not isinstance(document, dict):
            raise CocoError(f"{file}: is a list of results, expected annotations: images, annotations, categories")
        inspection = inspect_coco(document)
        if inspection.errors:
            raise CocoError([replace(problem, file=str(file)) for problem in inspection.errors])
        document = inspection.document
        rows = document["annotations"]
        # COCOeval stops at an absent key, and takes a match with the id 0 for none.
        annotations = [_completed(row, inspection.masks.get(index), id=index + 1) for index, row in enumerate(rows)]
        coco = COCO()
        coco.dataset = {**document, "annotations": annotations}
        with contextlib.redirect_stdout(io.StringIO()):
            coco.createIndex()
        maskless = Counter(row["category_id"] for row in annotations if "segmentation" not in row)
        return cls(coco, file, maskless)


def _completed(row: dict[str, Any], rle: Rle | None, *, id: int) -> dict[str, Any]:
    """An annotation with every key that COCOeval reads; missing ones are computed from its mask or its box."""
    made = {"id": id, "image_id": row["image_id"], "category_id": row["category_id"]}
    made["iscrowd"] = int(row.get("iscrowd") or 0)
    if rle is not None:
        made["segmentation"] = {"size": [rle.height, rle.width], "counts": rle.counts}
    box: list[float] = row.get("bbox") or list(xyxy_to_xywh(rle_box_xyxy(rle) if rle else (0, 0, 0, 0)))
    area = row.get("area")
    if area is None:
        area = rle_area(rle) if rle else box[2] * box[3]
    return {**made, "bbox": box, "area": area}


@dataclass(frozen=True)
class Figures:
    """Average precision of boxes and of masks in 0..1, by the names of `_FIGURES`; -1 where there is no object.

    categories: the network's names of those that were measured. notes: what a reader of the figures must know.
    """

    model: str
    pictures: int
    categories: tuple[str, ...]
    box: dict[str, float]
    mask: dict[str, float]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As the command line's `--json` prints it."""
        return {
            "model": self.model,
            "pictures": self.pictures,
            "categories": len(self.categories),
            "box": self.box,
            "mask": self.mask,
            "notes": list(self.notes),
        }

    def to_table(self) -> str:
        """For people: percent, a row for boxes and one for masks."""
        named = self.categories[0] if len(self.categories) == 1 else f"{len(self.categories)} categories"
        head = f"{self.model} on {self.pictures} pictures, {named} (percent)"
        rows = ["      " + "".join(f"{name:>11}" for name in _FIGURES)]
        for label, figures in (("box", self.box), ("mask", self.mask)):
            cells = ("n/a" if figures[name] < 0 else f"{100 * figures[name]:.1f}" for name in _FIGURES)
            rows.append(f"{label:<6}" + "".join(f"{cell:>11}" for cell in cells))
        return "\n".join([head, *rows, *self.notes])


def evaluate(
    detector: Detector,
    truth: Truth,
    folder: Path,
    *,
    published: bool = False,
    results: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Figures:
    """Run the network over every annotated picture and measure it.

    published: boxes as the accuracy checker of the Open Model Zoo takes them. results: where to write the detections,
    in COCO's form for results.
    Raises ImageError naming the first picture that is missing or unreadable, ModelError naming the first on which the
    network fails: a figure without it would be another one.
    Raises OSError, before the network runs, where `results` cannot be written.
    """
    ids = require_measurable(detector.info, truth, folder)
    rows = truth.coco.loadImgs(sorted(truth.coco.getImgIds()))
    if results is not None:
        require_writable(results)
    found: list[dict[str, Any]] = []

    def prepare(row: dict[str, Any]) -> Prepared:
        photo = decode.read(folder / row["file_name"])
        if (photo.width, photo.height) != (row["width"], row["height"]):
            raise ImageError(
                f"{row['file_name']}: {photo.width} x {photo.height}, annotated as {row['width']} x {row['height']}"
            )
        return detector.prepare(photo)

    def results_of(detections: Detections) -> list[dict[str, Any]]:
        return _results(detections, ids, published=published)

    pictures = ((row, future.result()) for row, future in read_ahead(rows, prepare))
    for done, (row, seen) in enumerate(detector.stream_prepared(pictures, results_of), start=1):
        if isinstance(seen, AnnotatorError):
            raise ModelError(f"{row['file_name']}: {seen}") from seen
        found.extend({"image_id": row["id"], **result} for result in seen)
        progress(done, len(rows))
    if results is not None:
        write_atomically(results, json.dumps(found).encode())
    measured = sorted(ids.values())
    missing = _missing_masks(detector.info, truth, measured)
    notes = [
        f"{mine} is measured on {theirs}, which has its id" for mine, theirs in _renamed(detector.info, truth, ids)
    ]
    if missing:
        notes.append(f"{missing}, so masks are not measured")
    if not any(row["category_id"] in measured for row in truth.coco.dataset["annotations"]):
        notes.append(f"{truth.file} has no object of these categories, so nothing is measured")
    return Figures(
        model=detector.info.source,
        pictures=len(rows),
        categories=tuple(category.name for category in detector.info.categories if category.id in ids),
        box=_measure(truth.coco, found, measured, kind="bbox"),
        mask=dict.fromkeys(_FIGURES, -1.0) if missing else _measure(truth.coco, found, measured, kind="segm"),
        notes=tuple(notes),
    )


def _missing_masks(info: ModelInfo, truth: Truth, measured: Sequence[int]) -> str:
    """Why masks of these categories cannot be measured; "" where they can."""
    if not info.has_masks:
        return "the network finds boxes alone"
    maskless = sum(truth.maskless[id] for id in measured)
    return f"{maskless} annotations have no mask" if maskless else ""


def require_measurable(info: ModelInfo, truth: Truth, folder: Path) -> dict[int, int]:
    """The network's category ids -> the file's, for the categories that can be measured.

    Raises ImageError where annotated pictures are missing, ModelError where no category is in common.
    """
    ids = _same_categories(info, truth)
    names = [row["file_name"] for row in truth.coco.loadImgs(sorted(truth.coco.getImgIds()))]
    missing = [name for name in names if not is_file(folder / name)]
    if missing:
        first = f"{missing[0]}, ..." if len(missing) > 1 else missing[0]
        raise ImageError(f"{folder}: {len(missing)} of {len(names)} annotated pictures are not there: {first}")
    return ids


def _same_categories(info: ModelInfo, truth: Truth) -> dict[int, int]:
    """The network's category ids -> the file's: of the same name; of the same id where no name at all is in common.

    Raises ModelError where there is none.
    """
    theirs = truth.coco.loadCats(truth.coco.getCatIds())
    ids: dict[int, int] = {}
    for said in (str, _spoken):  # to the letter first: a file may have both "person" and "Person"
        named: dict[str, int] = {}
        for row in theirs:
            if row["id"] not in ids.values():
                named.setdefault(said(row["name"]), row["id"])
        for category in info.categories:
            if category.id not in ids and (found := named.pop(said(category.name), None)) is not None:
                ids[category.id] = found
    if not ids:
        ids = {category.id: category.id for category in info.categories if category.id in truth.coco.cats}
    if not ids:
        mine, others = _few([category.name for category in info.categories]), _few([row["name"] for row in theirs])
        raise ModelError(f"{info.name}: none of its categories ({mine}) is in {truth.file} ({others})")
    return ids


def _renamed(info: ModelInfo, truth: Truth, ids: dict[int, int]) -> list[tuple[str, str]]:
    """The pairs of categories that have an id in common and not a name: the network's, the file's."""
    pairs = [
        (category.name, truth.coco.cats[ids[category.id]]["name"]) for category in info.categories if category.id in ids
    ]
    return [pair for pair in pairs if _spoken(pair[0]) != _spoken(pair[1])]


def _spoken(name: str) -> str:
    return name.replace("_", " ").strip().casefold()


def _few(names: Collection[str]) -> str:
    return ", ".join(list(names)[:3]) + (", ..." if len(names) > 3 else "")


def _results(detections: Detections, ids: dict[int, int], *, published: bool) -> list[dict[str, Any]]:
    """In COCO's form for results, but for the image's id."""
    chosen = [index for index in range(len(detections)) if int(detections.category_ids[index]) in ids][:MAX_DETECTIONS]
    boxes = detections.boxes_xyxy + np.array([0, 0, 1, 1]) if published else detections.clipped_boxes()
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2])  # an inverted box has no place in COCO's form
    return [
        {
            "category_id": ids[int(detections.category_ids[index])],
            "bbox": list(xyxy_to_xywh(boxes[index].tolist())),
            "score": float(detections.scores[index]),
            "segmentation": {"size": [rle.height, rle.width], "counts": rle.counts},
        }
        for index, rle in zip(chosen, detections.masks(chosen), strict=True)
    ]


def _measure(coco: COCO, found: list[dict[str, Any]], categories: Sequence[int], *, kind: str) -> dict[str, float]:
    # loadRes derives box and area from the masks when both are there: each kind gets what it is measured on.
    wanted = "segmentation" if kind == "segm" else "bbox"
    rows = [{key: row[key] for key in ("image_id", "category_id", "score", wanted)} for row in found]
    nothing = COCO()
    nothing.dataset = {"images": [], "annotations": [], "categories": []}
    with contextlib.redirect_stdout(io.StringIO()):
        measured = COCOeval(coco, coco.loadRes(rows) if rows else nothing, kind)
        measured.params.catIds = list(categories)
        measured.evaluate()
        measured.accumulate()
        measured.summarize()
    return {name: float(np.round(value, 6)) for name, value in zip(_FIGURES, measured.stats[:6], strict=True)}
