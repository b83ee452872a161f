"""What a project's decisions add up to: for each category, and for each day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from annotator.core.dataset import State
from annotator.core.review import MANUAL
from annotator.storage import categories, images, schema, search
from annotator.storage.database import Database

_images, _instances, _gestures, _decisions = schema.images, schema.instances, schema.gestures, schema.decisions
_NO_WORK = (images.IMPORT, "undo", "redo")
"""Verbs of gestures in which nobody decided anything anew."""


@dataclass(frozen=True)
class CategoryCounts:
    """The instances of a category. Those that are accepted are counted once, by how they came about.

    accepted: as a network suggested it. open: suggestions from the threshold on; below: the others, which lists of
    projects and of categories count with them.
    """

    id: int
    name: str
    accepted: int = 0
    adjusted: int = 0
    drawn: int = 0
    imported: int = 0
    rejected: int = 0
    open: int = 0
    below: int = 0


@dataclass(frozen=True)
class DayCounts:
    """What was decided on a day (ISO 8601, UTC) and still stands: nothing that was taken back or decided otherwise."""

    day: str
    reviewed: int = 0
    accepted: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Statistics:
    """Of the pictures that are not in the bin, but `days` of all that happened."""

    images: int
    reviewed: int
    categories: tuple[CategoryCounts, ...]
    days: tuple[DayCounts, ...]


class StatisticsReader:
    """Counts a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, threshold: float) -> Statistics:
        """threshold: of the suggestions that are open, where a category has none of its own."""
        with self._database.read() as connection:
            total, reviewed = images.review_counts(connection)
            return Statistics(total, reviewed, _by_category(connection, threshold), _by_day(connection))


def _by_category(connection: Connection, threshold: float) -> tuple[CategoryCounts, ...]:
    known = categories.categories(connection)
    state, source = _instances.c.state, _instances.c.source
    accepted = state == State.ACCEPTED.value
    kind = case(
        (and_(accepted, source == MANUAL), "drawn"),
        (and_(accepted, source == images.IMPORT), "imported"),
        (and_(accepted, _instances.c.edited), "adjusted"),
        (accepted, "accepted"),
        (state == State.REJECTED.value, "rejected"),
        (search.is_above(threshold, known), "open"),
        else_="below",
    ).label("kind")
    query = (
        select(_instances.c.category_id, kind, func.count())
        .join(_images, _images.c.id == _instances.c.image_id)
        .where(~_images.c.removed, state != State.DELETED.value)
        .group_by(_instances.c.category_id, kind)
    )
    counted: dict[int, dict[str, int]] = {}
    for category_id, name, count in connection.execute(query):
        counted.setdefault(category_id, {})[name] = count
    return tuple(CategoryCounts(one.id, one.name, **counted.get(one.id, {})) for one in known)


def _by_day(connection: Connection) -> tuple[DayCounts, ...]:
    counted: dict[str, dict[str, int]] = {}
    for at, state, count in connection.execute(_decided()):
        counted.setdefault(at, {})[state] = count
    for at, count in connection.execute(_finished()):
        counted.setdefault(at, {})["reviewed"] = count
    return tuple(DayCounts(at, **counts) for at, counts in sorted(counted.items()))


def _decided() -> Select[Any]:
    """Of each instance the state in which its last decision left it, on the day on which somebody chose that state."""
    later = _decisions.alias()
    last = select(later.c.state).where(later.c.key == _decisions.c.key).order_by(later.c.gesture_id.desc()).limit(1)
    chosen = (
        select(_decisions.c.state, func.max(_decisions.c.gesture_id).label("gesture_id"))
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        .where(
            _gestures.c.verb.not_in(_NO_WORK),
            _decisions.c.state.in_([State.ACCEPTED.value, State.REJECTED.value]),
            _decisions.c.state == last.correlate(_decisions).scalar_subquery(),
        )
        .group_by(_decisions.c.key, _decisions.c.state)
        .subquery()
    )
    day = func.substr(_gestures.c.at, 1, 10).label("day")
    counts = select(day, chosen.c.state, func.count()).join(_gestures, _gestures.c.id == chosen.c.gesture_id)
    return counts.group_by(day, chosen.c.state)


def _finished() -> Select[Any]:
    """The pictures that are reviewed, on the day on which somebody marked them last."""
    marked = (
        select(func.max(_gestures.c.at).label("at"))
        .join(_images, _images.c.id == _gestures.c.image_id)
        .where(_images.c.reviewed, _gestures.c.reviewed, _gestures.c.verb.not_in(_NO_WORK))
        .group_by(_gestures.c.image_id)
        .subquery()
    )
    day = func.substr(marked.c.at, 1, 10).label("day")
    return select(day, func.count()).group_by(day)
