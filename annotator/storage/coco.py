"""Dataset <-> COCO JSON; with the linter in `core` the only place that knows COCO's keys."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from annotator.core import masks
from annotator.core.checks import load, loads
from annotator.core.coco_lint import inspect_coco
from annotator.core.coco_values import ANNOTATION_KEYS, CATEGORY_KEYS, IMAGE_KEYS, name_of, polygons_of, rasterised
from annotator.core.dataset import (
    PROVENANCE,
    WITHOUT_MASK,
    Category,
    Dataset,
    Image,
    Instance,
    State,
    Suggestion,
    without_mask,
)
from annotator.core.errors import CocoError, ExportError, GeometryError
from annotator.core.exportable import require_exportable
from annotator.core.masks import Part, Ring, Rle
from annotator.core.measures import AT_ONCE, areas_of, boxes_of
from annotator.storage.proof import MASK_FORMS, ExportReport, MaskForm, prove
from annotator.system import files
from annotator.system.collection import collection_paused
from annotator.system.files import sync_folder

__all__ = [
    "MASK_FORMS",
    "ExportReport",
    "MaskForm",
    "Results",
    "coco_to_dataset",
    "dataset_to_coco",
    "load",
    "loads",
    "read",
    "results_to_suggestions",
    "write",
]

_LISTS = frozenset({"images", "annotations", "categories"})
_IMPORT = "import"
_MAX_SOURCE = 200


# --- out -------------------------------------------------------------------------------------------------------------


def dataset_to_coco(dataset: Dataset, *, masks: MaskForm = "lossless", provenance: bool = True) -> dict[str, Any]:
    """The whole document. Nothing in it depends on the clock: the same dataset gives the same document.

    masks: "lossless" keeps the polygons that a person drew or an import brought wherever they decode to the mask, else
    traces the mask along its pixels' edges, else (holes) writes a compressed RLE with iscrowd 0. "polygons" writes
    nothing else, with holes bridged. "rle" writes nothing but compressed RLE.
    provenance: whether annotations say, under one key of ours, where they come from.
    """
    return {
        **document_head(dataset, provenance=provenance),
        "annotations": list(each_annotation(dataset, masks=masks, provenance=provenance)),
    }


@collection_paused()
def write(
    dataset: Dataset,
    path: Path,
    *,
    masks: MaskForm = "lossless",
    provenance: bool = True,
    report_name: str | None = "report",
) -> ExportReport:
    """Write the dataset, prove it, and only then let it take its name; `report.json` and `report.txt` lie beside it.

    report_name: the reports' name without its suffix, seen from the file's folder; None writes none.

    The temporary file is read back with pycocotools and every instance compared with its mask.
    Raises ExportError if the dataset must not leave, if the file does not read back as it was meant, or if the disk
    refuses; an earlier file of that name is untouched then.
    """
    if masks not in MASK_FORMS:
        raise ExportError(f"masks are {masks!r}, expected one of {', '.join(MASK_FORMS)}")
    require_exportable(dataset)
    path = Path(path)
    token = secrets.token_hex(6)
    new = path.with_name(f".{path.name}.{token}.new")
    written: dict[Path, Path] = {}  # the reports, and where they wait until nothing can fail any more
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_document(dataset, new, masks=masks, provenance=provenance)
            report = prove(dataset, new, name=path.name, masks=masks)
            if report_name is not None:
                for suffix, text in (("json", report.to_json()), ("txt", report.to_text())):
                    target = path.parent / f"{report_name}.{suffix}"
                    written[target] = target.with_name(f".{target.name}.{token}.new")
                    files.written_whole(written[target], text.encode())
            for target in (path, *written):
                if target.is_dir():
                    raise ExportError(f"{target}: cannot be written: it is a folder")
            for target, whole in written.items():
                os.replace(whole, target)
            os.replace(new, path)
            sync_folder(path.parent)
        finally:
            for whole in (new, *written.values()):
                whole.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"{path}: cannot be written: {error.strerror or error}") from error
    return report


def _write_document(dataset: Dataset, path: Path, *, masks: MaskForm, provenance: bool) -> None:
    """One image, category or annotation a line, so that two exports can be compared with any tool."""
    head = document_head(dataset, provenance=provenance)
    lists = {name: head.pop(name) for name in ("categories", "images")}
    lists["annotations"] = each_annotation(dataset, masks=masks, provenance=provenance)
    with open(path, "x", encoding="ascii") as file:
        file.write("{\n")
        for name, value in head.items():
            file.write(f"{_json(name)}:{_json(value)},\n")
        for index, (name, items) in enumerate(lists.items()):
            file.write(f"{',' if index else ''}{_json(name)}:[")
            for position, item in enumerate(items):
                file.write(f"{',' if position else ''}\n{_json(item)}")
            file.write("]\n")
        file.write("}\n")
        file.flush()
        os.fsync(file.fileno())


def _json(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ExportError(f"a carried value cannot be written as JSON: {error}") from error


def document_head(dataset: Dataset, *, provenance: bool) -> dict[str, Any]:
    """Everything but the annotations; what an import brought at the top level comes along."""
    carried = {name: value for name, value in dataset.extra.items() if name not in _LISTS}
    info = carried.pop("info", {"description": "Exported by annotator", "version": "1.0"})
    return {
        "info": info,
        "licenses": carried.pop("licenses", []),
        **carried,
        "categories": [_category_to_coco(category) for category in dataset.categories],
        "images": [_image_to_coco(image, provenance=provenance) for image in dataset.images],
    }


def each_annotation(dataset: Dataset, *, masks: MaskForm, provenance: bool) -> Iterator[dict[str, Any]]:
    """The annotations one by one, in the dataset's order; last those that were carried without a mask."""
    for start in range(0, len(dataset.instances), AT_ONCE):
        chunk = dataset.instances[start : start + AT_ONCE]
        written = [_segmentation(one, form=masks, crowd=one.extra.get("iscrowd") == 1) for one in chunk]
        areas, boxes = areas_of([rle for _, rle in written]), boxes_of([rle for _, rle in written])
        for instance, (segmentation, _), area, box in zip(chunk, written, areas, boxes, strict=True):
            yield _annotation_to_coco(instance, segmentation, area=int(area), box_xywh=box, provenance=provenance)
    taken = {instance.id for instance in dataset.instances}
    for image in dataset.images:
        for carried in without_mask(image):
            id = carried["id"] if carried["id"] not in taken else max(taken) + 1
            taken.add(id)
            yield {**carried, "id": id, "image_id": image.id}


def _category_to_coco(category: Category) -> dict[str, Any]:
    return {"id": category.id, "name": category.name, "supercategory": category.supercategory, **category.extra}


def _image_to_coco(image: Image, *, provenance: bool) -> dict[str, Any]:
    carried = {name: value for name, value in image.extra.items() if name not in IMAGE_KEYS | {PROVENANCE}}
    found = {"id": image.id, "width": image.width, "height": image.height, "file_name": image.file_name, **carried}
    if provenance and not image.reviewed:
        found[PROVENANCE] = {"reviewed": False}
    return found


_NOT_CARRIED = ANNOTATION_KEYS | {PROVENANCE}


def _annotation_to_coco(
    instance: Instance, segmentation: Any, *, area: int, box_xywh: list[float], provenance: bool
) -> dict[str, Any]:
    carried = {name: value for name, value in instance.extra.items() if name not in _NOT_CARRIED}
    found = {
        "id": instance.id,
        "image_id": instance.image_id,
        "category_id": instance.category_id,
        "segmentation": segmentation,
        "area": area,
        "bbox": box_xywh,
        # COCOeval ignores crowds, so a donut stays iscrowd 0 and becomes an RLE; only an imported crowd is one.
        "iscrowd": int(instance.extra.get("iscrowd") == 1),
        **carried,
    }
    ours = instance.provenance or instance.extra.get(PROVENANCE)
    if provenance and ours:
        found[PROVENANCE] = ours
    return found


def _segmentation(instance: Instance, *, form: MaskForm, crowd: bool) -> tuple[Any, Rle]:
    """COCO's segmentation, and the mask that it decodes to."""
    rle = instance.rle
    compressed = {"size": [rle.height, rle.width], "counts": rle.counts}
    if form == "rle":
        return compressed, rle
    if instance.parts and not any(part.holes for part in instance.parts):
        own = [part.outer for part in instance.parts]
        if _decodes_to(own, rle):
            return _numbers(own), rle
    if form == "lossless" and crowd:
        return compressed, rle
    traced = masks.rle_to_polygons(rle)
    if traced is not None and _decodes_to(traced, rle):
        return _numbers(traced), rle
    if form == "lossless":
        return compressed, rle
    bridged = [bridge_holes(part) for part in masks.rle_to_parts(rle)]
    return _numbers(bridged), masks.polygons_to_rle(bridged, height=rle.height, width=rle.width)


def _decodes_to(rings: Sequence[Ring], rle: Rle) -> bool:
    try:
        return masks.polygons_to_rle(rings, height=rle.height, width=rle.width) == rle
    except GeometryError:  # more vertices or a longer way round than a polygon may have: it becomes an RLE
        return False


def _numbers(rings: Iterable[Ring]) -> list[list[float]]:
    """Whole numbers as such: the same polygons are the same text, traced, drawn or read from an earlier export."""
    return [(ring.astype(int) if (ring == np.trunc(ring)).all() else ring).ravel().tolist() for ring in rings]


def bridge_holes(part: Part) -> Ring:
    """One ring that runs around the part and, over a bridge of no width walked both ways, around each of its holes.

    Readers that fill by crossing count, as pycocotools does, see the holes; a bridge's two ways cancel.
    """
    ring = part.outer
    for hole in part.holes:
        apart = np.abs(ring[:, None, :] - hole[None, :, :]).sum(axis=2)
        here, there = np.unravel_index(int(np.argmin(apart)), apart.shape)
        around = np.concatenate((hole[there:], hole[: there + 1]))
        ring = np.concatenate((ring[: here + 1], around, ring[here:]))
    return ring


# --- in --------------------------------------------------------------------------------------------------------------


@collection_paused()
def read(path: Path) -> Dataset:
    """Read any COCO instances file: every id is kept, every key that is not ours is carried through.

    Annotations without a mask (a box only, or polygons that cover no pixel) are carried on their image, not offered.
    Raises CocoError, listing every offending place, and then nothing was read.
    """
    return coco_to_dataset(load(path))


def coco_to_dataset(document: Any) -> Dataset:
    """A decoded COCO document -> dataset. Raises CocoError, listing every offending place."""
    if isinstance(document, list):
        raise CocoError(["the file is a list of results, expected images, annotations and categories beside them"])
    inspection = inspect_coco(document)
    if inspection.errors:
        raise CocoError([str(problem) for problem in inspection.errors])
    kept: list[Instance] = []
    carried: dict[int, list[dict[str, Any]]] = {}
    for index, annotation in enumerate(document["annotations"]):
        rle = inspection.masks.get(index)
        if rle is None or masks.rle_area(rle) == 0:
            carried.setdefault(annotation["image_id"], []).append(annotation)
        else:
            kept.append(_instance_from_coco(annotation, rle))
    return Dataset(
        categories=tuple(_category_from_coco(category) for category in document["categories"]),
        images=tuple(_image_from_coco(image, carried.get(image["id"], [])) for image in document["images"]),
        instances=tuple(kept),
        extra={name: value for name, value in document.items() if name not in _LISTS},
    )


def _category_from_coco(category: dict[str, Any]) -> Category:
    extra = {name: value for name, value in category.items() if name not in CATEGORY_KEYS}
    return Category(category["id"], category["name"], category.get("supercategory") or "", extra)


def _image_from_coco(image: dict[str, Any], carried: list[dict[str, Any]]) -> Image:
    extra = {name: value for name, value in image.items() if name not in IMAGE_KEYS}
    ours = extra.get(PROVENANCE)
    ours = {name: value for name, value in ours.items() if name != WITHOUT_MASK} if isinstance(ours, dict) else {}
    reviewed = ours.get("reviewed") is not False
    if carried:
        extra[PROVENANCE] = {**ours, WITHOUT_MASK: carried}
    elif PROVENANCE in extra:
        extra[PROVENANCE] = ours
    return Image(image["id"], str(name_of(image)), image["width"], image["height"], "", reviewed=reviewed, extra=extra)


def _instance_from_coco(annotation: dict[str, Any], rle: Rle) -> Instance:
    extra = {name: value for name, value in annotation.items() if name not in ANNOTATION_KEYS}
    if annotation.get("iscrowd") == 1:
        extra["iscrowd"] = 1
    segmentation = annotation["segmentation"]
    parts = None
    if isinstance(segmentation, list):
        rings = polygons_of(segmentation)
        for ring in rings:
            ring.setflags(write=False)
        parts = tuple(Part(ring) for ring in rings)
    ours = annotation.get(PROVENANCE)
    ours = ours if isinstance(ours, dict) else {}
    source, score = ours.get("source"), ours.get("score")
    return Instance(
        id=annotation["id"],
        key=str(annotation["id"]),
        image_id=annotation["image_id"],
        category_id=annotation["category_id"],
        state=State.ACCEPTED,
        rle=rle,
        parts=parts,
        source=source if isinstance(source, str) and _is_source(source) else _IMPORT,
        score=float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None,
        extra=extra,
    )


def _is_source(text: str) -> bool:
    return 0 < len(text) <= _MAX_SOURCE and text.isprintable()


@dataclass(frozen=True)
class Results:
    """A list of results as suggestions, by image id; and how many had a box alone, and how many had no pixel."""

    suggestions: dict[int, tuple[Suggestion, ...]]
    boxes: int = 0
    empty: int = 0


@collection_paused()
def results_to_suggestions(document: list[Any], dataset: Dataset, *, source: str = _IMPORT) -> Results:
    """A list of results (image_id, category_id, segmentation or bbox, score) -> suggestions for the dataset's images.

    An image is found by its name where a result has one (`file_name`, or a text as `image_id`), else by its id. A
    result with a box alone has that box for a mask.
    Raises CocoError, listing every result that is malformed or of an image or category not there.
    """
    problems = [str(problem) for problem in inspect_coco(document).errors]
    if problems:
        raise CocoError(problems)
    images = _ImageFinder(dataset.images)
    categories = {category.id for category in dataset.categories}
    found: dict[int, list[Suggestion]] = {}
    boxes = empty = 0
    for index, result in enumerate(document):
        place = f"[{index}]"
        try:
            image = images.find(result)
            if result["category_id"] not in categories:
                raise CocoError([f".category_id: is {result['category_id']}, which is not among the categories"])
            if not 0 <= result["score"] <= 1:
                raise CocoError([f".score: is {result['score']}, expected 0 to 1"])
            rle = _result_mask(result, image)
        except (CocoError, GeometryError) as error:
            problems.append(f"{place}{error}" if isinstance(error, CocoError) else f"{place}.segmentation: {error}")
            continue
        boxes += _box_alone(result)
        if masks.rle_area(rle):
            offered = Suggestion(result["category_id"], float(result["score"]), rle, source)
            found.setdefault(image.id, []).append(offered)
        else:
            empty += 1
    if problems:
        raise CocoError(problems)
    return Results({image_id: tuple(suggestions) for image_id, suggestions in found.items()}, boxes, empty)


class _ImageFinder:
    """The image that a result speaks of."""

    def __init__(self, images: Iterable[Image]) -> None:
        self._by_id = {image.id: image for image in images}
        self._by_name: dict[str, dict[int, Image]] = {}
        for image in self._by_id.values():
            plain = image.file_name.replace("\\", "/")
            last = plain.rsplit("/", 1)[-1]
            for name in (plain, last, last.rpartition(".")[0] or last):
                self._by_name.setdefault(name, {})[image.id] = image

    def find(self, result: dict[str, Any]) -> Image:
        """Raises CocoError if there is none, or more than one."""
        key = next((key for key in ("file_name", "image_id") if isinstance(result.get(key), str)), None)
        if key is None:
            image = self._by_id.get(result["image_id"])
            if image is None:
                raise CocoError([f".image_id: is {result['image_id']}, which is not among the images"])
            return image
        named = self._by_name.get(result[key].replace("\\", "/"), {})
        if len(named) != 1:
            count = f"the name of {len(named)} images" if named else "which is not among the images"
            raise CocoError([f".{key}: is {result[key]!r:.80}, {count}"])
        return next(iter(named.values()))


def _box_alone(result: dict[str, Any]) -> bool:
    return result.get("segmentation") in (None, [])


def _result_mask(result: dict[str, Any], image: Image) -> Rle:
    if not _box_alone(result):
        return rasterised(result["segmentation"], height=image.height, width=image.width)
    x, y, w, h = result["bbox"]
    left, right = (round(min(max(value, 0), image.width)) for value in (x, x + w))
    top, bottom = (round(min(max(value, 0), image.height)) for value in (y, y + h))
    ring = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    return masks.polygons_to_rle([ring], height=image.height, width=image.width)
