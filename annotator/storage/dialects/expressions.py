"""What the databases say differently inside a query.

Tests: tests/storage/test_store.py, tests/storage/test_import.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType

POSTGRESQL = "postgresql"


class is_among(GenericFunction[Any]):  # noqa: N801, a function of SQL
    """is_among(column, text): whether a column has one of the numbers of a JSON list, which goes as one text."""

    type = NullType()  # a boolean one would be compared with 1, which no index serves
    inherit_cache = True


@compiles(is_among)
def _in_sqlite(element: is_among, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608, values go as parameters


@compiles(is_among, POSTGRESQL)
def _in_postgresql(element: is_among, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY (CAST(translate({listed}, '[]', '{{}}') AS BIGINT[]))"


class moment(GenericFunction[int]):  # noqa: N801, a function of SQL
    """moment(): the time by the database's own clock, in milliseconds since 1970; several servers have only that one
    in common.
    """

    type = Integer()
    inherit_cache = True


@compiles(moment)
def _moment_in_sqlite(element: moment, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(moment, POSTGRESQL)
def _moment_in_postgresql(element: moment, compiler: SQLCompiler, **options: Any) -> str:
    """now() would be when the transaction began, before it waited for others to write."""
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


def insert_new(connection: Connection, table: Table) -> Any:
    """An INSERT that passes over rows which are there already."""
    return _insert(connection, table).on_conflict_do_nothing()


def put(connection: Connection, table: Table, row: Mapping[str, Any], *, key: str) -> None:
    """Write a row, over the one with this key where there is one."""
    statement = _insert(connection, table).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=row))


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql if connection.dialect.name == POSTGRESQL else sqlite).insert(table)


def last_id(connection: Connection, table: Table) -> int:
    """The greatest id that the table ever gave, or holds: SQLite does not count those that were changed."""
    query, asked = _GIVEN[connection.dialect.name], {"table": table.name}
    given = connection.execute(query, asked).scalar()
    return max(int(given or 0), int(connection.scalar(select(func.max(table.c.id))) or 0))


def note_ids(connection: Connection, table: Table) -> None:
    """Give no id again that was written by hand; SQLite sees to that itself."""
    if connection.dialect.name == POSTGRESQL and (last := last_id(connection, table)):
        connection.execute(_CONTINUE, {"table": table.name, "last": last})


_GIVEN = {
    "sqlite": text("SELECT seq FROM sqlite_sequence WHERE name = :table"),
    POSTGRESQL: text("SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(:table, 'id') AS regclass))"),
}
_CONTINUE = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)")
