"""COCO JSON -> dataset.

Tests: tests/exchange/coco/test_reader.py, tests/exchange/coco/test_writer.py, tests/exchange/coco/test_hostile_coco.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from annotator.core import masks
from annotator.core.dataset import (
    PROVENANCE,
    WITHOUT_MASK,
    Category,
    Dataset,
    Image,
    Instance,
    State,
)
from annotator.core.errors import CocoError
from annotator.core.limits import MAX_FLAGS
from annotator.core.masks import Rle
from annotator.core.polygons import Part
from annotator.core.review import is_flag, is_note
from annotator.core.spool import Spool
from annotator.core.vote import vote_of_provenance
from annotator.exchange.coco.lint import inspect_coco
from annotator.exchange.coco.opened import StoredList, opened
from annotator.exchange.coco.packing import unpacked
from annotator.exchange.coco.values import ANNOTATION_KEYS, CATEGORY_KEYS, IMAGE_KEYS, LISTS, name_of, polygons_of
from annotator.system.collection import collection_paused

_IMPORT = "import"
_MAX_SOURCE = 200


@collection_paused()
def read(path: Path) -> Dataset:
    """Read any COCO instances file: every id is kept, every key that is not ours is carried through.

    Annotations without a mask (a box only, or polygons that cover no pixel) are carried on their image, not offered.
    Raises CocoError, listing every offending place, and then nothing was read.
    """
    return coco_to_dataset(opened(path))


def coco_to_dataset(document: Any, *, most: int | None = None) -> Dataset:
    """A decoded COCO document, as `load` or `opened` gives it -> dataset. Raises CocoError, listing every offending
    place.

    most: problems of a kind that are listed; the others are counted.
    """
    if isinstance(document, list | StoredList):
        raise CocoError("the file is a list of results, expected images, annotations and categories beside them")
    kept = Spool()
    carried: dict[int, list[dict[str, Any]]] = {}

    def take(annotation: dict[str, Any], rle: Rle | None) -> None:
        if rle is None or masks.rle_area(rle) == 0:
            carried.setdefault(annotation["image_id"], []).append(unpacked(annotation))
        else:
            kept.add(_instance_from_coco(annotation, rle))

    inspection = inspect_coco(document, most=most, take=take)
    if inspection.errors:
        raise CocoError(inspection.errors)
    document = inspection.document
    return Dataset(
        categories=tuple(_category_from_coco(category) for category in document["categories"]),
        images=tuple(_image_from_coco(image, carried.get(image["id"], [])) for image in document["images"]),
        instances=kept.instances(),
        extra={name: value for name, value in document.items() if name not in LISTS},
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
    return Image(
        image["id"],
        str(name_of(image)),
        image["width"],
        image["height"],
        "",
        reviewed=reviewed,
        extra=extra,
        note=note_of(ours),
        flags=flags_of(ours),
    )


def _instance_from_coco(annotation: dict[str, Any], rle: Rle) -> Instance:
    extra = {name: value for name, value in annotation.items() if name not in ANNOTATION_KEYS}
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
        crowd=annotation.get("iscrowd") == 1,
        flags=flags_of(ours),
        note=note_of(ours),
        locked=ours.get("locked") is True,
        vote=vote_of_provenance(ours),
        extra=extra,
    )


def flags_of(ours: dict[str, Any]) -> tuple[str, ...]:
    """What stands under our key, as far as it can be flags."""
    found = ours.get("flags")
    flags = {one for one in found if is_flag(one)} if isinstance(found, list) else set()
    return tuple(sorted(flags)[:MAX_FLAGS])


def note_of(ours: dict[str, Any]) -> str:
    found = ours.get("note")
    return found if is_note(found) else ""


def _is_source(text: str) -> bool:
    return 0 < len(text) <= _MAX_SOURCE and text.isprintable()
