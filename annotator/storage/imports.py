"""How a dataset comes into a project: all of it or nothing, with every id that can stay."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, text, update
from sqlalchemy.dialects import sqlite

from annotator.core.dataset import (
    PROVENANCE,
    WITHOUT_MASK,
    Category,
    Dataset,
    Image,
    Instance,
    State,
    Suggestion,
    without_mask,
)
from annotator.core.errors import AnnotatorError, CocoError, MissingError
from annotator.core.masks import rle_iou
from annotator.core.overlap import ANSWERED_IOU, unanswered
from annotator.core.settings import IMPORTED_EXTRA
from annotator.storage import contents, decisions, images, schema
from annotator.storage.database import now
from annotator.storage.datasets import imported_extra
from annotator.storage.earlier import EarlierVersions
from annotator.storage.images import IMPORT
from annotator.system.collection import collection_paused

_AT_ONCE = 5_000  # rows in one statement
_DECIDED = (State.ACCEPTED, State.REJECTED)


Picture = tuple[bytes, int, int] | Image
"""Bytes, width and height; or the project's image that has the picture already."""


@dataclass(frozen=True)
class Arrival:
    """One file of an import: its dataset, and by that one's image ids each picture's bytes, width and height.

    name: stands before the file's problems and notes; empty for a file that comes alone.
    pictures: asked for one at a time; KeyError for one that is not there. An image of the project stands for its own.
    """

    name: str
    dataset: Dataset
    pictures: Mapping[int, Picture]

    def named(self, line: str) -> str:
        return f"{self.name}: {line}" if self.name else line


@dataclass(frozen=True)
class ImportReport:
    """What one file changed. `notes` says, a line each, which ids could not stay as they were and why.

    image_ids, category_ids: the project's id for each of the file's.
    """

    images_added: int
    images_known: int
    instances_added: int
    instances_known: int
    categories_added: int
    notes: tuple[str, ...] = ()
    image_ids: Mapping[int, int] = field(default_factory=dict)
    category_ids: Mapping[int, int] = field(default_factory=dict)


def put_contents(folder: Path, arrivals: Sequence[Arrival]) -> list[dict[int, str]]:
    """Write every picture of all files; for each file the SHA-256 by its image ids.

    Raises CocoError, listing every image without a picture or with one of another size; then none is written.
    """
    problems: list[str] = []
    found = []
    with contents.Batch(folder) as batch:
        for arrival in arrivals:
            hashes = {}
            for image in arrival.dataset.images:
                try:
                    content = _content(arrival, image)
                except AnnotatorError as error:
                    problems.append(arrival.named(f"image {image.id} {image.file_name!r:.120}: {error}"))
                    continue
                if not problems:
                    hashes[image.id] = content if isinstance(content, str) else batch.add(content)
            found.append(hashes)
        if problems:
            raise CocoError(problems)
    return found


def _content(arrival: Arrival, image: Image) -> bytes | str:
    """The picture's bytes, or the SHA-256 of one that the project has.

    Raises AnnotatorError where there is none, or one of another size.
    """
    try:
        found = arrival.pictures[image.id]
    except KeyError:
        raise CocoError(["no picture was given for it"]) from None
    content, width, height = (found.sha256, found.width, found.height) if isinstance(found, Image) else found
    if (width, height) != (image.width, image.height):
        turned = "; its EXIF orientation may turn it" if (height, width) == (image.width, image.height) else ""
        raise CocoError([f"the picture is {width} x {height}, the file says {image.width} x {image.height}{turned}"])
    return content


def restore_contents(folder: Path, hashes: Mapping[int, str], pictures: Mapping[int, Picture]) -> None:
    """Write again what somebody who emptied the bin took since `put_contents`; nobody can while the caller writes.

    Raises MissingError for a picture that only the project had.
    """
    for image_id, sha256 in hashes.items():
        if not contents.path_of(folder, sha256).is_file():
            picture = pictures[image_id]
            if isinstance(picture, Image):
                raise MissingError(f"{picture.file_name}: the picture left the project during the import")
            contents.put(folder, picture[0])


@collection_paused()
def import_files(
    connection: Connection, arrivals: Sequence[Arrival], hashes: Sequence[Mapping[int, str]]
) -> list[ImportReport]:
    """Take in the files, one after the other, inside the caller's transaction; ids stay wherever they are free.

    A number that had to move does not take one that a later file brings.
    """
    last_image = max((image.id for arrival in arrivals for image in arrival.dataset.images), default=0)
    last_instance = max((one.id for arrival in arrivals for one in arrival.dataset.instances), default=0)
    reports = []
    for arrival, of_file in zip(arrivals, hashes, strict=True):
        report = _import_dataset(connection, arrival.dataset, of_file, last=(last_image, last_instance))
        reports.append(replace(report, notes=tuple(map(arrival.named, report.notes))))
    return reports


def suggest(
    connection: Connection,
    offers: Mapping[tuple[int, int], Sequence[Suggestion]],
    reports: Sequence[ImportReport],
) -> tuple[int, int]:
    """Store results as suggestions inside the caller's transaction; how many were offered, and how many answered.

    offers: by the file (its place among the reports; -1 for the project itself) and that one's image id. Results for
    objects that somebody decided upon already are not offered again.
    """
    of_image: dict[int, list[Suggestion]] = {}
    for (file, image_id), suggestions in offers.items():
        report = reports[file] if file >= 0 else None
        mine = image_id if report is None else report.image_ids[image_id]
        for one in suggestions:
            category_id = one.category_id if report is None else report.category_ids[one.category_id]
            of_image.setdefault(mine, []).append(replace(one, category_id=category_id))
    offered = answered = 0
    for image_id, suggestions in of_image.items():
        known = decisions.instances(connection, images.image_by_id(connection, image_id), states=_DECIDED)
        fresh = unanswered(suggestions, known)
        decisions.set_suggestions(connection, image_id, fresh)
        offered, answered = offered + len(fresh), answered + len(suggestions) - len(fresh)
    return offered, answered


def _import_dataset(
    connection: Connection, dataset: Dataset, hashes: Mapping[int, str], *, last: tuple[int, int]
) -> ImportReport:
    """last: the greatest image id and annotation id that any file of the call brings."""
    notes: list[str] = []
    category_ids, categories_added = _import_categories(connection, dataset.categories, notes)
    image_ids, images_added, fresh = _import_images(
        connection, dataset, hashes, category_ids=category_ids, notes=notes, last=last[0]
    )
    ids = _InstanceIds(connection, notes, last=last[1])
    touched, known = _import_instances(connection, dataset, category_ids, image_ids, ids)
    _write_history(connection, {**dict.fromkeys(fresh, ()), **touched})
    _keep_extra(connection, dataset.extra, notes)
    return ImportReport(
        images_added=images_added,
        images_known=len(dataset.images) - images_added,
        instances_added=len(dataset.instances) - known,
        instances_known=known,
        categories_added=categories_added,
        notes=tuple(notes),
        image_ids=image_ids,
        category_ids=category_ids,
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
        same = [other for other in before if other.name.strip() == name]
        mine = next((other for other in same if other.id == category.id), same[0] if same else None)
        if mine is None:
            kept = category.name if images.plain_text(category.name) == category.name else name
            wanted = Category(category.id, kept, category.supercategory, category.extra)
            mine = images.join_category(connection, wanted, known=known)
        else:
            images.complete_category(connection, mine, category)
        if mine.id != category.id:
            notes.append(f"category {category.id} {name!r:.80}: is category {mine.id} in the project")
        if mine.name != category.name:
            notes.append(f"category {category.id} {category.name!r:.80}: is called {mine.name!r:.80} in the project")
        ids[category.id] = mine.id
    return ids, len(known) - len(before)


def _import_images(
    connection: Connection,
    dataset: Dataset,
    hashes: Mapping[int, str],
    *,
    category_ids: Mapping[int, int],
    notes: list[str],
    last: int,
) -> tuple[dict[int, int], int, list[int]]:
    """The project's id for each of the file's, how many were added, and the ids of those that became reviewed."""
    ids: dict[int, int] = {}
    reviewed: list[int] = []
    added = 0
    table = schema.images
    by_sha256 = {row.sha256: row.id for row in connection.execute(select(table.c.sha256, table.c.id))}
    taken = set(by_sha256.values())
    next_id = max(_last_id(connection, "images"), last) + 1
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
    ids: _InstanceIds,
) -> tuple[dict[int, list[Instance]], int]:
    """What was added or accepted by the project's image ids, and how many the project had accepted already."""
    table = schema.instances
    there: dict[tuple[int, int, str], list[Row[Any]]] = {}
    for row in connection.execute(select(table).where(table.c.state != State.DELETED.value)):
        there.setdefault((row.image_id, row.category_id, row.rle), []).append(row)
    objects: dict[int, tuple[int, int, str]] = {}
    brought_by: dict[tuple[int, int, str], int] = {}
    for instance in dataset.instances:
        object = image_ids[instance.image_id], category_ids[instance.category_id], instance.rle.counts
        # A picture that the file lists twice is one image: what both show is one object.
        if brought_by.setdefault(object, instance.image_id) == instance.image_id:
            objects[instance.id] = object
    # What the file has as it is now comes first: only what is left over may be an earlier version of something.
    matches = {id: there[object].pop() for id, object in objects.items() if there.get(object)}
    shown = {image_id for image_id, _, _ in there}
    earlier = EarlierVersions(connection, shown, current={row.key for row in matches.values()})
    touched: dict[int, list[Instance]] = {}
    new: list[dict[str, Any]] = []
    known = 0
    for instance in dataset.instances:
        found, same = objects.get(instance.id), matches.get(instance.id)
        is_there = same is not None and same.state == State.ACCEPTED.value
        if found is None or is_there or (same is None and earlier.take(instance.id, found)):
            known += 1
            continue
        image_id, category_id, _ = found
        mine = replace(
            instance,
            key=secrets.token_hex(8) if same is None else same.key,
            image_id=image_id,
            category_id=category_id,
            state=State.ACCEPTED,
        )
        if same is None:
            mine = replace(mine, id=ids.take(instance.id, mine))
            new.append({**decisions.row_of(mine), "id": mine.id})
        else:  # what a model suggested is what the file holds: it is accepted by that
            ids.release(same.key)
            mine = replace(
                mine, id=ids.take(instance.id, mine), source=same.source, score=same.score, edited=same.edited
            )
            values = {**decisions.row_of(mine), "id": mine.id}
            connection.execute(update(table).where(table.c.key == same.key).values(values))
        touched.setdefault(image_id, []).append(mine)
    for start in range(0, len(new), _AT_ONCE):
        connection.execute(insert(table), new[start : start + _AT_ONCE])
    ids.notes += earlier.notes()
    return touched, known


class _InstanceIds:
    """Which annotation ids are free. Those of instances that were never accepted, so never exported, move away."""

    def __init__(self, connection: Connection, notes: list[str], *, last: int) -> None:
        table = schema.instances
        self._connection = connection
        self.notes = notes
        self._holders: dict[int, tuple[str, str] | None] = {}  # key and state; None for what the import brings
        self._ids: dict[str, int] = {}
        for row in connection.execute(select(table.c.id, table.c.key, table.c.state)):
            self._holders[row.id] = row.key, row.state
            self._ids[row.key] = row.id
        self._next = max(_last_id(connection, "instances"), last) + 1

    def release(self, key: str) -> None:
        """The instance with this key gets another id by its caller."""
        del self._holders[self._ids.pop(key)]

    def take(self, id: int, instance: Instance) -> int:
        """This id for the instance, made free if need be, or else a new one, with a note."""
        if id not in self._holders:
            self._holders[id] = None
            return id
        holder = self._holders[id]
        fresh, self._next = self._next, self._next + 1
        if holder is None or holder[1] == State.ACCEPTED.value:
            why = "its number was taken" if holder is None else self._taken(id, holder[0], instance)
            self.notes.append(f"annotation {id}: is annotation {fresh} in the project, {why}")
            self._holders[fresh] = None
            return fresh
        table = schema.instances
        self._connection.execute(update(table).where(table.c.key == holder[0]).values(id=fresh))
        self._holders[fresh], self._holders[id] = holder, None
        self._ids[holder[0]] = fresh
        return id

    def _taken(self, id: int, key: str, instance: Instance) -> str:
        """Why the id went to another: it may be that the same object was changed somewhere else."""
        table = schema.instances
        other = self._connection.execute(select(table.c.image_id, table.c.rle).where(table.c.key == key)).one()
        if other.image_id == instance.image_id:
            iou = rle_iou(replace(instance.rle, counts=other.rle), instance.rle)
            if iou >= ANSWERED_IOU:
                return f"where {id} lies over it with an IoU of {iou:.2f}: the same object in two versions?"
        return "its number was taken"


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
                "digest": "",
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
    merged = imported_extra(connection)
    for name, value in extra.items():
        mine = merged.setdefault(name, value)
        if isinstance(mine, list) and isinstance(value, list):
            merged[name] = mine + [item for item in value if item not in mine]
        elif mine != value:
            notes.append(f"{name}: kept as an earlier import had it")
    if merged:
        row = {"name": IMPORTED_EXTRA.name, "value": json.dumps(merged)}
        statement = sqlite.insert(schema.settings).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
