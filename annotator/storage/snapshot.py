"""A project's database as it is at one moment, as an SQLite file: what archives and copies are made of.

Tests: tests/storage/test_archive.py, tests/storage/test_postgresql.py
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, bindparam, insert, select, update

from annotator.storage import schema
from annotator.storage.database import Database
from annotator.storage.dialects.expressions import note_ids
from annotator.storage.dialects.sqlite import DATABASE_NAME

_AT_ONCE = 1_000
_MERGED = update(schema.categories).where(schema.categories.c.id == bindparam("of"))


def write_snapshot(database: Database, target: Path) -> None:
    """target: is not there. Raises StoreError, OSError, sqlite3.Error."""
    if database.file is not None:
        with closing(sqlite3.connect(database.file)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        return
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".snapshot-") as folder:
        local = Database(Path(folder), patience=1)
        try:
            with database.read() as source_rows, local.write() as rows:
                copy_rows(source_rows, rows)
        finally:
            local.close()
        os.replace(Path(folder) / DATABASE_NAME, target)


def copy_rows(source: Connection, target: Connection) -> None:
    """Copy every row into a project that has none, with all its ids."""
    merged = []
    for table in schema.metadata.sorted_tables:
        if table is schema.migrations:
            continue
        query = select(table).order_by(*table.primary_key).execution_options(yield_per=_AT_ONCE)
        for some in source.execute(query).mappings().partitions():
            rows = [dict(row) for row in some]
            if table is schema.categories:  # one may count as another that comes later
                merged += [{"of": row["id"], "merged_into": row["merged_into"]} for row in rows if row["merged_into"]]
                rows = [{**row, "merged_into": None} for row in rows]
            target.execute(insert(table), rows)
    if merged:
        target.execute(_MERGED, merged)
    for table in schema.metadata.tables.values():
        if "id" in table.c:
            note_ids(target, table)
