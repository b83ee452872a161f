"""The same repair for the masks of many instances: worked out before anybody waits for it, written, and taken back.

Tests: tests/storage/test_bulk_repair.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select, update

from annotator.core import repair
from annotator.core.dataset import State
from annotator.core.errors import GeometryError
from annotator.core.masks import Rle, require_storable, rle_area
from annotator.core.repair import Kind, Repair
from annotator.storage import schema
from annotator.storage.instances import chunks
from annotator.storage.shapes import FORGOTTEN

_images, _instances = schema.images, schema.instances
_gestures, _decisions, _suggestions = schema.gestures, schema.decisions, schema.suggestions

LATER = schema.decisions.alias("later")

LOOKED_AT = 240
"""Instances that a repair is tried on to show what it does."""

_CHANGE_MASK = (
    update(_instances)
    .where(_instances.c.id == bindparam("of"), _instances.c.rle == bindparam("was"))
    .values(rle=bindparam("now"), parts=bindparam("polygons"), **FORGOTTEN)
)


@dataclass(frozen=True)
class Mended:
    """An instance's mask before and after a repair that changes it. after: empty, or None where it cannot be stored."""

    id: int
    key: str
    image_id: int
    before: Rle
    after: Rle | None

    @property
    def is_kept(self) -> bool:
        """Whether something of it is left that can be stored."""
        return self.after is not None and rle_area(self.after) > 0


def mended(connection: Connection, wanted: Repair, ids: Sequence[int]) -> list[Mended]:
    """Those of the instances that the repair changes. What lies over them is accepted, or among them."""
    rows: dict[int, Any] = {}
    columns = (_instances.c.id, _instances.c.key, _instances.c.image_id, _instances.c.rle)
    joined = select(*columns, _images.c.height, _images.c.width).join(_images, _images.c.id == _instances.c.image_id)
    for some in chunks(ids):
        rows.update((row.id, row) for row in connection.execute(joined.where(_instances.c.id.in_(some))))
    masks = {id: Rle(row.height, row.width, row.rle) for id, row in rows.items()}
    above: dict[int, list[Rle]] = {}
    if wanted.kind is Kind.SUBTRACT:
        around = dict(rows)
        accepted = and_(_instances.c.state == State.ACCEPTED.value, ~_instances.c.crowd)
        for some in chunks(sorted({row.image_id for row in rows.values()})):
            query = joined.where(_instances.c.image_id.in_(some), accepted)
            around.update((row.id, row) for row in connection.execute(query))
        above = _above(list(around.values()), set(rows))
    found = []
    for id, row in rows.items():
        after = _mend(masks[id], wanted, above.get(id, []))
        if after != masks[id]:
            found.append(Mended(id, row.key, row.image_id, masks[id], after))
    return found


def samples(connection: Connection, wanted: Repair, rows: Sequence[Any], count: int) -> list[Mended]:
    """Some that the repair changes, from all over the pictures; those of which nothing would be left come first.

    rows: id and image_id of each instance.
    """
    if count == 0:
        return []
    step = -(-len(rows) // LOOKED_AT) or 1
    some = set(sorted({row.image_id for row in rows})[::step])
    ids = [row.id for row in rows if row.image_id in some][:LOOKED_AT]
    return sorted(mended(connection, wanted, ids), key=lambda one: one.is_kept)[:count]


def _above(rows: Sequence[Any], wanted: set[int]) -> dict[int, list[Rle]]:
    """By the id of each wanted instance the masks that lie over it."""
    by_image: dict[int, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        by_image.setdefault(row.image_id, []).append(row)
    found: dict[int, list[Rle]] = {}
    for together in by_image.values():
        rles = [Rle(row.height, row.width, row.rle) for row in together]
        for row, over in zip(together, repair.those_above(rles), strict=True):
            if row.id in wanted and over:
                found[row.id] = [rles[index] for index in over]
    return found


def _mend(rle: Rle, wanted: Repair, above: Sequence[Rle]) -> Rle | None:
    try:
        return require_storable(repair.mend(rle, wanted, above=above))
    except GeometryError:
        return None


def write(connection: Connection, found: Sequence[Mended]) -> list[int]:
    """Give the instances their new masks; the ids of those whose mask was still the one that was repaired.

    The polygons go, as they describe the old mask.
    """
    written: list[int] = []
    for one in found:
        if one.after is None:
            continue
        values = {"of": one.id, "was": one.before.counts, "now": one.after.counts, "polygons": None}
        if connection.execute(_CHANGE_MASK, values).rowcount:
            written.append(one.id)
    _measure(connection, written)
    return written


def take_back(connection: Connection, ids: Sequence[int]) -> None:
    """Give the instances the mask and the polygons that they had before their last decision."""
    mask, polygons = decided_before(LATER.c.rle), decided_before(LATER.c.parts)
    for some in chunks(ids):
        values = {"rle": func.coalesce(mask, offered(_suggestions.c.rle)), "parts": polygons, **FORGOTTEN}
        connection.execute(update(_instances).where(_instances.c.id.in_(some)).values(values))
    _measure(connection, ids)


def _measure(connection: Connection, ids: Sequence[int]) -> None:
    """An instance is edited whose mask is another than a model suggested or an import brought."""
    brought = (
        select(_decisions.c.rle)
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        .where(_decisions.c.key == _instances.c.key, _gestures.c.verb == "import")
        .order_by(_decisions.c.id.desc())
        .limit(1)
        .correlate(_instances)
        .scalar_subquery()
    )
    edited = func.coalesce(_instances.c.rle != func.coalesce(offered(_suggestions.c.rle), brought), False)
    for some in chunks(ids):
        connection.execute(update(_instances).where(_instances.c.id.in_(some)).values(edited=edited))


def decided_before(column: Any) -> Any:
    """Of `schema.instances`: a column of `LATER` as the last decision but one has it, NULL where there is none."""
    query = select(column).where(LATER.c.key == _instances.c.key).order_by(LATER.c.id.desc()).limit(1).offset(1)
    return query.correlate(_instances).scalar_subquery()


def offered(column: Any) -> Any:
    """Of `schema.instances`: a column of the suggestion that it began as, NULL where it is none."""
    return select(column).where(_suggestions.c.key == _instances.c.key).correlate(_instances).scalar_subquery()
