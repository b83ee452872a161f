"""A network's COCO AP on annotated pictures.

Protocol: no score floor, at most 100 detections a picture, the categories that both the network and the annotations
have, f32. Boxes are the network's own, clipped to the picture, not those around the masks. The summary is COCOeval's.
Source: pycocotools.cocoeval; the Open Model Zoo's figures for its two networks were measured so.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annotator.core import checks
from annotator.core.errors import CocoError, ImageError, ModelError
from annotator.core.files import written_whole
from annotator.core.geometry import xyxy_to_xywh
from annotator.pipeline import Progress, read_ahead
from annotator.vision import images
from annotator.vision.detector import Detections, Detector

MAX_DETECTIONS = 100

_FIGURES = ("AP", "AP50", "AP75", "AP small", "AP medium", "AP large")


@dataclass(frozen=True, eq=False)
class Truth:
    """Annotations that were checked before pycocotools saw them."""

    coco: COCO
    file: Path

    @classmethod
    def read(cls, file: Path) -> Truth:
        """Raises CocoError, listing every error of the file."""
        errors = [problem for problem in checks.check_file(file) if problem.level == "error"]
        if errors:
            raise CocoError([f"{file}: {problem.place}: {problem.message}" for problem in errors])
        with contextlib.redirect_stdout(io.StringIO()):
            return cls(COCO(str(file)), file)


@dataclass(frozen=True)
class Figures:
    """Average precision of boxes and of masks in 0..1, by the names of `_FIGURES`; -1 where there is no object."""

    model: str
    pictures: int
    categories: int
    box: dict[str, float]
    mask: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """As the command line's `--json` prints it."""
        return {
            "model": self.model,
            "pictures": self.pictures,
            "categories": self.categories,
            "box": self.box,
            "mask": self.mask,
        }

    def to_table(self) -> str:
        """For people: percent, a row for boxes and one for masks."""
        head = f"{self.model} on {self.pictures} pictures, {self.categories} categories (percent)"
        rows = ["      " + "".join(f"{name:>11}" for name in _FIGURES)]
        for label, figures in (("box", self.box), ("mask", self.mask)):
            cells = ("n/a" if figures[name] < 0 else f"{100 * figures[name]:.1f}" for name in _FIGURES)
            rows.append(f"{label:<6}" + "".join(f"{cell:>11}" for cell in cells))
        return "\n".join([head, *rows])


def evaluate(
    detector: Detector,
    truth: Truth,
    folder: Path,
    *,
    results: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Figures:
    """Run the network over every annotated picture and measure it.

    results: where to write the detections, in COCO's form for results.
    Raises ImageError naming the first picture that is missing or unreadable: a figure without it would be another one.
    """
    categories = sorted(set(truth.coco.getCatIds()) & {category.id for category in detector.info.categories})
    if not categories:
        raise ModelError(f"{detector.info.name}: none of its categories is in {truth.file}")
    rows = truth.coco.loadImgs(sorted(truth.coco.getImgIds()))
    found: list[dict[str, Any]] = []

    def photos() -> Iterator[tuple[int, images.Photo]]:
        for row, future in read_ahead(rows, lambda row: images.read(folder / row["file_name"])):
            photo = future.result()
            if (photo.width, photo.height) != (row["width"], row["height"]):
                raise ImageError(
                    f"{row['file_name']}: {photo.width} x {photo.height}, annotated as {row['width']} x {row['height']}"
                )
            yield row["id"], photo

    for done, (image_id, detections) in enumerate(detector.stream(photos()), start=1):
        found.extend(_results(image_id, detections, categories))
        progress(done, len(rows))
    if results is not None:
        written_whole(results, json.dumps(found).encode())
    return Figures(
        model=detector.info.source,
        pictures=len(rows),
        categories=len(categories),
        box=_measure(truth.coco, found, categories, kind="bbox"),
        mask=_measure(truth.coco, found, categories, kind="segm"),
    )


def _results(image_id: int, detections: Detections, categories: Sequence[int]) -> list[dict[str, Any]]:
    found = []
    boxes = detections.clipped_boxes()
    for index in range(min(len(detections), MAX_DETECTIONS)):
        if detections.category_ids[index] in categories:
            rle = detections.mask(index)
            found.append(
                {
                    "image_id": image_id,
                    "category_id": int(detections.category_ids[index]),
                    "bbox": list(xyxy_to_xywh(boxes[index].tolist())),
                    "score": float(detections.scores[index]),
                    "segmentation": {"size": [rle.height, rle.width], "counts": rle.counts},
                }
            )
    return found


def _measure(coco: COCO, found: list[dict[str, Any]], categories: Sequence[int], *, kind: str) -> dict[str, float]:
    if not found:
        present = bool(coco.getAnnIds(catIds=categories, iscrowd=False))
        return dict.fromkeys(_FIGURES, 0.0 if present else -1.0)
    # loadRes derives box and area from the masks when both are there: each kind gets what it is measured on.
    wanted = "segmentation" if kind == "segm" else "bbox"
    rows = [{key: row[key] for key in ("image_id", "category_id", "score", wanted)} for row in found]
    with contextlib.redirect_stdout(io.StringIO()):
        measured = COCOeval(coco, coco.loadRes(rows), kind)
        measured.params.catIds = list(categories)
        measured.evaluate()
        measured.accumulate()
        measured.summarize()
    return {name: float(np.round(value, 6)) for name, value in zip(_FIGURES, measured.stats[:6], strict=True)}
