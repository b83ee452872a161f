"""Suggestions that are accepted unseen from a score on, and the random sample of them that people are left to answer.

The sample stays among the open suggestions, where nothing tells it apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select

from annotator.core.dataset import State
from annotator.core.query import parse
from annotator.storage import schema
from annotator.storage.bulk import BulkDecisions
from annotator.storage.bulk_orders import Order, Targets, Verb
from annotator.storage.bulk_report import Report
from annotator.storage.categories import standing
from annotator.storage.database import Database
from annotator.storage.gestures import BULK_CLIENT

_images, _instances, _suggestions = schema.images, schema.instances, schema.suggestions
_gestures, _decisions = schema.gestures, schema.decisions
_unseen, _bulks = schema.unseen, schema.bulks


@dataclass(frozen=True)
class Lowest:
    """The lowest score from which on suggestions of a network, model@version, and a category are accepted."""

    network: str
    category_id: int
    score: float


@dataclass(frozen=True)
class Batch:
    """What is to be accepted, and the keys of the sample, which is not. as_of: the history up to here was looked at."""

    order: Order
    found: Targets
    sample: tuple[str, ...]
    target: float
    as_of: int


@dataclass(frozen=True)
class Sample:
    """How far the sample of a batch is answered. A suggestion that is gone, with its picture too, is not counted.

    accepted: instances of the batch. right: those that were accepted as they are. image_ids: where some are open.
    """

    bulk_id: int
    at: str
    accepted: int
    target: float
    right: int
    wrong: int
    left: int
    image_ids: tuple[int, ...]


class UnseenAccepts:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database, bulk: BulkDecisions) -> None:
        self._database = database
        self._bulk = bulk

    def prepare(self, lowest: Sequence[Lowest], *, target: float, draw: Callable[[int], Sequence[int]]) -> Batch:
        """What there is to accept on pictures that are not reviewed.

        draw: of how many there are, the indices of those that belong to the sample.
        """
        wanted = or_(*(_is_from(one) for one in lowest)) if lowest else _instances.c.id < 0
        query = (
            select(_instances.c.id, _instances.c.key, _instances.c.image_id)
            .join(_images, _images.c.id == _instances.c.image_id)
            .where(~_images.c.removed, ~_images.c.reviewed, ~_instances.c.locked, ~_instances.c.edited)
            .where(_instances.c.state == State.SUGGESTED.value, wanted)
            .order_by(_instances.c.image_id, _instances.c.id)
        )
        with self._database.read() as connection:
            rows: Sequence[Any] = connection.execute(query).all()
            as_of = connection.scalar(select(func.max(_gestures.c.id))) or 0
        drawn = set(draw(len(rows)))
        rest = [row for index, row in enumerate(rows) if index not in drawn]
        least = min((one.score for one in lowest), default=1.0)
        order = Order(Verb.ACCEPT, parse(f"score:{least:.2f}.."), keys=tuple(row.key for row in rest))
        sample = tuple(rows[index].key for index in sorted(drawn))
        return Batch(order, Targets.of(rest), sample, target, as_of)

    def carry_out(
        self, batch: Batch, *, who: str, told: Callable[[Report], bool] = lambda report: True
    ) -> tuple[int, Report]:
        """Accept all but the sample, as one bulk: its id, by which it is taken back, and what became of it."""

        def remember(connection: Connection, bulk_id: int) -> None:
            line = {"bulk_id": bulk_id, "target": batch.target, "sample": json.dumps(batch.sample)}
            connection.execute(insert(_unseen).values(line))

        return self._bulk.carry_out(
            batch.order, as_of=batch.as_of, who=who, found=batch.found, told=told, begun=remember
        )

    def samples(self) -> tuple[Sample, ...]:
        """Of all batches that stand, the latest first."""
        query = (
            select(_unseen.c.bulk_id, _unseen.c.target, _unseen.c.sample, _bulks.c.at, _bulks.c.done)
            .join(_bulks, _bulks.c.id == _unseen.c.bulk_id)
            .where(~_bulks.c.undone)
            .order_by(_unseen.c.bulk_id.desc())
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            return tuple(_sample(connection, row) for row in rows)


def _is_from(lowest: Lowest) -> ColumnElement[bool]:
    same = and_(_instances.c.source == lowest.network, _instances.c.category_id == lowest.category_id)
    return and_(same, _instances.c.score >= lowest.score - 1e-6)


def _sample(connection: Connection, batch: Any) -> Sample:
    """batch: a row of bulk_id, target, sample, at and done."""
    last = (
        select(_gestures.c.client)
        .join(_decisions, _decisions.c.gesture_id == _gestures.c.id)
        .where(_decisions.c.key == _instances.c.key)
        .order_by(_decisions.c.gesture_id.desc())
        .limit(1)
        .correlate(_instances)
        .scalar_subquery()
    )
    query = (
        select(
            _instances.c.image_id,
            _instances.c.state,
            _instances.c.edited,
            _instances.c.category_id,
            _suggestions.c.category_id.label("offered"),
            last.label("client"),
        )
        .join(_images, _images.c.id == _instances.c.image_id)
        .join(_suggestions, _suggestions.c.key == _instances.c.key)
        .where(~_images.c.removed, _instances.c.key.in_(json.loads(batch.sample)))
    )
    rows = connection.execute(query).all()
    open_ones = [row for row in rows if row.state == State.SUGGESTED.value]
    # What was decided about many at once says nothing: nobody looked at it.
    answered = [row for row in rows if row not in open_ones and not (row.client or "").startswith(BULK_CLIENT)]
    counts_as = standing(connection)
    right = sum(
        row.state == State.ACCEPTED.value and not row.edited and row.category_id == counts_as.of(row.offered)
        for row in answered
    )
    places = tuple(sorted({row.image_id for row in open_ones}))
    wrong = len(answered) - right
    return Sample(batch.bulk_id, batch.at, batch.done, batch.target, right, wrong, len(open_ones), places)
