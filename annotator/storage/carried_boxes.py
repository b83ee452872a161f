"""Objects that an import brought as boxes alone, each with the key of the instance that it becomes with a mask.

They stay among the image's keys: while such an instance stands, or a person has deleted it, the box is not said again.

Tests: tests/storage/test_bulk_masks.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Image, State, without_mask
from annotator.core.numbers import is_finite
from annotator.storage import schema
from annotator.storage.instances import among, chunks

Box = tuple[float, float, float, float]

PREFIX = "box-"
"""How the keys of these instances begin."""

_PLAIN = {"id", "image_id", "category_id", "segmentation", "area", "bbox", "iscrowd", "score", PROVENANCE}
_instances, _images = schema.instances, schema.images
_gestures, _decisions = schema.gestures, schema.decisions


@dataclass(frozen=True)
class CarriedBox:
    """One of them, xyxy and inside its picture. number: its place among the picture's. extra: what else was said."""

    key: str
    image_id: int
    number: int
    category_id: int
    box_xyxy: Box
    extra: dict[str, Any]


def key_of(annotation: dict[str, Any]) -> str:
    """The same for the same annotation of the same picture, whatever is imported later."""
    said = json.dumps(annotation, sort_keys=True)
    return PREFIX + hashlib.sha256(said.encode()).hexdigest()[:24]


def boxes_of(image: Image) -> list[CarriedBox]:
    """All of an image, but crowds and what has no pixel of the picture inside."""
    found = []
    for number, annotation in enumerate(without_mask(image)):
        box = _box_in(annotation.get("bbox"), image)
        if box is None or annotation.get("iscrowd"):
            continue
        extra = {name: value for name, value in annotation.items() if name not in _PLAIN}
        key = key_of(annotation)
        found.append(CarriedBox(key, image.id, number, annotation["category_id"], box, extra))
    return found


def _box_in(sides: Any, image: Image) -> Box | None:
    if not isinstance(sides, list) or len(sides) != 4 or not all(map(is_finite, sides)):
        return None
    x, y, width, height = map(float, sides)
    left, right = (min(max(value, 0.0), float(image.width)) for value in (x, x + width))
    top, bottom = (min(max(value, 0.0), float(image.height)) for value in (y, y + height))
    return (left, top, right, bottom) if right - left >= 0.5 and bottom - top >= 0.5 else None


def taken_keys(connection: Connection, image_ids: Sequence[int]) -> set[str]:
    """The keys of the boxes that are instances by now, or were until a person deleted them.

    One that the undo of its bulk took away is a box again.
    """
    found: set[str] = set()
    for some in chunks(image_ids):
        query = select(_instances.c.key, _instances.c.state).where(
            among(_instances.c.image_id, some), _instances.c.key.like(f"{PREFIX}%")
        )
        rows = connection.execute(query).all()
        gone = [row.key for row in rows if row.state == State.DELETED.value]
        found |= {row.key for row in rows} - _undone(connection, gone)
    return found


def _undone(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys of which an undo was the last that happened."""
    last = select(func.max(_decisions.c.id)).where(_decisions.c.key.in_(keys)).group_by(_decisions.c.key)
    query = (
        select(_decisions.c.key)
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        .where(_decisions.c.id.in_(last), _gestures.c.verb == "undo")
    )
    return set(connection.scalars(query)) if keys else set()


def without_taken(image: Image, taken: Collection[str]) -> Image:
    """The image without the boxes that are instances by now."""
    aside = without_mask(image)
    left = [annotation for annotation in aside if key_of(annotation) not in taken]
    if len(left) == len(aside):
        return image
    ours = {**image.extra[PROVENANCE], WITHOUT_MASK: left}
    return replace(image, extra={**image.extra, PROVENANCE: ours})
