"""A project as a dataset: what leaves in an export, with how each instance came to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select

from annotator.core import masks
from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Category, Dataset, Image, Instance, State, without_mask
from annotator.core.masks import Rle
from annotator.core.review import MANUAL
from annotator.core.settings import IMPORTED_EXTRA
from annotator.storage import categories, images, schema
from annotator.storage.categories import Standing
from annotator.storage.instances import instance_of
from annotator.storage.search import Search, matching_ids
from annotator.storage.stored import json_of
from annotator.system.collection import collection_paused

_AGES = 1e9  # seconds; more is no time that somebody spent


@dataclass(frozen=True)
class Rows:
    """What a dataset is made of, as the database has it."""

    categories: tuple[Category, ...]
    standing: Standing
    images: tuple[Image, ...]
    instances: Sequence[Row[Any]]
    work: dict[str, tuple[int, float | None]]
    suggested: dict[str, str]
    extra: dict[str, Any]


def fetch(connection: Connection, *, reviewed_only: bool, only: Search | None = None) -> Rows:
    """Read everything in one snapshot. Nothing is computed here, because nobody can commit while it is read.

    only: of the images that fit.
    """
    table = schema.instances
    found = images.images(connection, reviewed_only=reviewed_only)
    if only is not None:
        fitting = set(matching_ids(connection, only))
        found = tuple(image for image in found if image.id in fitting)
    query = select(table).where(table.c.state == State.ACCEPTED.value).order_by(table.c.id)
    return Rows(
        categories=categories.categories(connection),
        standing=categories.standing(connection),
        images=found,
        instances=connection.execute(query).all(),
        work=_work(connection),
        suggested=_edited_suggestions(connection),
        extra=imported_extra(connection),
    )


@collection_paused()
def dataset(rows: Rows) -> Dataset:
    """The accepted instances with their provenance, their images and all categories, each in order of id."""
    by_id = {image.id: image for image in rows.images}
    instances = []
    for row in rows.instances:
        image = by_id.get(row.image_id)
        if image is not None:
            instance = instance_of(row, image)
            work = rows.work.get(row.key, (0, None))
            instances.append(_with_provenance(instance, work, rows.suggested.get(row.key)))
    images = tuple(_in_live_categories(image, rows.standing) for image in rows.images)
    return Dataset(rows.categories, images, tuple(instances), rows.extra)


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
    return replace(instance, extra=extra, provenance=found)


def _first_decision(source: str, *, from_model: bool) -> str:
    if from_model:
        return "accept"
    return "add" if source == MANUAL else "import"


def imported_extra(connection: Connection) -> dict[str, Any]:
    stored = connection.scalar(select(schema.settings.c.value).where(schema.settings.c.name == IMPORTED_EXTRA.name))
    return {} if stored is None else dict(json_of(stored, "settings"))
