"""A network's figures on annotated pictures.

Protocol: no score floor, at most 100 detections a picture, f32, COCOeval's own rules. Measured are the categories
that both the network and the annotations have, so that a network for persons on COCO's whole val2017 is measured on
its person subset; every picture of the file counts, with such an object or without. Boxes are the network's own, not
those around the masks, clipped to the picture.

The Open Model Zoo's figures for person-0007 and security-0002 were measured so on val2017, but for the boxes:
`published` takes them as that project's accuracy checker does, 1 px wider and higher than they are and not clipped.
Source: coco_orig_metrics.py of the accuracy checker (include_boundaries), pycocotools.cocoeval.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from annotator.core.errors import AnnotatorError, ImageError, ModelError
from annotator.core.geometry import xyxy_to_xywh
from annotator.core.masks import rle_area
from annotator.evaluation.figures import Measured, measure_network
from annotator.evaluation.joined import JoinedMatches
from annotator.evaluation.matching import MAX_DETECTIONS, Objects, match
from annotator.evaluation.precision import FIGURES
from annotator.evaluation.report import figures_to_json, figures_to_text
from annotator.evaluation.truth import Truth, mask_of
from annotator.prelabel.ahead import read_ahead
from annotator.system.files import is_file, replacing, require_writable
from annotator.system.progress import Progress
from annotator.vision.networks.detector import Detections, Detector, Prepared
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures import decode


@dataclass(frozen=True, eq=False)
class Figures:
    """A network on the pictures of a file.

    names: the network's, of the categories that were measured, by the file's ids. notes: what a reader of the figures
    must know.
    """

    model: str
    measured: Measured
    names: Mapping[int, str]
    notes: tuple[str, ...] = ()

    @property
    def pictures(self) -> int:
        return self.measured.pictures

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(self.names.values())

    @property
    def box(self) -> dict[str, float]:
        """Average precision in 0..1, by the names of FIGURES; -1 where there is no object."""
        return self.measured.box

    @property
    def mask(self) -> dict[str, float]:
        """As `box`; -1 all over where masks are not measured."""
        return self.measured.mask or dict.fromkeys(FIGURES, -1.0)

    def to_json(self) -> dict[str, Any]:
        """As the command line's `--json` prints it."""
        return {
            "model": self.model,
            "pictures": self.pictures,
            "categories": len(self.names),
            **figures_to_json(self.measured, self.names),
            "notes": list(self.notes),
        }

    def to_table(self) -> str:
        """For people."""
        named = self.categories[0] if len(self.names) == 1 else f"{len(self.names)} categories"
        head = f"{self.model} on {self.pictures} pictures, {named} (percent)"
        return "\n".join([head, figures_to_text(self.measured, self.names), *self.notes])


def evaluate(
    detector: Detector,
    truth: Truth,
    folder: Path,
    *,
    published: bool = False,
    threshold: float | None = None,
    results: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Figures:
    """Run the network over every annotated picture and measure it.

    published: boxes as the accuracy checker of the Open Model Zoo takes them. threshold: from which on detections count
    where objects are taken for something else; the network's own where none is given. results: where to write the
    detections, in COCO's form for results.
    Raises ImageError naming the first picture that is missing or unreadable, ModelError naming the first on which the
    network fails: a figure without it would be another one.
    Raises OSError, before the network runs, where `results` cannot be written.
    """
    ids = require_measurable(detector.info, truth, folder)
    rows = truth.images
    if results is not None:
        require_writable(results)
    measured = sorted(ids.values())
    has_masks = not _missing_masks(detector.info, truth, measured)
    by_boxes, by_masks = JoinedMatches(), JoinedMatches()

    def prepare(row: Mapping[str, Any]) -> Prepared:
        photo = decode.read(folder / row["file_name"])
        if (photo.width, photo.height) != (row["width"], row["height"]):
            raise ImageError(
                f"{row['file_name']}: {photo.width} x {photo.height}, annotated as {row['width']} x {row['height']}"
            )
        return detector.prepare(photo)

    def results_of(detections: Detections) -> list[dict[str, Any]]:
        return _results(detections, ids, published=published)

    pictures = ((row, future.result()) for row, future in read_ahead(rows, prepare))
    with _written(results) as write:
        for done, (row, seen) in enumerate(detector.stream_prepared(pictures, results_of), start=1):
            if isinstance(seen, AnnotatorError):
                raise ModelError(f"{row['file_name']}: {seen}") from seen
            write({"image_id": row["id"], **result} for result in seen)
            there, detected = truth.objects(row["id"], measured), _detected(seen)
            by_boxes.append(match(there, detected, masks=False))
            if has_masks:
                by_masks.append(match(there, detected, masks=True))
            progress(done, len(rows))
    shown_from = detector.info.threshold if threshold is None else threshold
    return Figures(
        model=detector.info.source,
        measured=measure_network(by_boxes, by_masks if has_masks else None, measured, threshold=shown_from),
        names={ids[category.id]: category.name for category in detector.info.categories if category.id in ids},
        notes=tuple(_notes(detector.info, truth, ids)),
    )


def _notes(info: ModelInfo, truth: Truth, ids: dict[int, int]) -> Iterator[str]:
    for mine, theirs in _renamed(info, truth, ids):
        yield f"{mine} is measured on {theirs}, which has its id"
    if missing := _missing_masks(info, truth, sorted(ids.values())):
        yield f"{missing}, so masks are not measured"
    if not any(truth.counts[id] for id in ids.values()):
        yield f"{truth.file} has no object of these categories, so nothing is measured"


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
    names = [row["file_name"] for row in truth.images]
    missing = [name for name in names if not is_file(folder / name)]
    if missing:
        first = f"{missing[0]}, ..." if len(missing) > 1 else missing[0]
        raise ImageError(f"{folder}: {len(missing)} of {len(names)} annotated pictures are not there: {first}")
    return ids


def _same_categories(info: ModelInfo, truth: Truth) -> dict[int, int]:
    """The network's category ids -> the file's: of the same name; of the same id where no name at all is in common.

    Raises ModelError where there is none.
    """
    theirs = truth.categories
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
        known = {row["id"] for row in theirs}
        ids = {category.id: category.id for category in info.categories if category.id in known}
    if not ids:
        mine, others = _few([category.name for category in info.categories]), _few([row["name"] for row in theirs])
        raise ModelError(f"{info.name}: none of its categories ({mine}) is in {truth.file} ({others})")
    return ids


def _renamed(info: ModelInfo, truth: Truth, ids: dict[int, int]) -> list[tuple[str, str]]:
    """The pairs of categories that have an id in common and not a name: the network's, the file's."""
    named = {row["id"]: row["name"] for row in truth.categories}
    pairs = [(category.name, named[ids[category.id]]) for category in info.categories if category.id in ids]
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


@contextmanager
def _written(results: Path | None) -> Iterator[Callable[[Iterable[dict[str, Any]]], None]]:
    """Takes results as they come; they are in the file, if any, once the block ends without an error."""
    if results is None:
        yield lambda rows: None
        return
    with replacing(results) as part, open(part, "x", encoding="ascii") as file:
        begins = True

        def write(rows: Iterable[dict[str, Any]]) -> None:
            nonlocal begins
            for row in rows:
                file.write(f"{'[' if begins else ', '}{json.dumps(row)}")
                begins = False

        yield write
        file.write("[]" if begins else "]")


def _detected(rows: Sequence[Mapping[str, Any]]) -> Objects:
    masks = [mask_of(row) for row in rows]
    return Objects(
        categories=np.array([row["category_id"] for row in rows], np.int64),
        boxes=np.array([row["bbox"] for row in rows], float).reshape(-1, 4),
        masks=masks,
        areas=np.array([rle_area(rle) for rle in masks], float),
        scores=np.array([row["score"] for row in rows], float),
        crowd=np.zeros(len(rows), bool),
    )
