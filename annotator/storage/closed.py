"""A project's database in which nothing more is stored, as its content lies elsewhere now, or is still on its way in.

The database itself refuses: programs that opened it before it was closed lose nothing in silence, they are told.

Tests: tests/storage/test_moving.py
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from annotator.core.settings import CLOSED
from annotator.storage import schema
from annotator.storage.dialects.expressions import POSTGRESQL
from annotator.storage.settings import read_setting, write_setting

_EVENTS = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Closed:
    """why: the line that whoever stores something is told. arriving: its content is not all there yet."""

    why: str
    arriving: bool = False


def closed(connection: Connection) -> Closed | None:
    """Why nothing is stored here; None where the project is open."""
    found = read_setting(connection, CLOSED)
    return None if found is None else Closed(found["why"], found["arriving"])


def close(connection: Connection, reason: Closed) -> None:
    """From the end of the transaction on, whoever adds, changes or removes a row is refused with this reason."""
    write_setting(connection, CLOSED, {"why": reason.why, "arriving": reason.arriving})
    why = reason.why.replace("'", "''").replace(":", "\\:")
    for table in schema.metadata.tables:
        if connection.dialect.name == POSTGRESQL:
            when = f"BEFORE {' OR '.join(_EVENTS)} ON {table} FOR EACH STATEMENT"
            connection.execute(text(f"CREATE TRIGGER closed {when} EXECUTE FUNCTION refuse_change('{why}')"))
            continue
        for event in _EVENTS:
            refusal = f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
            connection.execute(text(f"CREATE TRIGGER closed_{table}_{event} BEFORE {event} ON {table} {refusal}"))


def reopen(connection: Connection) -> None:
    """Take a closing back; also where the project is open."""
    for table in schema.metadata.tables:
        if connection.dialect.name == POSTGRESQL:
            connection.execute(text(f"DROP TRIGGER IF EXISTS closed ON {table}"))
            continue
        for event in _EVENTS:
            connection.execute(text(f"DROP TRIGGER IF EXISTS closed_{table}_{event}"))
    write_setting(connection, CLOSED, None)
