"""Many boxes become masks: which they are, what a network answers to them, written, and taken back.

They are instances whose mask fills its box, and what an import carries along as a box alone.

Tests: tests/storage/test_bulk_masks.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, update

from annotator.core.dataset import WITHOUT_MASK, Image, Instance, State
from annotator.core.errors import GeometryError
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle, require_storable, rle_box_xyxy
from annotator.core.polygons import polygons_to_rle
from annotator.core.prompt import Prompted
from annotator.core.query import NUMBER, Query
from annotator.storage import bulk_repair, carried_boxes, categories, images, schema, search
from annotator.storage.bulk_repair import LATER, Mended, decided_before, measure_edits
from annotator.storage.carried_boxes import PREFIX, Box, CarriedBox
from annotator.storage.heatmaps import add_heatmaps
from annotator.storage.instances import among, row_of
from annotator.storage.prompts import name_of, prompted_to_text
from annotator.storage.search import Known
from annotator.storage.shapes import FORGOTTEN

_instances, _images = schema.instances, schema.images

MOST_CARRIED = 1 << 20
"""Boxes that an import may have left on one picture."""

_CHANGE_MASK = (
    update(_instances)
    .where(_instances.c.id == bindparam("of"))
    .values(rle=bindparam("now"), prompt=bindparam("said"), parts=None, **FORGOTTEN)
)


@dataclass(frozen=True, eq=False)
class Answered:
    """What a network answered to a box."""

    rle: Rle
    heatmap: Heatmap | None
    prompted: Prompted


Ask = Callable[[Image, Sequence[Box]], Sequence[Answered | None]]
"""An answer to each box of a picture; None where nothing is found."""


def find_nothing(image: Image, boxes: Sequence[Box]) -> list[None]:
    """Where no network is asked."""
    return [None] * len(boxes)


class CarriedTarget(NamedTuple):
    """As a row of an instance that an order is about; its id is below 0, and of no instance."""

    id: int
    key: str
    image_id: int
    score: float | None = None


def is_box() -> ColumnElement[bool]:
    """Of `schema.instances`, measured: whether it stands, and its mask fills its box. A crowd stays as it is."""
    stands = _instances.c.state.in_([State.ACCEPTED.value, State.SUGGESTED.value])
    fills = _instances.c.area == _instances.c.box_width * _instances.c.box_height
    return and_(stands, fills, _instances.c.area > 0, ~_instances.c.crowd)


def carried_targets(connection: Connection, query: Query, known: Known) -> list[CarriedTarget]:
    """The boxes that imports carried along, where nothing is asked of instances."""
    if any(term.field.of_instance for term in query.terms):
        return []
    has_some = _images.c.extra.contains(f'"{WITHOUT_MASK}"')
    asked = select(_images.c.id).where(~_images.c.removed, has_some, *search.image_conditions(query, known))
    numbers = query.of(NUMBER.name)
    ids = [id for id in connection.scalars(asked) if search.has_numbers(id, numbers)]
    return [
        CarriedTarget(-(image_id * MOST_CARRIED + one.number) - 1, one.key, image_id)
        for image_id in ids
        for one in open_boxes(connection, images.image_by_id(connection, image_id))
    ]


def open_boxes(connection: Connection, image: Image) -> list[CarriedBox]:
    """Those of an image that are no instances yet, of categories that stand."""
    boxes = carried_boxes.boxes_of(image)
    taken = carried_boxes.taken_keys(connection, [image.id]) if boxes else set()
    standing = categories.standing(connection)
    return [one for one in boxes if one.key not in taken and standing.is_live(one.category_id)]


@dataclass(frozen=True)
class Masked(Mended):
    """A box that has a mask now, or for which nothing was found. carried: of one that is no instance yet."""

    answered: Answered | None = field(default=None, compare=False)
    carried: CarriedBox | None = None


@dataclass(frozen=True)
class Boxes:
    """The boxes of one picture, each with what it will be, but for the mask."""

    image: Image
    boxes: tuple[tuple[Box, Masked], ...]


def read(connection: Connection, ids: Sequence[int]) -> list[Boxes]:
    """All that a network is asked, so that nothing is read while it answers. ids: as targets have them."""
    known = [id for id in ids if id >= 0]
    query = select(_instances.c.id, _instances.c.key, _instances.c.image_id, _instances.c.rle)
    rows = connection.execute(query.where(among(_instances.c.id, known))).all()
    carried = {id: divmod(-id - 1, MOST_CARRIED) for id in ids if id < 0}
    by_image: dict[int, list[tuple[Box, Masked]]] = {}
    read_images = {
        image_id: images.image_by_id(connection, image_id, in_bin=True)
        for image_id in sorted({row.image_id for row in rows} | {image_id for image_id, _ in carried.values()})
    }
    for row in rows:
        image = read_images[row.image_id]
        mask = Rle(image.height, image.width, row.rle)
        by_image.setdefault(image.id, []).append((rle_box_xyxy(mask), Masked(row.id, row.key, image.id, mask, None)))
    for id, (image_id, number) in carried.items():
        image = read_images[image_id]
        for one in carried_boxes.boxes_of(image):
            if one.number == number:
                before = _filled(one.box_xyxy, image)
                made = Masked(id, one.key, image_id, before, None, carried=one)
                by_image.setdefault(image_id, []).append((one.box_xyxy, made))
    return [Boxes(read_images[image_id], tuple(boxes)) for image_id, boxes in by_image.items()]


def _filled(box: Box, image: Image) -> Rle:
    left, top, right, bottom = box
    ring = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return polygons_to_rle([ring], height=image.height, width=image.width)


def masked(pictures: Sequence[Boxes], ask: Ask) -> list[Masked]:
    """Those boxes with what the network answers. Raises what it raises."""
    found = []
    for picture in pictures:
        answers = ask(picture.image, [box for box, _ in picture.boxes])
        for (_, one), answer in zip(picture.boxes, answers, strict=True):
            after = None if answer is None else _storable(answer.rle)
            found.append(Masked(one.id, one.key, one.image_id, one.before, after, answered=answer, carried=one.carried))
    return found


def _storable(rle: Rle) -> Rle | None:
    try:
        return require_storable(rle)
    except GeometryError:
        return None


def write(connection: Connection, found: Sequence[Masked]) -> list[int]:
    """Give the boxes their masks; the ids of the instances that have one now.

    An instance whose mask is no longer the box that was looked at stays as it is.
    """
    kept = [one for one in found if one.answered is not None and one.after is not None]
    query = select(_instances.c.id, _instances.c.rle).where(among(_instances.c.id, [one.id for one in kept]))
    masks = {row.id: row.rle for row in connection.execute(query)}
    written = {}
    for one in kept:
        if one.carried is not None:
            written[_add(connection, one, one.carried)] = one
        elif masks.get(one.id) == one.before.counts:
            values = {"of": one.id, "now": one.after.counts, "said": _said(one)} if one.after else {}
            connection.execute(_CHANGE_MASK, values)
            written[one.id] = one
    for one in written.values():
        said = _said(one)
        if one.answered is not None and one.answered.heatmap is not None:
            add_heatmaps(connection, one.image_id, {name_of(one.key, said): one.answered.heatmap})
    measure_edits(connection, list(written))
    return list(written)


def _said(one: Masked) -> str | None:
    return None if one.answered is None else prompted_to_text(one.answered.prompted)


def _add(connection: Connection, one: Masked, carried: CarriedBox) -> int:
    """The box as an instance; the id of its row, which an undo may have left."""
    instance = Instance(
        id=0,
        key=one.key,
        image_id=one.image_id,
        category_id=categories.standing(connection).of(carried.category_id),
        state=State.ACCEPTED,
        rle=one.after or one.before,
        source="import",
        prompted=one.answered.prompted if one.answered else None,
        extra=carried.extra,
    )
    row = row_of(instance)
    left = connection.scalar(select(_instances.c.id).where(_instances.c.key == one.key))
    if left is not None:
        connection.execute(update(_instances).where(_instances.c.id == left).values(row))
        return int(left)
    return int(connection.execute(insert(_instances).values(row).returning(_instances.c.id)).scalar_one())


def take_back(connection: Connection, ids: Sequence[int]) -> None:
    """Give the instances the mask that they had before their last decision; what was no instance is none again."""
    before = decided_before(LATER.c.state)
    was_none = and_(_instances.c.key.like(f"{PREFIX}%"), (before.is_(None)) | (before == State.DELETED.value))
    new = set(connection.scalars(select(_instances.c.id).where(among(_instances.c.id, ids), was_none)))
    connection.execute(update(_instances).where(among(_instances.c.id, new)).values(state=State.DELETED.value))
    others = [id for id in ids if id not in new]
    said = decided_before(LATER.c.prompt)
    connection.execute(update(_instances).where(among(_instances.c.id, others)).values(prompt=said))
    bulk_repair.take_back(connection, others)
