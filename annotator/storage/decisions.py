"""Suggestions, gestures and the instances they lead to."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, insert, select, update

from annotator.core import masks, review
from annotator.core.dataset import Category, Image, Instance, State, Suggestion
from annotator.core.errors import GeometryError, GestureError, StaleRevisionError, StoreError
from annotator.core.masks import Rle
from annotator.core.review import Decision, Gesture
from annotator.storage import categories, heatmaps, images, schema
from annotator.storage.database import now
from annotator.storage.parts import parts_to_bytes
from annotator.storage.stored import json_of, parts_of

_AT_ONCE = 500  # keys in one query: SQLite takes 32,766 variables, older builds 999

# What every gesture and every pre-labelled picture runs is put together once: making a statement takes longer than
# running it.
_ANSWERED = select(schema.gestures.c.digest, schema.gestures.c.revision_after).where(
    schema.gestures.c.client == bindparam("client"), schema.gestures.c.number == bindparam("number")
)
_CHANGE_INSTANCE = update(schema.instances).where(schema.instances.c.key == bindparam("of"))
_ADD_INSTANCE = insert(schema.instances)
_CHANGE_IMAGE = update(schema.images).where(schema.images.c.id == bindparam("of"))
_ADD_GESTURE = insert(schema.gestures).returning(schema.gestures.c.id)
_ADD_DECISIONS = insert(schema.decisions)
_ADD_SUGGESTION = insert(schema.suggestions)
_CATEGORY_IDS = select(schema.categories.c.id)
_IN_STATES = schema.instances.c.state.in_(bindparam("states", expanding=True))
_OF_IMAGE = select(schema.instances).where(schema.instances.c.image_id == bindparam("of"), _IN_STATES).order_by("id")
_BY_KEYS = {
    table.name: select(table).where(table.c.key.in_(bindparam("keys", expanding=True)))
    for table in (schema.instances, schema.suggestions)
}


# --- instances -------------------------------------------------------------------------------------------------------


def instances(connection: Connection, image: Image, *, states: Collection[State]) -> tuple[Instance, ...]:
    """The image's instances in these states, in order of id."""
    wanted = {"of": image.id, "states": [State(state).value for state in states]}
    return tuple(instance_of(row, image) for row in connection.execute(_OF_IMAGE, wanted))


def instance_of(row: Row[Any], image: Image) -> Instance:
    return Instance(
        id=row.id,
        key=row.key,
        image_id=row.image_id,
        category_id=row.category_id,
        state=State(row.state),
        rle=Rle(image.height, image.width, row.rle),
        parts=parts_of(row.parts, f"instance {row.key}"),
        source=row.source,
        score=row.score,
        edited=row.edited,
        crowd=row.crowd,
        extra=json_of(row.extra, f"instance {row.key}"),
    )


def row_of(instance: Instance) -> dict[str, Any]:
    """Every column of the instance but its id, which the database gives to a new one."""
    return {
        "key": instance.key,
        "image_id": instance.image_id,
        "category_id": instance.category_id,
        "state": instance.state.value,
        "rle": instance.rle.counts,
        "parts": parts_to_bytes(instance.parts),
        "source": instance.source,
        "score": instance.score,
        "edited": instance.edited,
        "extra": json.dumps(instance.extra),
        "crowd": instance.crowd,
    }


def delete_instances(connection: Connection, image_id: int) -> None:
    """Forget an image's current state and what it was cut from; its suggestions and decisions stay."""
    heatmaps.delete_heatmaps(connection, schema.heatmaps.c.image_id == image_id)
    connection.execute(delete(schema.instances).where(schema.instances.c.image_id == image_id))


# --- suggestions -----------------------------------------------------------------------------------------------------


def set_suggestions(connection: Connection, image_id: int, suggestions: Sequence[Suggestion]) -> None:
    """Replace what nobody has touched yet; whatever a person decided or changed stays.

    The image's revision stays too: a gesture that a page makes meanwhile still finds the suggestion it was made on.
    """
    image = images.image_by_id(connection, image_id)
    known = set(connection.scalars(_CATEGORY_IDS))
    normal = masks.are_normal([one.rle.counts for one in suggestions], height=image.height, width=image.width)
    offered = [
        _checked(suggestion, index, image=image, known=known, normal=normal)
        for index, suggestion in enumerate(suggestions)
    ]
    if image.prelabelled:
        kept, old = schema.instances, schema.suggestions
        untouched = exists().where(
            old.c.key == kept.c.key, old.c.category_id == kept.c.category_id, old.c.rle == kept.c.rle
        )
        replaced = (kept.c.image_id == image_id, kept.c.state == State.SUGGESTED.value, untouched)
        heatmaps.delete_heatmaps(connection, schema.heatmaps.c.key.in_(select(kept.c.key).where(*replaced)))
        connection.execute(delete(kept).where(*replaced))
    fresh = [
        Instance(
            0, secrets.token_hex(8), image_id, one.category_id, State.SUGGESTED, one.rle, None, one.source, one.score
        )
        for one in offered
    ]
    if fresh:
        at = now()
        connection.execute(_ADD_SUGGESTION, [_suggestion_row(instance, at) for instance in fresh])
        connection.execute(_ADD_INSTANCE, [row_of(instance) for instance in fresh])
        cut_from = {made.key: one.heatmap for made, one in zip(fresh, offered, strict=True) if one.heatmap is not None}
        heatmaps.add_heatmaps(connection, image_id, cut_from)
    connection.execute(_CHANGE_IMAGE, {"of": image_id, "prelabelled": True})


def _checked(suggestion: Suggestion, index: int, *, image: Image, known: set[int], normal: bool) -> Suggestion:
    """normal: its RLE is known to be in the normal form of an image of this size."""
    place = f"image {image.id}: suggestions[{index}]"
    rle = suggestion.rle
    if suggestion.category_id not in known:
        raise StoreError(f"{place}: category {suggestion.category_id} is not in the project")
    if not 0 <= suggestion.score <= 1:
        raise StoreError(f"{place}: score is {suggestion.score}, expected 0 to 1")
    if (rle.height, rle.width) != (image.height, image.width):
        raise StoreError(f"{place}: size {[rle.height, rle.width]}, image is {[image.height, image.width]}")
    try:
        if not normal:
            rle = masks.checked_rle(rle.counts, height=image.height, width=image.width)
    except GeometryError as error:
        raise StoreError(f"{place}: {error}") from error
    if masks.rle_area(rle) == 0:
        raise StoreError(f"{place}: the mask is empty")
    return Suggestion(suggestion.category_id, float(suggestion.score), rle, suggestion.source, suggestion.heatmap)


def _suggestion_row(instance: Instance, at: str) -> dict[str, Any]:
    return {
        "key": instance.key,
        "image_id": instance.image_id,
        "category_id": instance.category_id,
        "score": instance.score,
        "rle": instance.rle.counts,
        "source": instance.source,
        "at": at,
    }


# --- gestures --------------------------------------------------------------------------------------------------------


def answered(connection: Connection, gesture: Gesture) -> int | None:
    """The revision that this gesture led to when it came for the first time; None where it is new."""
    named = {"client": gesture.client, "number": gesture.number}
    found = connection.execute(_ANSWERED, named).one_or_none()
    if found is None:
        return None
    if found.digest != _digest(gesture):
        raise GestureError(f"gesture {gesture.client}/{gesture.number}: the number was used for another gesture before")
    return int(found.revision_after)


def record(connection: Connection, gesture: Gesture, image: Image) -> int:
    """Apply a new gesture and write it into the history, inside the caller's transaction; the image's new revision."""
    if gesture.revision != image.revision:
        raise StaleRevisionError(
            f"image {image.id}: the gesture was made on revision {gesture.revision}, the stored one is {image.revision}"
        )
    changed = _applied(connection, gesture, image)
    for instance in changed:
        row = row_of(instance)
        known = connection.execute(_CHANGE_INSTANCE, row | {"of": instance.key})
        if known.rowcount == 0:
            connection.execute(_ADD_INSTANCE, row)
    reviewed = image.reviewed if gesture.reviewed is None else gesture.reviewed
    revision = image.revision + 1
    connection.execute(_CHANGE_IMAGE, {"of": image.id, "revision": revision, "reviewed": reviewed})
    cuts = _levels_of(connection, gesture, changed, image)
    write_history(connection, gesture, changed, revision=revision, cuts=cuts)
    return revision


def write_history(
    connection: Connection,
    gesture: Gesture,
    changed: Sequence[Instance],
    *,
    revision: int,
    cuts: Mapping[str, int],
) -> None:
    """Append the gesture and one decision for each instance it changed. cuts: by key, the level that made the mask."""
    added = {
        "image_id": gesture.image_id,
        "client": gesture.client,
        "number": gesture.number,
        "digest": _digest(gesture),
        "verb": gesture.verb,
        "who": images.plain_text(gesture.who),
        "at": now(),
        "revision_before": gesture.revision,
        "revision_after": revision,
        "reviewed": gesture.reviewed,
        "threshold": gesture.threshold,
        "seconds": gesture.seconds,
    }
    gesture_id = connection.execute(_ADD_GESTURE, added).scalar_one()
    if changed:
        rows = [decision_row(gesture_id, instance) | {"cut": cuts.get(instance.key)} for instance in changed]
        connection.execute(_ADD_DECISIONS, rows)


def _levels_of(connection: Connection, gesture: Gesture, changed: Sequence[Instance], image: Image) -> dict[str, int]:
    """By key, the levels at which the gesture cut heatmaps, after keeping those that it brings for new instances.

    Raises GestureError where a mask is not the one that the level gives here. Where the heatmap is gone, with a
    suggestion that another took the place of, the mask stands as any other that a person made.
    """
    brought = {change.key: change.heatmap for change in gesture.changes if change.heatmap is not None}
    offered = {row.key for row in _rows_of(connection, schema.suggestions, list(brought))}
    own = {key: heatmap for key, heatmap in brought.items() if key not in offered}
    heatmaps.add_heatmaps(connection, image.id, own)
    levels = {}
    for change, instance in zip(gesture.changes, changed, strict=True):
        found = None if change.cut is None else heatmaps.heatmap(connection, image, change.key)
        if found is None or change.cut is None:
            continue
        if instance.rle != found.cut(change.cut, height=image.height, width=image.width):
            raise GestureError(f"instance {change.key}: the mask is not its heatmap cut at 0.{change.cut:02d}")
        levels[change.key] = change.cut
    return levels


def _digest(gesture: Gesture) -> str:
    """Of what the gesture does, not of the circumstances that may differ when it is sent again."""
    said = [gesture.image_id, gesture.verb, gesture.reviewed]
    hashed = hashlib.sha256(json.dumps(said).encode())
    for change in gesture.changes:
        rle = None if change.rle is None else [change.rle.height, change.rle.width, change.rle.counts]
        hashed.update(json.dumps([change.key, change.category_id, change.state, rle]).encode())
        hashed.update(parts_to_bytes(change.parts) or b"-")
        if change.cut is not None:  # what was recorded before there were levels keeps its digest
            hashed.update(b"%d" % change.cut)
        if change.crowd is not None:
            hashed.update(b"crowd %d" % change.crowd)
    return hashed.hexdigest()


def decision_row(gesture_id: int, instance: Instance) -> dict[str, Any]:
    """What the history keeps of an instance as a gesture left it."""
    row = row_of(instance)
    columns = ("key", "state", "category_id", "rle", "parts", "source", "score", "crowd")
    return {"gesture_id": gesture_id, **{name: row[name] for name in columns}}


def _applied(connection: Connection, gesture: Gesture, image: Image) -> list[Instance]:
    keys = [change.key for change in gesture.changes]
    known = {category.id: category for category in categories.categories(connection)}
    _require_categories(gesture, known)
    stored = {
        row.key: instance_of(row, image) for row in _rows_of(connection, schema.instances, keys)
    }  # of any image: `apply` refuses another image's
    offered = {row.key: row for row in _rows_of(connection, schema.suggestions, keys)}
    brought = _imported(connection, [key for key in stored if key not in offered])
    changed = []
    for change in gesture.changes:
        row = offered.get(change.key)
        before = stored.get(change.key)
        if before is None and row is not None:
            rle = Rle(image.height, image.width, row.rle)
            before = Instance(
                0, row.key, row.image_id, row.category_id, State.SUGGESTED, rle, None, row.source, row.score
            )
        original = row.rle if row is not None else brought.get(change.key)
        changed.append(
            review.apply(
                change,
                image=image,
                before=before,
                original=None if original is None else Rle(image.height, image.width, original),
            )
        )
    return changed


def _require_categories(gesture: Gesture, known: dict[int, Category]) -> None:
    for index, change in enumerate(gesture.changes):
        if change.category_id not in known:
            raise GestureError(f"changes[{index}].category is {change.category_id}, which is not in the project")


def _rows_of(connection: Connection, table: Any, keys: Sequence[str]) -> Iterable[Row[Any]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield from connection.execute(_BY_KEYS[table.name], {"keys": list(keys[start : start + _AT_ONCE])})


def _imported(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """The counts that an import brought under each key."""
    decisions, gestures = schema.decisions, schema.gestures
    found: dict[str, str] = {}
    for start in range(0, len(keys), _AT_ONCE):
        query = (
            select(decisions.c.key, decisions.c.rle)
            .join(gestures, gestures.c.id == decisions.c.gesture_id)
            .where(decisions.c.key.in_(keys[start : start + _AT_ONCE]), gestures.c.verb == images.IMPORT)
            .order_by(decisions.c.id.desc())
        )
        found.update({row.key: row.rle for row in connection.execute(query)})
    return found


# --- history ---------------------------------------------------------------------------------------------------------


def fetch_decisions(connection: Connection, image_id: int | None) -> Sequence[Row[Any]]:
    """The history of one image, or of all of them, oldest first, as the database has it."""
    table, gestures, pictures = schema.decisions, schema.gestures, schema.images
    query = (
        select(table, gestures, pictures.c.width, pictures.c.height)
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
        cut=row.cut,
        crowd=row.crowd,
    )
