"""What people change about categories: the rows as they are, and a log that is only added to.

The log keeps of each change the columns that it touched, before and after. Undoing one writes another line, which says
what it undoes; and so does doing it again, which undoes the undo.

Tests: tests/storage/test_category_manager.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.sql import ColumnElement

from annotator.core.errors import CategoryError
from annotator.storage import schema
from annotator.storage.database import now
from annotator.storage.images import plain_text
from annotator.storage.stored import json_of

Verb = Literal[
    "add", "rename", "supercategory", "color", "digit", "threshold", "order", "merge", "remove", "undo", "redo"
]

Columns = Mapping[int, Mapping[str, Any]]
"""For each category's id, columns with their values."""

_LOG = schema.category_changes
_TABLE = schema.categories


@dataclass(frozen=True)
class CategoryChange:
    """One line of the log. `at` is ISO 8601 in UTC; `undoes` is the id of the change that this one took back."""

    id: int
    at: str
    who: str
    verb: str
    undoes: int | None
    before: Columns
    after: Columns
    names: tuple[str, ...]
    """Of the categories that it is about; of a renamed one the old and the new name, of a merge both."""


def write_change(
    connection: Connection,
    verb: Verb,
    after: Columns,
    *,
    who: str,
    before: Columns | None = None,
    undoes: int | None = None,
) -> int:
    """Write the new values and a line of the log; the line's id. Values that are the same already are left out.

    before: where the rows say something else by now than what the change began with. Raises CategoryError where
    nothing changes.
    """
    if before is None:
        rows = {row.id: row for row in connection.execute(select(_TABLE).where(_TABLE.c.id.in_(after)))}
        before = {id: {name: rows[id]._mapping[name] for name in values} for id, values in after.items()}
    changed = {
        id: {name: value for name, value in values.items() if value != before[id][name]} for id, values in after.items()
    }
    changed = {id: values for id, values in changed.items() if values}
    if not changed:
        raise CategoryError("categories: nothing changes")
    for id, values in changed.items():
        connection.execute(update(_TABLE).where(_TABLE.c.id == id).values(values))
    line = {
        "at": now(),
        "who": plain_text(who),
        "verb": verb,
        "undoes": undoes,
        "before": json.dumps({id: {name: before[id][name] for name in values} for id, values in changed.items()}),
        "after": json.dumps(changed),
    }
    return int(connection.execute(insert(_LOG).values(line).returning(_LOG.c.id)).scalar_one())


def last_change(connection: Connection) -> CategoryChange | None:
    """The latest change that can be undone: the last one that is not undone already."""
    undone = select(_LOG.c.undoes).where(_is_undo())
    query = select(_LOG).where(_LOG.c.undoes.is_(None), _LOG.c.id.not_in(undone)).order_by(_LOG.c.id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _change(connection, row)


def last_undone(connection: Connection) -> CategoryChange | None:
    """The change that was undone last and can be done again: nothing new was changed since."""
    undo = _last_undo(connection)
    if undo is None:
        return None
    return _change(connection, connection.execute(select(_LOG).where(_LOG.c.id == undo.undoes)).one())


def version(connection: Connection) -> str:
    """Another text as soon as a category has changed, is new or gone."""
    last = select(func.coalesce(func.max(_LOG.c.id), 0)).scalar_subquery()
    live = select(func.count()).where(_TABLE.c.merged_into.is_(None), ~_TABLE.c.removed).scalar_subquery()
    return "-".join(map(str, connection.execute(select(last, live)).one()))


def take_back(connection: Connection, change: CategoryChange, *, who: str) -> None:
    """Write the columns as they were before the change. Raises CategoryError where somebody changed them since."""
    _require_untouched(connection, change, told="undone")
    write_change(connection, "undo", change.before, before=change.after, who=who, undoes=change.id)


def do_again(connection: Connection, change: CategoryChange, *, who: str) -> None:
    """Write the columns of the change that was undone last. Raises CategoryError where somebody changed them since."""
    _require_untouched(connection, change, told="done again")
    undo = _last_undo(connection)
    if undo is None or undo.undoes != change.id:
        raise CategoryError(f"category change {change.id}: is not the one that was undone last")
    write_change(connection, "redo", change.after, before=change.before, who=who, undoes=undo.id)


def _is_undo() -> ColumnElement[bool]:
    """Of a line: it undoes a change, and that was not done again."""
    redone = select(_LOG.c.undoes).where(_LOG.c.verb == "redo")
    return (_LOG.c.verb == "undo") & _LOG.c.id.not_in(redone)


def _last_undo(connection: Connection) -> Row[Any] | None:
    """The line of the last undo, unless something new was changed since."""
    undo = connection.execute(select(_LOG).where(_is_undo()).order_by(_LOG.c.id.desc()).limit(1)).one_or_none()
    newest = connection.scalar(select(func.max(_LOG.c.id)).where(_LOG.c.undoes.is_(None)))
    return None if undo is None or newest > undo.id else undo


def _require_untouched(connection: Connection, change: CategoryChange, *, told: str) -> None:
    rows = {row.id: row for row in connection.execute(select(_TABLE).where(_TABLE.c.id.in_(change.after)))}
    for id, values in change.after.items():
        for name, value in values.items():
            if rows[id]._mapping[name] not in (value, change.before[id][name]):
                raise CategoryError(
                    f"category {rows[id].name!r:.80}: its {name} was changed since, so nothing is {told}"
                )


def _change(connection: Connection, row: Row[Any]) -> CategoryChange:
    path = f"category change {row.id}"
    before, after = (
        {int(id): values for id, values in json_of(text, path).items()} for text in (row.before, row.after)
    )
    return CategoryChange(
        id=row.id,
        at=row.at,
        who=row.who,
        verb=row.verb,
        undoes=row.undoes,
        before=before,
        after=after,
        names=_names(connection, before, after),
    )


def _names(connection: Connection, before: Columns, after: Columns) -> tuple[str, ...]:
    rows = connection.execute(select(_TABLE.c.id, _TABLE.c.name).order_by(_TABLE.c.id))
    names = {row.id: row.name for row in rows}
    renamed = [(before[id]["name"], values["name"]) for id, values in after.items() if "name" in values]
    if renamed:
        return renamed[0]
    merged = [id for id, values in after.items() if "merged_into" in values and before[id]["merged_into"] is None]
    if merged:
        return names[merged[0]], names[after[merged[0]]["merged_into"]]
    given = [id for id, values in after.items() if values.get("digit", 0) is not None]
    return tuple(names[id] for id in given or after)
