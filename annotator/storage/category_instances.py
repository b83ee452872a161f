"""The instances of categories: how many there are, and what becomes of them when a category is merged or removed.

The table of instances is the current state, which the history and the categories lead to: an instance is of the
category that its last decision (or its suggestion) says, or of the one that this was merged into, and it is deleted
where that was removed. So a merge writes no decision, and undoing one reads the history again.

Tests: tests/storage/test_category_manager.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, literal, select, update
from sqlalchemy.sql import ColumnElement

from annotator.core.dataset import State
from annotator.core.errors import StoreError
from annotator.storage import schema
from annotator.storage.instances import require_room
from annotator.storage.verdicts import wait_again

_INSTANCES, _IMAGES, _CATEGORIES = schema.instances, schema.images, schema.categories
_DELETED = State.DELETED.value
_ACCEPTED = _INSTANCES.c.state == State.ACCEPTED.value


@dataclass(frozen=True)
class Uses:
    """How many instances of a category there are, on pictures that are not in the bin."""

    accepted: int = 0
    suggested: int = 0
    rejected: int = 0


def uses(connection: Connection) -> dict[int, Uses]:
    """By id, of every category that has instances."""
    query = (
        select(_INSTANCES.c.category_id, _INSTANCES.c.state, func.count())
        .join(_IMAGES, _IMAGES.c.id == _INSTANCES.c.image_id)
        .where(~_IMAGES.c.removed, _INSTANCES.c.state != _DELETED)
        .group_by(_INSTANCES.c.category_id, _INSTANCES.c.state)
    )
    counted: dict[int, dict[str, int]] = {}
    for category_id, state, count in connection.execute(query):
        counted.setdefault(category_id, {})[state] = count
    return {category_id: Uses(**counts) for category_id, counts in counted.items()}


def move(connection: Connection, category_id: int, *, into: int) -> None:
    """Every instance of a category is one of another."""
    _judge_again(connection, _INSTANCES.c.category_id == category_id, _ACCEPTED)
    query = update(_INSTANCES).where(_INSTANCES.c.category_id == category_id)
    connection.execute(query.values(category_id=into))


def hide(connection: Connection, category_id: int) -> None:
    """No instance of the category is there any more; what was decided about them stays in the history."""
    _judge_again(connection, _INSTANCES.c.category_id == category_id, _ACCEPTED)
    query = update(_INSTANCES).where(_INSTANCES.c.category_id == category_id, _INSTANCES.c.state != _DELETED)
    connection.execute(query.values(state=_DELETED))


def sort_out(connection: Connection, category_id: int) -> None:
    """The instances of a category that another one was merged into, where that was undone: each by its history."""
    was = _last_decided(schema.decisions.c.category_id, schema.suggestions.c.category_id)
    counts_as = (
        select(func.coalesce(_CATEGORIES.c.merged_into, _CATEGORIES.c.id))
        .where(_CATEGORIES.c.id == was)
        .scalar_subquery()
    )
    others = (_INSTANCES.c.category_id == category_id, counts_as != category_id)
    _judge_again(connection, *others, _ACCEPTED)
    connection.execute(update(_INSTANCES).where(*others).values(category_id=counts_as))


def bring_back(connection: Connection, category_id: int) -> None:
    """What went with a removed category, as its history has it. Raises StoreError for a picture that has no room."""
    was = _last_decided(schema.decisions.c.state, literal(State.SUGGESTED.value))
    gone = (_INSTANCES.c.category_id == category_id, _INSTANCES.c.state == _DELETED, was != _DELETED)
    image_ids = connection.scalars(select(_INSTANCES.c.image_id).where(*gone).distinct()).all()
    _judge_again(connection, *gone, was == State.ACCEPTED.value)
    connection.execute(update(_INSTANCES).where(*gone).values(state=was))
    require_room(connection, image_ids, error=StoreError)


def _judge_again(connection: Connection, *changing: ColumnElement[bool]) -> None:
    """Before these instances change: no reviewer has seen what their pictures are then."""
    wait_again(connection, _IMAGES.c.id.in_(select(_INSTANCES.c.image_id).where(*changing)))


def _last_decided(column: ColumnElement[Any], offered: ColumnElement[Any]) -> ColumnElement[Any]:
    """In a query over instances: what the last decision about one says, else what its suggestion does."""
    decisions, suggestions = schema.decisions, schema.suggestions
    decided = (
        select(column)
        .where(decisions.c.key == _INSTANCES.c.key)
        .order_by(decisions.c.id.desc())
        .limit(1)
        .correlate(_INSTANCES)
        .scalar_subquery()
    )
    suggested = select(offered).where(suggestions.c.key == _INSTANCES.c.key).correlate(_INSTANCES).scalar_subquery()
    return func.coalesce(decided, suggested)
