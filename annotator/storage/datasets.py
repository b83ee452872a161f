"""A project as a dataset: what leaves in an export, with how each instance came to be."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, case, func, select

from annotator.core import masks
from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Category, Dataset, Image, Instance, State, without_mask
from annotator.core.masks import Rle
from annotator.core.review import MANUAL
from annotator.core.settings import IMPORTED_EXTRA
from annotator.core.spool import Spool
from annotator.core.vote import provenance_of
from annotator.storage import carried_boxes, categories, schema
from annotator.storage.categories import Standing
from annotator.storage.database import Database
from annotator.storage.images import fetch_images, image_of
from annotator.storage.instances import instance_of
from annotator.storage.search import Search, matching_ids
from annotator.storage.shapes import measure_for
from annotator.storage.stored import json_of
from annotator.storage.verdicts import verdicts_of
from annotator.system.collection import collection_paused

_AGES = 1e9  # seconds; more is no time that somebody spent


STRETCH = 500
"""Images that are read at once: whoever saves waits for no more."""

_PATIENCE = 3  # times that what changed meanwhile is read again while others save; then they wait once


@dataclass(frozen=True)
class _Head:
    """All but the instances, as the database has it. changes: how often categories were changed.

    taken: the keys of boxes that are instances by now. verdicts: those that stand, and their notes, by image.
    """

    categories: tuple[Category, ...]
    standing: Standing
    images: Sequence[Row[Any]]
    taken: set[str]
    verdicts: dict[int, tuple[str, str]]
    extra: dict[str, Any]
    changes: int


@dataclass(frozen=True)
class _Rows:
    """What the instances of some images are made of. revisions: of these images, as they were then."""

    revisions: dict[int, int]
    instances: Sequence[Row[Any]]
    work: dict[str, tuple[int, float | None]]
    suggested: dict[str, str]


@collection_paused()
def read(database: Database, *, reviewed_only: bool, only: Search | None = None) -> Dataset:
    """The accepted instances with their provenance, their images and all categories, each in order of id.

    A stretch of images is read at a time, and what somebody changed meanwhile again, so that in the end all of it is as
    it was at one moment. only: of the images that fit.
    """
    if only is not None:
        measure_for(database, only.query)
    made: dict[int, _Made] = {}
    changes, spool = -1, Spool()
    for attempt in range(_PATIENCE + 1):
        with database.read() as connection:
            head = _head(connection, reviewed_only=reviewed_only, only=only)
            if head.changes != changes:  # a merge gives instances another category, and their images no revision
                made, changes = {}, head.changes
            left = [row for row in head.images if row.id not in made or made[row.id].revision != row.revision]
            is_last = len(left) <= STRETCH or attempt == _PATIENCE
            rows = [_fetch(connection, some) for some in _stretches(left)] if is_last else []
        if not is_last:
            for some in _stretches(left):
                with database.read() as connection:
                    fetched = _fetch(connection, some)
                made.update(_set_aside(spool, fetched, some))
            continue
        for fetched, some in zip(rows, _stretches(left), strict=True):
            made.update(_set_aside(spool, fetched, some))
        break
    images = tuple(
        _in_live_categories(carried_boxes.without_taken(_with_verdict(row, head), head.taken), head.standing)
        for row in head.images
    )
    found = spool.instances(place for image in images for place in made[image.id].places)
    return Dataset(head.categories, images, found.taken(np.argsort(found.ids)), head.extra)


def _head(connection: Connection, *, reviewed_only: bool, only: Search | None) -> _Head:
    images = fetch_images(connection, reviewed_only=reviewed_only)
    if only is not None:
        fitting = set(matching_ids(connection, only))
        images = [row for row in images if row.id in fitting]
    return _Head(
        categories=categories.categories(connection),
        standing=categories.standing(connection),
        images=images,
        taken=carried_boxes.taken_keys(connection, [row.id for row in images if WITHOUT_MASK in row.extra]),
        verdicts=verdicts_of(connection, images),
        extra=imported_extra(connection),
        changes=int(connection.scalar(select(func.max(schema.category_changes.c.id))) or 0),
    )


def _stretches(images: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    for start in range(0, len(images), STRETCH):
        yield images[start : start + STRETCH]


def _fetch(connection: Connection, images: Sequence[Row[Any]]) -> _Rows:
    """Nothing is computed here, because nobody can commit while it is read."""
    ids = [row.id for row in images]
    table, of_image = schema.instances, schema.images
    revisions = select(of_image.c.id, of_image.c.revision).where(of_image.c.id.in_(ids))
    query = select(table).where(table.c.image_id.in_(ids), table.c.state == State.ACCEPTED.value)
    return _Rows(
        revisions={row.id: row.revision for row in connection.execute(revisions)},
        instances=connection.execute(query).all(),
        work=_work(connection, ids),
        suggested=_edited_suggestions(connection, ids),
    )


@dataclass(frozen=True)
class _Made:
    """What was read of an image: its revision, and where in the spool its accepted instances are."""

    revision: int
    places: Sequence[int]


def _set_aside(spool: Spool, rows: _Rows, images: Sequence[Row[Any]]) -> dict[int, _Made]:
    """By image."""
    sizes = {row.id: image_of(row) for row in images}
    places: dict[int, list[int]] = {id: [] for id in rows.revisions}
    for row in rows.instances:
        instance = instance_of(row, sizes[row.image_id])
        work = rows.work.get(row.key, (0, None))
        places[row.image_id].append(len(spool))
        spool.add(_with_provenance(instance, work, rows.suggested.get(row.key)))
    return {id: _Made(revision, array("l", places[id])) for id, revision in rows.revisions.items()}


def _with_verdict(row: Row[Any], head: _Head) -> Image:
    said = head.verdicts.get(row.id)
    return image_of(row) if said is None else replace(image_of(row), verdict=said[0], verdict_note=said[1])


def _in_live_categories(image: Image, standing: Standing) -> Image:
    """The image with its annotations that have no mask in the categories that theirs count as."""
    aside = without_mask(image)
    if all(
        standing.is_live(one["category_id"]) and standing.of(one["category_id"]) == one["category_id"] for one in aside
    ):
        return image
    kept = [
        {**one, "category_id": standing.of(one["category_id"])} for one in aside if standing.is_live(one["category_id"])
    ]
    ours = {**image.extra[PROVENANCE], WITHOUT_MASK: kept}
    return replace(image, extra={**image.extra, PROVENANCE: ours})


def _work(connection: Connection, image_ids: Sequence[int]) -> dict[str, tuple[int, float | None]]:
    """For each key of these images, how many gestures edited it and the seconds spent.

    What a gesture changed shares its seconds.
    """
    table, gestures = schema.decisions, schema.gestures
    theirs = select(gestures.c.id).where(gestures.c.image_id.in_(image_ids))
    counted = select(table.c.gesture_id, func.count().label("changes")).where(table.c.gesture_id.in_(theirs))
    shared = counted.group_by(table.c.gesture_id).subquery("shared")
    query = (
        select(
            table.c.key,
            func.sum(case((gestures.c.verb == "edit", 1), else_=0)).label("edits"),
            func.sum(gestures.c.seconds / shared.c.changes).label("seconds"),
        )
        .join(gestures, gestures.c.id == table.c.gesture_id)
        .join(shared, shared.c.gesture_id == table.c.gesture_id)
        .where(gestures.c.image_id.in_(image_ids))
        .group_by(table.c.key)
    )
    return {row.key: (int(row.edits), row.seconds) for row in connection.execute(query)}


def _edited_suggestions(connection: Connection, image_ids: Sequence[int]) -> dict[str, str]:
    """The counts that a model suggested for each instance of these images whose mask is another by now."""
    kept, old = schema.instances, schema.suggestions
    edited = (kept.c.image_id.in_(image_ids), kept.c.state == State.ACCEPTED.value, kept.c.edited)
    query = select(old.c.key, old.c.rle).join(kept, kept.c.key == old.c.key).where(*edited)
    return {row.key: row.rle for row in connection.execute(query)}


def _with_provenance(instance: Instance, work: tuple[int, float | None], suggested: str | None) -> Instance:
    edits, seconds = work
    found: dict[str, Any] = {"source": instance.source}
    model, at, version = instance.source.rpartition("@")
    if at:
        found |= {"model": model, "version": version, "score": instance.score, **provenance_of(instance.vote)}
    if instance.prompted is not None:
        prompt = instance.prompted.prompt
        found["prompt"] = {"by": instance.prompted.by, "points": len(prompt.points), "box": prompt.box_xyxy is not None}
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
    return replace(instance, extra=extra, provenance=_shared(found))


def _shared(provenance: dict[str, Any]) -> dict[str, Any]:
    """One that says the same, where there is one: thousands of instances have the same provenance."""
    try:
        return _one_of(tuple(provenance.items()))
    except TypeError:  # a prompt is no key
        return provenance


@lru_cache(maxsize=4096)
def _one_of(items: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return dict(items)


def _first_decision(source: str, *, from_model: bool) -> str:
    if from_model:
        return "accept"
    return "add" if source == MANUAL else "import"


def imported_extra(connection: Connection) -> dict[str, Any]:
    stored = connection.scalar(select(schema.settings.c.value).where(schema.settings.c.name == IMPORTED_EXTRA.name))
    return {} if stored is None else dict(json_of(stored, "settings"))
