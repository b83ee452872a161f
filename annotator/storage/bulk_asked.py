"""What was asked for when a decision about many instances began: kept until it has ended, so that it can go on.

Tests: tests/storage/test_bulk.py
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from annotator.core.query import parse
from annotator.core.repair import Kind, Repair
from annotator.storage import schema
from annotator.storage.bulk_orders import Order, Targets, Verb, targets

_gestures, _decisions = schema.gestures, schema.decisions


@dataclass(frozen=True)
class Asked:
    """An order, and what there was when it was looked at.

    as_of: a picture that somebody changed after this gesture is passed over. newest: the highest id of an instance that
    it is about; what a network suggested later was not looked at.
    """

    order: Order
    as_of: int
    newest: int


def to_json(asked: Asked) -> str:
    """All but the verb and the expression, which stand in columns of their own."""
    order = asked.order
    return json.dumps(
        {
            "threshold": order.threshold,
            "keys": order.keys,
            "category": order.category_id,
            "network": order.network,
            "repair": None if order.repair is None else asdict(order.repair),
            "as_of": asked.as_of,
            "newest": asked.newest,
        }
    )


def from_json(verb: Verb, query: str, text: str) -> Asked:
    """Of what `to_json` wrote."""
    said = json.loads(text)
    repair = None if said["repair"] is None else Repair(Kind(said["repair"]["kind"]), said["repair"]["pixels"])
    # Of any length: the numbers of pictures that were picked one by one may be many.
    asked = parse(query, most=sys.maxsize)
    order = Order(verb, asked, said["threshold"], tuple(said["keys"]), said["category"], repair, said.get("network"))
    return Asked(order, said["as_of"], said["newest"])


def network_in(text: str) -> str | None:
    """The name of the network in what `to_json` wrote."""
    name = json.loads(text).get("network") if text else None
    return name if isinstance(name, str) else None


def what_is_left(connection: Connection, asked: Asked, *, client: str) -> Targets:
    """What the order is about and the bulk of this client has not decided yet. Raises as `targets` does."""
    decided = select(_decisions.c.key).join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
    done = set(connection.scalars(decided.where(_gestures.c.client == client)))
    rows = targets(connection, asked.order)
    return Targets.of([row for row in rows if row.id <= asked.newest and row.key not in done])
