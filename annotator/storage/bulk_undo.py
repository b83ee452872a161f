"""How a decision about many instances is taken back: each as it was before, but what somebody changed since.

Tests: tests/storage/test_bulk.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select, update

from annotator.core.dataset import State
from annotator.storage import bulk_masks, bulk_repair, schema
from annotator.storage.bulk_orders import Verb
from annotator.storage.bulk_repair import LATER, decided_before, offered
from annotator.storage.bulk_report import Report
from annotator.storage.gestures import write_history
from annotator.storage.instances import among

_instances, _gestures = schema.instances, schema.gestures
_decisions, _suggestions = schema.decisions, schema.suggestions


def _undo_of(client: str) -> str:
    """The client of the gestures that take back those of a bulk."""
    return f"{client}-undo"


def taken_back(client: str) -> Any:
    """The keys of the instances that an undo of the bulk has taken back."""
    return (
        select(_decisions.c.key)
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        .where(_gestures.c.client == _undo_of(client))
    )


def decided_by(client: str) -> Any:
    """What is to be taken back: rows of id (of the decision) and image_id, in the order of the pictures."""
    return (
        select(_decisions.c.id, _gestures.c.image_id)
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        .where(_gestures.c.client == client, _decisions.c.key.not_in(taken_back(client)))
        .order_by(_gestures.c.image_id, _decisions.c.id)
    )


def take_back(
    connection: Connection, verb: Verb, rows: Sequence[Row[Any]], report: Report, *, client: str, who: str
) -> None:
    still = connection.execute(_still_as_decided([row.id for row in rows])).all()
    ids = [row.id for row in still]
    if verb is Verb.REPAIR:
        bulk_repair.take_back(connection, ids)
    elif verb is Verb.MASKS:
        bulk_masks.take_back(connection, ids)
    else:
        connection.execute(update(_instances).where(among(_instances.c.id, ids)).values(_before(verb)))
    write_history(connection, ids, verb="undo", client=_undo_of(client), who=who)
    report.done += len(ids)
    found = {row.decided for row in still}
    report.pass_over(connection, {row.image_id for row in rows if row.id not in found})


def _still_as_decided(decision_ids: Sequence[int]) -> Any:
    """Rows of id and decided (the decision's id): instances that nobody has changed since these decisions."""
    later = select(func.max(LATER.c.id)).where(LATER.c.key == _decisions.c.key).scalar_subquery()
    return (
        select(_instances.c.id, _decisions.c.id.label("decided"))
        .join(_decisions, _decisions.c.key == _instances.c.key)
        .where(
            among(_decisions.c.id, decision_ids),
            _decisions.c.id == later,
            _instances.c.state == _decisions.c.state,
        )
    )


def _before(verb: Verb) -> dict[str, Any]:
    """What an instance was before its last decision, of the column that the verb changes."""
    if verb is Verb.RELABEL:
        was = func.coalesce(decided_before(LATER.c.category_id), offered(_suggestions.c.category_id))
        of = schema.categories
        return {"category_id": select(func.coalesce(of.c.merged_into, of.c.id)).where(of.c.id == was).scalar_subquery()}
    return {"state": func.coalesce(decided_before(LATER.c.state), literal(State.SUGGESTED.value))}
