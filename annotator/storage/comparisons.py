"""Reviewed pictures, and what each network found on them by itself: what it takes to measure a network on a project.

What a network found is what it offered once, before anybody adjusted or deleted it, and what was not offered because
somebody had decided about that object already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, select

from annotator.core.dataset import State
from annotator.core.masks import Rle
from annotator.core.review import MANUAL
from annotator.storage import schema
from annotator.storage.categories import categories, standing
from annotator.storage.database import Database

_images, _instances = schema.images, schema.instances
_suggestions, _runs, _blind = schema.suggestions, schema.runs, schema.blind


@dataclass(frozen=True)
class Seen:
    """A reviewed picture that a network has seen. revision, run: of which the comparison is; another one makes it old.

    run: the last of which all is kept. unaided: it is blind, or was reviewed before the network saw it.
    """

    image_id: int
    revision: int
    run: int
    unaided: bool = False


@dataclass(frozen=True)
class Outline:
    """An object, or what a network found. category_id: as it counts by now. score: of what a network found.

    origin: of an object, whether it stands as this network found it, was adjusted from it, was drawn, or is another's.
    key: of an object, where it matters.
    """

    category_id: int
    rle: Rle
    score: float = 1.0
    crowd: bool = False
    origin: str = ""
    key: str = ""


@dataclass(frozen=True)
class Compared:
    """A picture: what is there, and what a network found."""

    image_id: int
    truth: tuple[Outline, ...]
    found: tuple[Outline, ...]


@dataclass(frozen=True)
class Overview:
    """What there is to compare.

    version: of the project, another one after each change. categories: of the project's categories, the same. names: of
    the categories, by id. thresholds: of those that have one of their own. pictures: by network, model@version.
    left_out: by network, how many reviewed pictures it saw of which not all that it found is kept.
    """

    version: str
    categories: int
    names: Mapping[int, str]
    thresholds: Mapping[int, float]
    pictures: Mapping[str, tuple[Seen, ...]]
    left_out: Mapping[str, int]


class ComparisonReader:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def version(self) -> str:
        """Another one after each change of the project."""
        return self._database.version()

    def overview(self) -> Overview:
        """No mask is read."""
        version = self._database.version()
        query = (
            select(_runs.c.source, _runs.c.id, _runs.c.whole, _runs.c.at, _images.c.id, _images.c.revision)
            .add_columns(_blind.c.image_id.is_not(None), _blind.c.shown_at)
            .join(_images, _images.c.id == _runs.c.image_id)
            .outerjoin(_blind, _blind.c.image_id == _images.c.id)
            .where(_images.c.reviewed, ~_images.c.removed)
            .order_by(_runs.c.id)
        )
        with self._database.read() as connection:
            known = categories(connection)
            changes = connection.scalar(select(func.count()).select_from(schema.category_changes))
            rows = connection.execute(query).all()
            reviewed = _reviewed_at(connection)
        kept: dict[str, dict[int, Seen]] = {}
        runs: dict[str, dict[int, str]] = {}
        for source, run, whole, at, image_id, revision, is_blind, shown_at in rows:
            first = runs.setdefault(source, {}).setdefault(image_id, at)
            hidden = is_blind and (shown_at is None or shown_at == revision)
            if whole:
                unaided = bool(hidden or reviewed.get(image_id, "") < first)
                kept.setdefault(source, {})[image_id] = Seen(image_id, revision, run, unaided)
        return Overview(
            version=version,
            categories=int(changes or 0),
            names={one.id: one.name for one in known},
            thresholds={one.id: one.threshold for one in known if one.threshold is not None},
            pictures={
                one: tuple(sorted(found.values(), key=lambda seen: seen.image_id)) for one, found in kept.items()
            },
            left_out={one: len(set(seen) - set(kept.get(one, ()))) for one, seen in runs.items()},
        )

    def read(self, network: str, seen: Sequence[Seen]) -> list[Compared]:
        """In their order; some hundred at most. Reads their masks."""
        ids = [one.image_id for one in seen]
        size = (_images.c.height, _images.c.width)
        there = (
            select(_instances, *size)
            .join(_images, _images.c.id == _instances.c.image_id)
            .where(_instances.c.image_id.in_(ids), _instances.c.state == State.ACCEPTED.value)
            .order_by(_instances.c.id)
        )
        same_run = and_(
            _suggestions.c.image_id == _runs.c.image_id,
            _suggestions.c.source == _runs.c.source,
            _suggestions.c.at == _runs.c.at,
        )
        found = (
            select(_suggestions, *size)
            .select_from(_runs)
            .join(_suggestions, same_run)
            .join(_images, _images.c.id == _runs.c.image_id)
            .where(_runs.c.id.in_([one.run for one in seen]))
            .order_by(_suggestions.c.score.desc(), _suggestions.c.key)
        )
        with self._database.read() as connection:
            counts_as = standing(connection)
            objects, detections = (list(connection.execute(query)) for query in (there, found))
        truth: dict[int, list[Outline]] = {}
        for row in objects:
            origin = _origin(row, network)
            outline = Outline(row.category_id, Rle(row.height, row.width, row.rle), crowd=row.crowd, origin=origin)
            truth.setdefault(row.image_id, []).append(outline)
        by_network: dict[int, list[Outline]] = {}
        for row in detections:
            category = counts_as.of(row.category_id)
            outline = Outline(category, Rle(row.height, row.width, row.rle), score=row.score)
            by_network.setdefault(row.image_id, []).append(outline)
        return [Compared(one, tuple(truth.get(one, ())), tuple(by_network.get(one, ()))) for one in ids]


def _reviewed_at(connection: Connection) -> dict[int, str]:
    """When each image was marked as reviewed the last time."""
    table = schema.gestures
    query = select(table.c.image_id, func.max(table.c.at)).where(table.c.reviewed).group_by(table.c.image_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _origin(row: Any, network: str) -> str:
    if row.source == network:
        return "adjusted" if row.edited else "own"
    return "drawn" if row.source == MANUAL else "other"
