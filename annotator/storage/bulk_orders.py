"""What is to be decided about which of a project's instances, and which these are.

Tests: tests/storage/test_bulk.py
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, select

from annotator.core.dataset import State
from annotator.core.errors import GestureError
from annotator.core.query import EVERYTHING, NUMBER, Query
from annotator.core.repair import Repair
from annotator.storage import bulk_masks, categories, schema, search
from annotator.storage.instances import chunks
from annotator.storage.search import Search

_images, _instances = schema.images, schema.instances


class Verb(StrEnum):
    """What is decided about each instance."""

    ACCEPT = "accept"
    REJECT = "reject"
    RELABEL = "relabel"
    REPAIR = "repair"
    MASKS = "masks"
    """Of a box: what a network finds in it."""


@dataclass(frozen=True)
class Order:
    """What is to be decided about which instances.

    query: describes instances and their pictures, as a search does; `threshold` is of the suggestions that count.
    keys: these instances alone, where there are any. category_id: of the verb relabel. repair: of the verb repair.
    network: of the verb masks, by its name.
    """

    verb: Verb
    query: Query = EVERYTHING
    threshold: float = 0.5
    keys: tuple[str, ...] = ()
    category_id: int | None = None
    repair: Repair | None = None
    network: str | None = None


class Target(NamedTuple):
    """An instance that an order is about, by its id."""

    id: int
    image_id: int


@dataclass(frozen=True)
class Targets:
    """Many of them in the order of the pictures, 16 bytes each."""

    ids: array[int]
    image_ids: array[int]

    @classmethod
    def of(cls, rows: Sequence[Any]) -> Targets:
        return cls(array("q", (row.id for row in rows)), array("q", (row.image_id for row in rows)))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> list[Target]:
        return [Target(id, image_id) for id, image_id in zip(self.ids, self.image_ids, strict=True)]


def targets(connection: Connection, order: Order) -> list[Any]:
    """Rows of id, key, image_id and score, in the order of the pictures: what the order would change.

    Boxes that are no instances have ids below 0, as `bulk_masks.CarriedTarget` says.
    """
    if order.verb is Verb.RELABEL and order.category_id not in categories.standing(connection).ids:
        raise GestureError(f"category {order.category_id}: not in the project")
    known = search.known_for(connection, Search(order.query, threshold=order.threshold))
    of_image = Query(tuple(term for term in order.query.terms if not term.field.of_instance))
    conditions = [~_images.c.removed, *search.image_conditions(of_image, known), changes(order)]
    if not order.keys:
        conditions += search.instance_conditions(order.query.terms, known)
    query = (
        select(_instances.c.id, _instances.c.key, _instances.c.image_id, _instances.c.score)
        .join(_images, _images.c.id == _instances.c.image_id)
        .where(*conditions)
        .order_by(_instances.c.image_id, _instances.c.id)
    )
    chosen = [query.where(_instances.c.key.in_(some)) for some in chunks(order.keys)] if order.keys else [query]
    numbers = order.query.of(NUMBER.name)
    found: list[Any] = []
    for one in chosen:
        found += filter(lambda row: search.has_numbers(row.image_id, numbers), connection.execute(one))
    if order.verb is Verb.MASKS and not order.keys:
        found += bulk_masks.carried_targets(connection, order.query, known)
    return sorted(found, key=lambda row: (row.image_id, row.id))


def changes(order: Order) -> ColumnElement[bool]:
    """Of `schema.instances`: whether the order may make something else of it; without `is:`, of an open suggestion.

    What is locked stays as it is. Whether a repair changes a mask is only known once it is made.
    """
    state, is_open = _instances.c.state, ~_instances.c.locked
    if order.verb is Verb.RELABEL:
        return and_(is_open, _instances.c.category_id != order.category_id, state != State.DELETED.value)
    if order.verb is Verb.MASKS:
        return and_(is_open, bulk_masks.is_box())
    if order.verb is Verb.REPAIR:
        return and_(is_open, state != State.DELETED.value)
    if order.keys or order.query.of("is"):
        return and_(is_open, state.not_in([state_after(order.verb), State.DELETED.value]))
    return and_(is_open, state == State.SUGGESTED.value)


def state_after(verb: Verb) -> str:
    """Of the verbs that decide whether an instance is right."""
    return (State.ACCEPTED if verb is Verb.ACCEPT else State.REJECTED).value
