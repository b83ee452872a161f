"""The same repair for the masks of many instances: worked out before anybody waits for it, written, and taken back.

Tests: tests/storage/test_bulk_repair.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select, update

from annotator.core import repair
from annotator.core.clashes import Placed, settle
from annotator.core.dataset import State
from annotator.core.errors import GeometryError
from annotator.core.masks import Rle, require_storable, rle_area
from annotator.core.repair import Kind, Repair
from annotator.storage import schema
from annotator.storage.instances import among
from annotator.storage.shapes import FORGOTTEN

_images, _instances = schema.images, schema.instances
_gestures, _decisions, _suggestions = schema.gestures, schema.decisions, schema.suggestions

LATER = schema.decisions.alias("later")

LOOKED_AT = 240
"""Instances that a repair is tried on to show what it does."""

_CHANGE_MASK = (
    update(_instances)
    .where(_instances.c.id == bindparam("of"))
    .values(rle=bindparam("now"), parts=bindparam("polygons"), **FORGOTTEN)
)


@dataclass(frozen=True)
class Mended:
    """An instance's mask before and after a repair that changes it. after: empty, or None where it cannot be stored.

    goes: it is rejected, with the mask that it has.
    """

    id: int
    key: str
    image_id: int
    before: Rle
    after: Rle | None
    goes: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether something of it is left that can be stored."""
        return self.after is not None and rle_area(self.after) > 0


@dataclass(frozen=True)
class Before:
    """Rows of instances with the size of their picture: those to be repaired, and what is accepted around them."""

    rows: tuple[Row[Any], ...]
    around: tuple[Row[Any], ...] = ()


def read(connection: Connection, wanted: Repair, ids: Sequence[int]) -> Before:
    """All that `mended` looks at, so that nothing is read while masks are worked out: a reader makes others wait."""
    columns = [_instances.c.id, _instances.c.key, _instances.c.image_id, _instances.c.rle]
    if wanted.kind.is_of_clashes:
        columns += [
            getattr(_instances.c, name) for name in ("category_id", "state", "source", "edited", "score", "crowd")
        ]
    joined: Select[Any] = select(*columns, _images.c.height, _images.c.width).join(
        _images, _images.c.id == _instances.c.image_id
    )
    rows = connection.execute(joined.where(among(_instances.c.id, ids))).all()
    around: Sequence[Row[Any]] = ()
    if wanted.kind is Kind.SUBTRACT or wanted.kind.is_of_clashes:
        accepted = and_(_instances.c.state == State.ACCEPTED.value, ~_instances.c.crowd)
        on_them = among(_instances.c.image_id, {row.image_id for row in rows})
        around = connection.execute(joined.where(on_them, accepted)).all()
    return Before(tuple(rows), tuple(around))


def mended(before: Before, wanted: Repair) -> list[Mended]:
    """Those of the instances that the repair changes. What lies over them is accepted, or among them."""
    if wanted.kind.is_of_clashes:
        return _settled(before, wanted)
    rows = {row.id: row for row in before.rows}
    above: dict[int, list[Rle]] = {}
    if wanted.kind is Kind.SUBTRACT:
        above = _above(list((rows | {row.id: row for row in before.around}).values()), set(rows))
    found = []
    for id, row in rows.items():
        mask = Rle(row.height, row.width, row.rle)
        after = _mend(mask, wanted, above.get(id, []))
        if after != mask:
            found.append(Mended(id, row.key, row.image_id, mask, after))
    return found


def _settled(before: Before, wanted: Repair) -> list[Mended]:
    """Of a repair that looks at all of a picture together. A group is no double of its members."""
    mine = {row.id for row in before.rows}
    by_image: dict[int, dict[int, Any]] = {}
    for row in (*before.rows, *before.around):
        if row.state in (State.ACCEPTED.value, State.SUGGESTED.value) and not row.crowd:
            by_image.setdefault(row.image_id, {})[row.id] = row
    found = []
    for together in by_image.values():
        rows = [together[id] for id in sorted(together)]
        placed = [_placed(row, may_change=row.id in mine) for row in rows]
        try:
            settled = settle(placed, wanted)
        except GeometryError:  # a picture with so many masks over each other stays as it is
            continue
        for index, after in settled.items():
            row, rle = rows[index], placed[index].rle
            found.append(Mended(row.id, row.key, row.image_id, rle, after, goes=after is None))
    return found


def _placed(row: Any, *, may_change: bool) -> Placed:
    is_a_persons = row.edited or "@" not in row.source
    score = 1.0 if row.score is None else float(row.score)
    standing = (row.state == State.ACCEPTED.value, is_a_persons, score, -row.id)
    return Placed(Rle(row.height, row.width, row.rle), row.category_id, standing, may_change)


def some_of(rows: Sequence[Any]) -> list[int]:
    """The ids of instances that a repair is tried on, from all over the pictures. rows: id and image_id of each."""
    step = -(-len(rows) // LOOKED_AT) or 1
    some = set(sorted({row.image_id for row in rows})[::step])
    return [row.id for row in rows if row.image_id in some][:LOOKED_AT]


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
    query = select(_instances.c.id, _instances.c.rle).where(among(_instances.c.id, [one.id for one in found]))
    masks = {row.id: row.rle for row in connection.execute(query)}
    changed = [(one.id, one.after) for one in found if one.after is not None and masks.get(one.id) == one.before.counts]
    if changed:
        values = [{"of": id, "now": after.counts, "polygons": None} for id, after in changed]
        connection.execute(_CHANGE_MASK, values)
    written = [id for id, _ in changed]
    measure_edits(connection, written)
    return written


def reject(connection: Connection, found: Sequence[Mended]) -> list[int]:
    """Reject those that go; the ids of those whose mask was still the one that was looked at."""
    query = select(_instances.c.id, _instances.c.rle).where(among(_instances.c.id, [one.id for one in found]))
    masks = {row.id: row.rle for row in connection.execute(query)}
    ids = [one.id for one in found if masks.get(one.id) == one.before.counts]
    connection.execute(update(_instances).where(among(_instances.c.id, ids)).values(state=State.REJECTED.value))
    return ids


def take_back(connection: Connection, ids: Sequence[int]) -> None:
    """Give the instances the mask, the polygons and the state that they had before their last decision."""
    mask, polygons = decided_before(LATER.c.rle), decided_before(LATER.c.parts)
    state = func.coalesce(decided_before(LATER.c.state), State.SUGGESTED.value)
    values = {
        "rle": func.coalesce(mask, offered(_suggestions.c.rle)),
        "parts": polygons,
        "state": state,
        **FORGOTTEN,
    }
    connection.execute(update(_instances).where(among(_instances.c.id, ids)).values(values))
    measure_edits(connection, ids)


def measure_edits(connection: Connection, ids: Sequence[int]) -> None:
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
    connection.execute(update(_instances).where(among(_instances.c.id, ids)).values(edited=edited))


def decided_before(column: Any) -> Any:
    """Of `schema.instances`: a column of `LATER` as the last decision but one has it, NULL where there is none."""
    query = select(column).where(LATER.c.key == _instances.c.key).order_by(LATER.c.id.desc()).limit(1).offset(1)
    return query.correlate(_instances).scalar_subquery()


def offered(column: Any) -> Any:
    """Of `schema.instances`: a column of the suggestion that it began as, NULL where it is none."""
    return select(column).where(_suggestions.c.key == _instances.c.key).correlate(_instances).scalar_subquery()
