"""Gestures become decisions: the history, which is only added to, and the instances as it leaves them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from annotator.core import review
from annotator.core.dataset import Image, Instance, State
from annotator.core.errors import GestureError, StaleRevisionError
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle
from annotator.core.prompt import prompted_to_json
from annotator.core.review import Change, Decision, Drawn, Gesture
from annotator.storage import categories, heatmaps, images, schema
from annotator.storage.database import now
from annotator.storage.instances import chunks, instance_of, masks_size, require_room, row_of
from annotator.storage.parts import parts_to_bytes
from annotator.storage.prompts import name_of, prompted_of, prompted_to_text
from annotator.storage.stored import json_of, parts_of
from annotator.storage.suggestions import instance_offered

# What every gesture runs is put together once: making a statement takes longer than running it.
_ANSWERED = select(schema.gestures.c.digest, schema.gestures.c.revision_after).where(
    schema.gestures.c.client == bindparam("client"), schema.gestures.c.number == bindparam("number")
)
_CHANGE_INSTANCE = update(schema.instances).where(schema.instances.c.key == bindparam("of"))
_ADD_INSTANCE = insert(schema.instances)
_CHANGE_IMAGE = update(schema.images).where(schema.images.c.id == bindparam("of"))
MAX_CLICKS = 10_000
"""Presses that are counted of one gesture."""

_ADD_GESTURE = insert(schema.gestures).returning(schema.gestures.c.id)
_ADD_DECISIONS = insert(schema.decisions)
_BY_KEYS = {
    table.name: select(table).where(table.c.key.in_(bindparam("keys", expanding=True)))
    for table in (schema.instances, schema.suggestions, schema.heatmaps)
}
_IMPORTED = (
    select(schema.decisions.c.key, schema.decisions.c.rle)
    .join(schema.gestures, schema.gestures.c.id == schema.decisions.c.gesture_id)
    .where(
        schema.decisions.c.key.in_(bindparam("keys", expanding=True)),
        schema.gestures.c.verb == bindparam("verb"),
    )
    .order_by(schema.decisions.c.id.desc())
)


DECIDED = (
    "key",
    "state",
    "category_id",
    "rle",
    "parts",
    "source",
    "score",
    "crowd",
    "flags",
    "note",
    "locked",
    "prompt",
)
"""The columns of an instance that the history keeps with each decision."""


# --- before anybody waits --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """A gesture whose slow part is done already, before it waits for the write lock.

    `digest` is of what the gesture says. `drawn` has the mask of each change, None where it stays.
    """

    gesture: Gesture
    digest: str
    drawn: tuple[Drawn | None, ...]


def digest_of(gesture: Gesture) -> str:
    """Digest of what the gesture does. It leaves out what may differ when the same gesture is sent again."""
    said = [gesture.image_id, gesture.verb, gesture.reviewed]
    hashed = hashlib.sha256(json.dumps(said).encode())
    for change in gesture.changes:
        rle = None if change.rle is None else [change.rle.height, change.rle.width, change.rle.counts]
        hashed.update(json.dumps([change.key, change.category_id, change.state, rle]).encode())
        hashed.update(parts_to_bytes(change.parts) or b"-")
        if change.level is not None:  # what was recorded before there were levels keeps its digest
            hashed.update(b"%d" % change.level)
        if change.crowd is not None:
            hashed.update(b"crowd %d" % change.crowd)
        said = [change.flags, change.note, change.locked]
        if said != [None, None, None]:
            hashed.update(json.dumps(said).encode())
        if change.prompted is not None:
            hashed.update(json.dumps(prompted_to_json(change.prompted)).encode())
    if gesture.note is not None:
        hashed.update(json.dumps(["note", gesture.note]).encode())
    return hashed.hexdigest()


def answered(connection: Connection, gesture: Gesture, digest: str) -> int | None:
    """The revision that this gesture led to when it came for the first time; None where it is new."""
    named = {"client": gesture.client, "number": gesture.number}
    found = connection.execute(_ANSWERED, named).one_or_none()
    if found is None:
        return None
    if found.digest != digest:
        raise GestureError(f"gesture {gesture.client}/{gesture.number}: the number was used for another gesture before")
    return int(found.revision_after)


def require_current(gesture: Gesture, image: Image) -> None:
    """Raise StaleRevisionError where the image was changed since the revision that the gesture was made on."""
    if gesture.revision != image.revision:
        raise StaleRevisionError(
            f"image {image.id}: the gesture was made on revision {gesture.revision}, the stored one is {image.revision}"
        )


def heatmaps_of(connection: Connection, gesture: Gesture, image: Image) -> dict[str, Heatmap]:
    """By key, the heatmaps of the instances whose change says a level: as stored, else as the gesture brings it.

    If the heatmap is gone (its suggestion was replaced), the mask is stored without a level, like a hand-drawn one.
    """
    levelled = [change.key for change in gesture.changes if change.level is not None]
    if not levelled:
        return {}
    prompts, brought = _prompts_after(connection, gesture), _own_heatmaps(connection, gesture)
    found = {}
    for key in levelled:
        own = brought.get(name_of(key, prompts[key]))
        stored = heatmaps.heatmap(connection, image, key, prompts[key])
        found[key] = (stored or own) if prompts[key] is None else (own or stored)
    return {key: heatmap for key, heatmap in found.items() if heatmap is not None}


def _prompts_after(connection: Connection, gesture: Gesture) -> dict[str, str | None]:
    """By key, the prompt of each changed instance as the gesture leaves it, as the database has it."""
    stored = {
        row.key: row.prompt for row in _rows_of(connection, schema.instances, [one.key for one in gesture.changes])
    }
    said = {one.key: prompted_to_text(one.prompted) for one in gesture.changes if one.prompted is not None}
    return {one.key: said[one.key] if one.key in said else stored.get(one.key) for one in gesture.changes}


def _own_heatmaps(connection: Connection, gesture: Gesture) -> dict[str, Heatmap]:
    """By name, the heatmaps that the gesture brings; a suggestion keeps the one it has."""
    brought = {change.key: change.heatmap for change in gesture.changes if change.heatmap is not None}
    offered = {row.key for row in _rows_of(connection, schema.suggestions, list(brought))}
    prompts = _prompts_after(connection, gesture) if brought else {}
    named = {name_of(key, prompts[key]): heatmap for key, heatmap in brought.items()}
    return {name: heatmap for name, heatmap in named.items() if name not in offered}


# --- in the transaction ----------------------------------------------------------------------------------------------


def record(connection: Connection, prepared: Prepared, image: Image) -> int:
    """Apply a new gesture and write it into the history, inside the caller's transaction; the image's new revision.

    image: as it is stored now. Raises StaleRevisionError, GestureError.
    """
    gesture = prepared.gesture
    require_current(gesture, image)
    stored = {row.key: row for row in _rows_of(connection, schema.instances, [one.key for one in gesture.changes])}
    rows = [row_of(instance) for instance in _apply_changes(connection, prepared, image, stored)]
    _write_instances(connection, rows, stored)
    reviewed = image.reviewed if gesture.reviewed is None else gesture.reviewed
    revision = image.revision + 1
    note = image.note if gesture.note is None else images.plain_text(gesture.note)
    connection.execute(_CHANGE_IMAGE, {"of": image.id, "revision": revision, "reviewed": reviewed, "note": note})
    heatmaps.add_heatmaps(connection, image.id, _own_heatmaps(connection, gesture))
    _write_history(connection, prepared, rows, revision=revision)
    return revision


def _apply_changes(
    connection: Connection, prepared: Prepared, image: Image, stored: Mapping[str, Row[Any]]
) -> list[Instance]:
    """The instances as the gesture leaves them. stored: their rows by key, of any image: `apply` refuses another's."""
    gesture = replace(prepared.gesture, changes=_in_live_categories(connection, prepared.gesture))
    offered = {row.key: row for row in _rows_of(connection, schema.suggestions, [one.key for one in gesture.changes])}
    imported = _imported_counts(connection, [key for key in stored if key not in offered])
    changed = []
    for change, drawn in zip(gesture.changes, prepared.drawn, strict=True):
        row = offered.get(change.key)
        before = None
        if change.key in stored:
            before = instance_of(stored[change.key], image)
        elif row is not None:
            before = instance_offered(row, image)
        counts = row.rle if row is not None else imported.get(change.key)
        original = None if counts is None else Rle(image.height, image.width, counts)
        changed.append(review.apply(change, drawn=drawn, image=image, before=before, original=original))
    return changed


def _in_live_categories(connection: Connection, gesture: Gesture) -> tuple[Change, ...]:
    """The changes, each in the category that its own counts as by now.

    Somebody may have merged or removed a category while the gesture was on its way. A decision about an instance of a
    removed one brings the category back, so that the decision is not lost. Raises GestureError.
    """
    known = categories.standing(connection)
    for index, change in enumerate(gesture.changes):
        if change.category_id not in known.ids:
            raise GestureError(f"changes[{index}].category is {change.category_id}, which is not in the project")
    changes = tuple(replace(one, category_id=known.of(one.category_id)) for one in gesture.changes)
    wanted = {one.category_id for one in changes if one.state != State.DELETED} & known.removed
    if wanted:
        categories.revive(connection, wanted)
    return changes


def _write_instances(connection: Connection, rows: Sequence[dict[str, Any]], stored: Mapping[str, Row[Any]]) -> None:
    """Raises GestureError where an image that has too many masks would have more."""
    changed = [row | {"of": row["key"]} for row in rows if row["key"] in stored]
    new = [row for row in rows if row["key"] not in stored]
    if changed:
        connection.execute(_CHANGE_INSTANCE, changed)
    if new:
        connection.execute(_ADD_INSTANCE, new)
    if sum(map(masks_size, rows)) > sum(masks_size(row._mapping) for row in stored.values()):
        require_room(connection, [rows[0]["image_id"]], error=GestureError)


def _write_history(
    connection: Connection, prepared: Prepared, rows: Sequence[Mapping[str, Any]], *, revision: int
) -> None:
    """Append the gesture and one decision for each instance that it changed. rows: the instances' new ones."""
    gesture = prepared.gesture
    added = {
        "image_id": gesture.image_id,
        "client": gesture.client,
        "number": gesture.number,
        "digest": prepared.digest,
        "verb": gesture.verb,
        "who": images.plain_text(gesture.who),
        "at": now(),
        "revision_before": gesture.revision,
        "revision_after": revision,
        "reviewed": gesture.reviewed,
        "threshold": gesture.threshold,
        "seconds": gesture.seconds,
        "tool": gesture.tool,
        "clicks": None if gesture.clicks is None else min(gesture.clicks, MAX_CLICKS),
        "note": None if gesture.note is None else images.plain_text(gesture.note),
    }
    gesture_id = connection.execute(_ADD_GESTURE, added).scalar_one()
    levels = _kept_levels(connection, prepared)
    if rows:
        decided = [decision_row(gesture_id, row) | {"cut": levels.get(row["key"])} for row in rows]
        connection.execute(_ADD_DECISIONS, decided)


def _kept_levels(connection: Connection, prepared: Prepared) -> dict[str, int]:
    """By key, the levels that made masks, where the heatmap is still there."""
    pairs = zip(prepared.gesture.changes, prepared.drawn, strict=True)
    levels = {change.key: drawn.level for change, drawn in pairs if drawn is not None and drawn.level is not None}
    if not levels:
        return {}
    prompts = _prompts_after(connection, prepared.gesture)
    names = {key: [key, name_of(key, prompts[key])] for key in levels}
    kept = {row.key for row in _rows_of(connection, schema.heatmaps, [one for each in names.values() for one in each])}
    return {key: level for key, level in levels.items() if kept & set(names[key])}


def decision_row(gesture_id: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the history keeps of an instance's row as a gesture left it."""
    return {"gesture_id": gesture_id, **{name: row[name] for name in DECIDED}}


def _rows_of(connection: Connection, table: Any, keys: Sequence[str]) -> Iterable[Row[Any]]:
    for some in chunks(keys):
        yield from connection.execute(_BY_KEYS[table.name], {"keys": list(some)})


def _imported_counts(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """The counts that an import brought under each key."""
    found: dict[str, str] = {}
    for some in chunks(keys):
        asked = {"keys": some, "verb": images.IMPORT}
        found.update({row.key: row.rle for row in connection.execute(_IMPORTED, asked)})
    return found


# --- history ---------------------------------------------------------------------------------------------------------


_GESTURE_COLUMNS = [column for column in schema.gestures.c if column.name not in ("id", "note", "flags")]


def fetch_decisions(connection: Connection, image_id: int | None) -> Sequence[Row[Any]]:
    """The history of one image, or of all of them, oldest first, as the database has it."""
    table, gestures, pictures = schema.decisions, schema.gestures, schema.images
    query = (
        select(table, *_GESTURE_COLUMNS, pictures.c.width, pictures.c.height)
        .join(gestures, gestures.c.id == table.c.gesture_id)
        .join(pictures, pictures.c.id == gestures.c.image_id)
        .order_by(table.c.id)
    )
    if image_id is not None:
        query = query.where(gestures.c.image_id == image_id)
    return connection.execute(query).all()


def decision_of(row: Row[Any]) -> Decision:
    return Decision(
        id=row.id,
        image_id=row.image_id,
        client=row.client,
        number=row.number,
        revision=row.revision_after,
        verb=row.verb,
        who=row.who,
        at=row.at,
        key=row.key,
        state=State(row.state),
        category_id=row.category_id,
        rle=Rle(row.height, row.width, row.rle),
        parts=parts_of(row.parts, f"decision {row.id}"),
        source=row.source,
        score=row.score,
        threshold=row.threshold,
        seconds=row.seconds,
        level=row.cut,
        crowd=row.crowd,
        flags=None if row.flags is None else tuple(json_of(row.flags, f"decision {row.id}")),
        note=row.note,
        locked=row.locked,
        prompted=prompted_of(row.prompt, f"decision {row.id}"),
    )
