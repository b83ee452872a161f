"""A project as a dataset: what leaves in an export, and how an import comes in."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, literal_column, select, text, update
from sqlalchemy.dialects import sqlite

from annotator.core import masks
from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import AnnotatorError, CocoError
from annotator.core.masks import Rle
from annotator.core.review import MANUAL
from annotator.storage import contents, decisions, images, schema
from annotator.storage.coco import PROVENANCE, WITHOUT_MASK, without_mask
from annotator.storage.database import now
from annotator.storage.images import IMPORT

_EXTRA = "import"  # the setting that keeps an imported file's own top-level keys
_AT_ONCE = 5_000  # rows in one statement
_AGES = 1e9  # seconds; more is no time that somebody spent


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


@dataclass(frozen=True)
class Rows:
    """What a dataset is made of, as the database has it."""

    categories: tuple[Category, ...]
    images: tuple[Image, ...]
    instances: Sequence[Row[Any]]
    work: dict[str, tuple[int, float | None]]
    suggested: dict[str, str]
    extra: dict[str, Any]


def fetch(connection: Connection, *, reviewed_only: bool) -> Rows:
    """Everything at one moment. Nothing is computed here: as long as somebody reads, nobody can commit."""
    table = schema.instances
    query = select(table).where(table.c.state == State.ACCEPTED.value).order_by(table.c.id)
    return Rows(
        categories=images.categories(connection),
        images=images.images(connection, reviewed_only=reviewed_only),
        instances=connection.execute(query).all(),
        work=_work(connection),
        suggested=_edited_suggestions(connection),
        extra=_imported_extra(connection),
    )


def dataset(rows: Rows) -> Dataset:
    """The accepted instances with their provenance, their images and all categories, each in order of id."""
    by_id = {image.id: image for image in rows.images}
    instances = []
    for row in rows.instances:
        image = by_id.get(row.image_id)
        if image is not None:
            instance = decisions.instance_of(row, image)
            work = rows.work.get(row.key, (0, None))
            instances.append(_with_provenance(instance, work, rows.suggested.get(row.key)))
    return Dataset(rows.categories, rows.images, tuple(instances), rows.extra)


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
    spent = [value for value in (carried.get("seconds"), seconds) if isinstance(value, int | float) and value < _AGES]
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
    with contents.Batch(folder) as batch:
        for image in dataset.images:
            place = f"image {image.id} {image.file_name!r:.120}"
            try:
                content, width, height = pictures[image.id]
            except KeyError:
                problems.append(f"{place}: no picture was given for it")
                continue
            except AnnotatorError as error:
                problems.append(f"{place}: {error}")
                continue
            if (width, height) != (image.width, image.height):
                expected = f"{image.width} x {image.height}"
                problems.append(f"{place}: the picture is {width} x {height}, the file says {expected}")
            elif not problems:
                hashes[image.id] = batch.add(content)
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
    reviewed: list[int] = []
    added = 0
    table = schema.images
    by_sha256 = {row.sha256: row.id for row in connection.execute(select(table.c.sha256, table.c.id))}
    taken = set(by_sha256.values())
    next_id = max(_last_id(connection, "images"), *(image.id for image in dataset.images), 0) + 1
    rows = []
    for image in dataset.images:
        sha256 = hashes[image.id]
        known = by_sha256.get(sha256)
        if known is None:
            id = image.id
            if id in taken:
                id, next_id = next_id, next_id + 1
            row = images.image_row(sha256=sha256, file_name=image.file_name, width=image.width, height=image.height)
            mine = Image(id, row["file_name"], image.width, image.height, sha256)
            extra = json.dumps(_merged_extra(mine, image, category_ids))
            rows.append({"id": id, **row, "extra": extra, "reviewed": _is_reviewed(image)})
            by_sha256[sha256] = id
            taken.add(id)
        else:
            if rows:  # the same picture may be there twice in one file
                connection.execute(insert(table), rows)
                rows, added = [], added + len(rows)
            mine = images.add_image(
                connection, sha256=sha256, file_name=image.file_name, width=image.width, height=image.height
            )
            values = {
                "extra": json.dumps(_merged_extra(mine, image, category_ids)),
                "reviewed": mine.reviewed or _is_reviewed(image),
            }
            connection.execute(update(table).where(table.c.id == mine.id).values(values))
        if _is_reviewed(image) and not mine.reviewed:
            reviewed.append(mine.id)
        ids[image.id] = mine.id
        if mine.id != image.id:
            why = "its number was taken" if known is None else "the project has that picture"
            notes.append(f"image {image.id} {image.file_name!r:.120}: is image {mine.id} in the project, {why}")
    if rows:
        connection.execute(insert(table), rows)
    carried = sum(len(without_mask(image)) for image in dataset.images)
    if carried:
        notes.append(f"{carried} annotations have no mask: they are kept aside and leave with the next export")
    return ids, added + len(rows), reviewed


def _is_reviewed(image: Image) -> bool:
    """What an import brings counts as reviewed, unless an export of ours says otherwise."""
    marked = image.extra.get(PROVENANCE)
    return not (isinstance(marked, dict) and marked.get("reviewed") is False)


def _last_id(connection: Connection, table: str) -> int:
    """The greatest id that the table ever gave."""
    found = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table})
    return int(found.scalar() or 0)


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
    next_id = max(_last_id(connection, "instances"), *(instance.id for instance in dataset.instances), 0) + 1
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
    """One gesture for each image that the import changed, with a decision for each instance."""
    client = f"{IMPORT}-{secrets.token_hex(8)}"
    table = schema.images
    revisions = {row.id: row.revision for row in connection.execute(select(table.c.id, table.c.revision))}
    first = _last_id(connection, "gestures") + 1
    at = now()
    gestures = []
    made: list[dict[str, Any]] = []
    for number, (image_id, instances) in enumerate(touched.items()):
        revision = revisions[image_id]
        gestures.append(
            {
                "id": first + number,
                "image_id": image_id,
                "client": client,
                "number": number,
                "verb": IMPORT,
                "who": IMPORT,
                "at": at,
                "revision_before": revision,
                "revision_after": revision + 1,
                "reviewed": True,
            }
        )
        made += [decisions.decision_row(first + number, instance) for instance in instances]
    if gestures:
        connection.execute(insert(schema.gestures), gestures)
        later = update(table).where(table.c.id == bindparam("image")).values(revision=table.c.revision + 1)
        connection.execute(later, [{"image": image_id} for image_id in touched])
    for start in range(0, len(made), _AT_ONCE):
        connection.execute(insert(schema.decisions), made[start : start + _AT_ONCE])


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
