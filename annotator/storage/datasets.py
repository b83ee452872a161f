"""A project as a dataset: what leaves in an export, and how an import comes in."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, literal_column, select, text, update
from sqlalchemy.dialects import sqlite

from annotator.core import masks
from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import CocoError
from annotator.core.masks import Rle
from annotator.core.review import MANUAL, Gesture
from annotator.storage import contents, decisions, images, schema
from annotator.storage.coco import PROVENANCE, WITHOUT_MASK, without_mask
from annotator.storage.images import IMPORT

_EXTRA = "import"  # the setting that keeps an imported file's own top-level keys
_AT_ONCE = 5_000  # rows in one statement


@dataclass(frozen=True)
class ImportReport:
    """What an import changed. `notes` says, a line each, which ids could not stay as they were and why."""

    images_added: int
    images_known: int
    instances_added: int
    instances_known: int
    categories_added: int
    notes: tuple[str, ...] = ()


# --- out -------------------------------------------------------------------------------------------------------------


def dataset(connection: Connection, *, reviewed_only: bool) -> Dataset:
    """The accepted instances with their provenance, their images and all categories, each in order of id."""
    pictures = images.images(connection, reviewed_only=reviewed_only)
    by_id = {image.id: image for image in pictures}
    table = schema.instances
    query = select(table).where(table.c.state == State.ACCEPTED.value).order_by(table.c.id)
    work = _work(connection)
    suggested = _edited_suggestions(connection)
    instances = []
    for row in connection.execute(query):
        image = by_id.get(row.image_id)
        if image is not None:
            instance = decisions.instance_of(row, image)
            instances.append(_with_provenance(instance, work.get(row.key, (0, None)), suggested.get(row.key)))
    extra = _imported_extra(connection)
    return Dataset(images.categories(connection), pictures, tuple(instances), extra)


def _work(connection: Connection) -> dict[str, tuple[int, float | None]]:
    """For each key, how many gestures edited it and the seconds spent; what a gesture changed shares its seconds."""
    table, gestures = schema.decisions, schema.gestures
    shared = select(table.c.gesture_id, func.count().label("changes")).group_by(table.c.gesture_id).subquery("shared")
    query = (
        select(
            table.c.key,
            func.sum(literal_column("gestures.verb = 'edit'")).label("edits"),
            func.sum(gestures.c.seconds / shared.c.changes).label("seconds"),
        )
        .join(gestures, gestures.c.id == table.c.gesture_id)
        .join(shared, shared.c.gesture_id == table.c.gesture_id)
        .group_by(table.c.key)
    )
    return {row.key: (int(row.edits), row.seconds) for row in connection.execute(query)}


def _edited_suggestions(connection: Connection) -> dict[str, str]:
    """The counts that a model suggested for each instance whose mask is another by now."""
    kept, old = schema.instances, schema.suggestions
    query = select(old.c.key, old.c.rle).join(kept, kept.c.key == old.c.key).where(kept.c.edited)
    return {row.key: row.rle for row in connection.execute(query)}


def _with_provenance(instance: Instance, work: tuple[int, float | None], suggested: str | None) -> Instance:
    edits, seconds = work
    found: dict[str, Any] = {"source": instance.source}
    model, at, version = instance.source.rpartition("@")
    if at:
        found |= {"model": model, "version": version, "score": instance.score}
    earlier = instance.extra.get(PROVENANCE)
    carried = dict(earlier) if isinstance(earlier, dict) else {}
    if instance.edited:
        found["decision"] = "edit"
    else:
        found["decision"] = carried.get("decision") or _first_decision(instance.source, from_model=bool(at))
    found["edits"] = edits + (carried["edits"] if isinstance(carried.get("edits"), int) else 0)
    if suggested is not None:
        found["iou"] = round(masks.rle_iou(instance.rle, Rle(instance.rle.height, instance.rle.width, suggested)), 6)
    elif at and not instance.edited:
        found["iou"] = carried.get("iou", 1.0)
    spent = [value for value in (carried.get("seconds"), seconds) if isinstance(value, int | float)]
    if spent:
        found["seconds"] = round(sum(spent), 3)
    extra = {name: value for name, value in instance.extra.items() if name != PROVENANCE}
    return Instance(**{**vars(instance), "extra": extra, "provenance": found})


def _first_decision(source: str, *, from_model: bool) -> str:
    if from_model:
        return "accept"
    return "add" if source == MANUAL else "import"


def _imported_extra(connection: Connection) -> dict[str, Any]:
    stored = connection.scalar(select(schema.settings.c.value).where(schema.settings.c.name == _EXTRA))
    return {} if stored is None else dict(json.loads(stored))


# --- in --------------------------------------------------------------------------------------------------------------


def put_contents(folder: Path, dataset: Dataset, pictures: Mapping[int, tuple[bytes, int, int]]) -> dict[int, str]:
    """Write every picture of the dataset; the SHA-256 of each by the dataset's image ids.

    Raises CocoError, listing every image without a picture or with one of another size.
    """
    problems = []
    hashes = {}
    for image in dataset.images:
        place = f"image {image.id} {image.file_name!r:.120}"
        try:
            content, width, height = pictures[image.id]
        except KeyError:
            problems.append(f"{place}: no picture was given for it")
            continue
        if (width, height) != (image.width, image.height):
            problems.append(f"{place}: the picture is {width} x {height}, the file says {image.width} x {image.height}")
        elif not problems:
            hashes[image.id] = contents.put(folder, content)
    if problems:
        raise CocoError(problems)
    return hashes


def import_dataset(connection: Connection, dataset: Dataset, hashes: Mapping[int, str]) -> ImportReport:
    """Take in the dataset inside the caller's transaction; ids stay what they are wherever they are free."""
    notes: list[str] = []
    category_ids, categories_added = _import_categories(connection, dataset.categories, notes)
    image_ids, images_added, fresh = _import_images(connection, dataset, hashes, category_ids, notes)
    touched, known = _import_instances(connection, dataset, category_ids, image_ids, notes)
    _write_history(connection, {**dict.fromkeys(fresh, ()), **touched})
    _keep_extra(connection, dataset.extra, notes)
    return ImportReport(
        images_added=images_added,
        images_known=len(dataset.images) - images_added,
        instances_added=len(dataset.instances) - known,
        instances_known=known,
        categories_added=categories_added,
        notes=tuple(notes),
    )


def _import_categories(
    connection: Connection, imported: tuple[Category, ...], notes: list[str]
) -> tuple[dict[int, int], int]:
    """The project's id for each of the file's, and how many were added."""
    ids: dict[int, int] = {}
    before = images.categories(connection)
    known = list(before)
    for category in imported:
        name = images.category_name(category.name)
        same = [other for other in before if other.name == name]
        mine = next((other for other in same if other.id == category.id), same[0] if same else None)
        if mine is None:
            free = all(other.id != category.id for other in known)
            wanted = Category(category.id, name, category.supercategory, category.extra)
            mine = images.add_category(connection, wanted, id=category.id if free else None, known=known)
            known.append(mine)
        if mine.id != category.id:
            notes.append(f"category {category.id} {name!r:.80}: is category {mine.id} in the project")
        ids[category.id] = mine.id
    return ids, len(known) - len(before)


def _import_images(
    connection: Connection,
    dataset: Dataset,
    hashes: Mapping[int, str],
    category_ids: Mapping[int, int],
    notes: list[str],
) -> tuple[dict[int, int], int, list[int]]:
    """The project's id for each of the file's, how many were added, and the ids of those that became reviewed."""
    ids: dict[int, int] = {}
    fresh: list[int] = []
    table = schema.images
    taken = set(connection.scalars(select(table.c.id)))
    by_sha256 = {row.sha256: row.id for row in connection.execute(select(table.c.sha256, table.c.id))}
    added = 0
    for image in dataset.images:
        sha256 = hashes[image.id]
        is_new = sha256 not in by_sha256
        mine = images.add_image(
            connection,
            sha256=sha256,
            file_name=image.file_name,
            width=image.width,
            height=image.height,
            extra={},
            id=image.id if image.id not in taken else None,
        )
        added += is_new
        by_sha256[sha256] = mine.id
        taken.add(mine.id)
        ids[image.id] = mine.id
        if mine.id != image.id:
            why = "its number was taken" if is_new else "the project has that picture"
            notes.append(f"image {image.id} {image.file_name!r:.120}: is image {mine.id} in the project, {why}")
        marked = image.extra.get(PROVENANCE)
        reviewed = not (isinstance(marked, dict) and marked.get("reviewed") is False)
        extra = _merged_extra(mine, image, category_ids)
        values: dict[str, Any] = {"extra": json.dumps(extra)}
        if reviewed and not mine.reviewed:
            values["reviewed"] = True
            fresh.append(mine.id)
        connection.execute(update(table).where(table.c.id == mine.id).values(values))
    carried = sum(len(without_mask(image)) for image in dataset.images)
    if carried:
        notes.append(f"{carried} annotations have no mask: they are kept aside and leave with the next export")
    return ids, added, fresh


def _merged_extra(mine: Image, imported: Image, category_ids: Mapping[int, int]) -> dict[str, Any]:
    """What the project knows of an image beyond our keys, and what the import adds to it."""
    extra = {**imported.extra, **mine.extra}
    extra.pop(PROVENANCE, None)
    aside = without_mask(mine)
    for annotation in without_mask(imported):
        kept = {**annotation, "image_id": mine.id, "category_id": category_ids[annotation["category_id"]]}
        if kept not in aside:
            aside.append(kept)
    if aside:
        extra[PROVENANCE] = {WITHOUT_MASK: aside}
    return extra


def _import_instances(
    connection: Connection,
    dataset: Dataset,
    category_ids: Mapping[int, int],
    image_ids: Mapping[int, int],
    notes: list[str],
) -> tuple[dict[int, list[Instance]], int]:
    """What was added or accepted by the project's image ids, and how many the project had accepted already."""
    table = schema.instances
    there = {
        (row.image_id, row.category_id, row.rle): row
        for row in connection.execute(select(table).where(table.c.state != State.DELETED.value))
    }
    states = {row.id: row.state for row in connection.execute(select(table.c.id, table.c.state))}
    last = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'instances'")) or 0
    next_id = max(last, *(instance.id for instance in dataset.instances), 0) + 1
    touched: dict[int, list[Instance]] = {}
    rows: list[dict[str, Any]] = []
    known = 0
    for instance in dataset.instances:
        image_id, category_id = image_ids[instance.image_id], category_ids[instance.category_id]
        same = there.get((image_id, category_id, instance.rle.counts))
        if same is not None and same.state == State.ACCEPTED.value:
            known += 1
            continue
        if same is not None:  # what a model suggested is what the file holds: it is accepted by that
            connection.execute(update(table).where(table.c.id == same.id).values(state=State.ACCEPTED.value))
            changes = {"id": same.id, "key": same.key, "source": same.source, "score": same.score}
        else:
            id = instance.id
            if id in states and states[id] != State.ACCEPTED.value:  # never exported, so its number is free to move
                connection.execute(update(table).where(table.c.id == id).values(id=next_id))
                states[next_id] = states.pop(id)
                next_id += 1
            elif id in states:
                notes.append(f"annotation {id}: is annotation {next_id} in the project, its number was taken")
                id, next_id = next_id, next_id + 1
            states[id] = State.ACCEPTED.value
            changes = {"id": id, "key": secrets.token_hex(8)}
        mine = Instance(
            **{
                **vars(instance),
                "image_id": image_id,
                "category_id": category_id,
                "state": State.ACCEPTED,
                **changes,
            }
        )
        if same is None:
            rows.append({**decisions.row_of(mine), "id": mine.id})
        touched.setdefault(image_id, []).append(mine)
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(insert(table), rows[start : start + _AT_ONCE])
    return touched, known


def _write_history(connection: Connection, touched: Mapping[int, Sequence[Instance]]) -> None:
    client = f"{IMPORT}-{secrets.token_hex(8)}"
    for number, (image_id, instances) in enumerate(touched.items()):
        revision = images.image_by_id(connection, image_id).revision
        connection.execute(update(schema.images).where(schema.images.c.id == image_id).values(revision=revision + 1))
        gesture = Gesture(image_id, client, number, revision, IMPORT, IMPORT, (), reviewed=True)
        decisions.write_history(connection, gesture, instances, revision=revision + 1)


def _keep_extra(connection: Connection, extra: Mapping[str, Any], notes: list[str]) -> None:
    """Merge a file's own top-level keys into those of earlier imports: lists grow, what is there stays."""
    merged = _imported_extra(connection)
    for name, value in extra.items():
        mine = merged.setdefault(name, value)
        if isinstance(mine, list) and isinstance(value, list):
            merged[name] = mine + [item for item in value if item not in mine]
        elif mine != value:
            notes.append(f"{name}: kept as an earlier import had it")
    if merged:
        row = {"name": _EXTRA, "value": json.dumps(merged)}
        statement = sqlite.insert(schema.settings).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
