"""Dataset -> COCO JSON. It is written under another name and proven before it gets its own."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from annotator.core.dataset import (
    PROVENANCE,
    Category,
    Dataset,
    Image,
    Instance,
    without_mask,
)
from annotator.core.errors import ExportError, GeometryError
from annotator.core.exportable import require_exportable
from annotator.core.masks import Rle, rle_to_runs
from annotator.core.measures import areas_of, boxes_of
from annotator.core.polygons import Ring, bridge_holes, polygons_to_rle
from annotator.core.rows import in_chunks, rows_of
from annotator.core.trace import rle_to_parts, rle_to_polygons
from annotator.exchange.coco.proof import MASK_FORMS, ExportReport, MaskForm, prove
from annotator.exchange.coco.values import ANNOTATION_KEYS, IMAGE_KEYS, LISTS
from annotator.system.collection import collection_paused
from annotator.system.files import require_plain, sync_folder


def dataset_to_coco(dataset: Dataset, *, masks: MaskForm = "lossless", provenance: bool = True) -> dict[str, Any]:
    """The whole document. Nothing in it depends on the clock: the same dataset gives the same document.

    masks: "lossless" keeps the polygons that a person drew or an import brought wherever they decode to the mask, else
    traces the mask along its pixels' edges, else (holes) writes a compressed RLE with iscrowd 0. "polygons" writes
    nothing else, with holes bridged. "rle" writes nothing but compressed RLE, "rle-uncompressed" nothing but RLE whose
    counts are a list, for readers that decode no text.
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
) -> ExportReport:
    """Write the dataset, prove it, and only then let it take its name.

    The temporary file is read back, its masks by pycocotools, and every instance compared with its mask.
    Raises ExportError if the dataset must not leave, if the file does not read back as it was meant, or if the disk
    refuses; an earlier file of that name is untouched then.
    """
    if masks not in MASK_FORMS:
        raise ExportError(f"masks are {masks!r}, expected one of {', '.join(MASK_FORMS)}")
    require_exportable(dataset)
    path = Path(path)
    new = path.with_name(f".{path.name}.{secrets.token_hex(6)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_document(dataset, new, masks=masks, provenance=provenance)
            report = prove(dataset, new, name=path.name, masks=masks)
            require_plain(path)
            os.replace(new, path)
            sync_folder(path.parent)
        finally:
            new.unlink(missing_ok=True)
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
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
        if "\\ud" in text:  # may be half of a pair: a file's name in no UTF-8, which strict readers refuse
            text = json.dumps(_in_utf8(value), allow_nan=False, separators=(",", ":"))
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise ExportError(f"a carried value cannot be written as JSON: {error}") from error


def _in_utf8(value: Any) -> Any:
    """UTF-8, with ? for lone surrogates: a project stores names so, and an import finds them so."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return list(map(_in_utf8, value))
    if isinstance(value, dict):
        return {_in_utf8(name): _in_utf8(item) for name, item in value.items()}
    return value


def document_head(dataset: Dataset, *, provenance: bool) -> dict[str, Any]:
    """Everything but the annotations; what an import brought at the top level comes along."""
    carried = {name: value for name, value in dataset.extra.items() if name not in LISTS}
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
    for chunk in in_chunks(dataset.instances):
        written = [_segmentation(one, form=masks) for one in chunk]
        areas, boxes = areas_of([rle for _, rle in written]), boxes_of([rle for _, rle in written])
        for instance, (segmentation, _), area, box in zip(chunk, written, areas, boxes, strict=True):
            yield _annotation_to_coco(instance, segmentation, area=int(area), box_xywh=box, provenance=provenance)
    carried = [(image, one) for image in dataset.images for one in without_mask(image)]
    taken = set(rows_of(dataset.instances).ids.tolist()) if carried else set()
    for image, one in carried:
        id = one["id"] if one["id"] not in taken else max(taken) + 1
        taken.add(id)
        yield {**one, "id": id, "image_id": image.id}


def _category_to_coco(category: Category) -> dict[str, Any]:
    return {"id": category.id, "name": category.name, "supercategory": category.supercategory, **category.extra}


def _image_to_coco(image: Image, *, provenance: bool) -> dict[str, Any]:
    carried = {name: value for name, value in image.extra.items() if name not in IMAGE_KEYS | {PROVENANCE}}
    found = {"id": image.id, "width": image.width, "height": image.height, "file_name": image.file_name, **carried}
    said = {"flags": list(image.flags), "note": image.note}
    said |= {"verdict": image.verdict, "verdict_note": image.verdict_note}
    ours = ({} if image.reviewed else {"reviewed": False}) | {name: value for name, value in said.items() if value}
    if provenance and ours:
        found[PROVENANCE] = ours
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
        "iscrowd": int(instance.crowd),
        **carried,
    }
    ours = (instance.provenance or _carried(instance)) | _said(instance)
    if provenance and ours:
        found[PROVENANCE] = ours
    return found


def _carried(instance: Instance) -> dict[str, Any]:
    found = instance.extra.get(PROVENANCE)
    return {name: value for name, value in found.items() if name not in _SAID} if isinstance(found, dict) else {}


_SAID = frozenset({"flags", "note", "locked"})


def _said(instance: Instance) -> dict[str, Any]:
    """What a person says of an instance, as far as anything is said."""
    found = {"flags": list(instance.flags), "note": instance.note, "locked": instance.locked}
    return {name: value for name, value in found.items() if value}


def _segmentation(instance: Instance, *, form: MaskForm) -> tuple[Any, Rle]:
    """COCO's segmentation, and the mask that it decodes to."""
    rle = instance.rle
    if form in {"rle", "rle-uncompressed"}:
        return _compressed(rle) if form == "rle" else _compressed(rle) | {"counts": rle_to_runs(rle).tolist()}, rle
    if instance.parts and not any(part.holes for part in instance.parts):
        own = [part.outer for part in instance.parts]
        if _decodes_to(own, rle):
            return _numbers(own), rle
    if form == "lossless" and instance.crowd:
        return _compressed(rle), rle
    exact = exact_segmentation(rle)
    if form == "lossless" or isinstance(exact, list):
        return exact, rle
    try:
        bridged = [bridge_holes(part) for part in rle_to_parts(rle)]
        return _numbers(bridged), polygons_to_rle(bridged, height=rle.height, width=rle.width)
    except GeometryError as error:
        raise ExportError(f"annotation {instance.id}: {error}; the masks leave as lossless or as rle") from error


def exact_segmentation(rle: Rle) -> Any:
    """COCO's segmentation of a mask: polygons along its pixels' edges where they decode to it, else compressed RLE."""
    traced = rle_to_polygons(rle)
    return _numbers(traced) if traced is not None and _decodes_to(traced, rle) else _compressed(rle)


def _compressed(rle: Rle) -> dict[str, Any]:
    return {"size": [rle.height, rle.width], "counts": rle.counts}


def _decodes_to(rings: Sequence[Ring], rle: Rle) -> bool:
    try:
        return polygons_to_rle(rings, height=rle.height, width=rle.width) == rle
    except GeometryError:  # more vertices or a longer way round than a polygon may have: it becomes an RLE
        return False


def _numbers(rings: Iterable[Ring]) -> list[list[float]]:
    """Whole numbers as such: the same polygons are the same text, traced, drawn or read from an earlier export."""
    return [(ring.astype(int) if (ring == np.trunc(ring)).all() else ring).ravel().tolist() for ring in rings]
