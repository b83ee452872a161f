"""A database from outside, checked before it takes a project's place: that it is whole, a project's, and harmless.

A database is more than its rows: triggers and views run when it is used, columns hold any type, and a mask that no
program wrote may crash the one that decodes it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Boolean, Float, Integer, LargeBinary, Table, select

from annotator.core.dataset import Image
from annotator.core.errors import AnnotatorError, ArchiveError, StoreError
from annotator.core.limits import MAX_SIDE
from annotator.core.masks import checked_rle, rle_area
from annotator.core.settings import SETTINGS
from annotator.storage import heatmaps, schema
from annotator.storage.parts import parts_from_bytes
from annotator.storage.store import Store

MAX_PIXELS = 2**28
"""Of an image that a database tells of; pictures are decoded up to 40 megapixels unless asked otherwise."""

_PATIENCE_STEPS = 500_000_000


def require_harmless(path: Path) -> None:
    """Before anything is written to it: whole, and of the tables, indexes and triggers that our migrations make.

    Removes the settings that do not travel. Raises ArchiveError.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA journal_mode = DELETE")
            steps = iter(range(_PATIENCE_STEPS // 1_000_000))
            connection.set_progress_handler(lambda: next(steps, None) is None, 1_000_000)
            _require_ours(connection)
            _require_whole(connection)
            for table in schema.metadata.sorted_tables:
                _require_types(connection, table)
            remove_what_stays(connection)
            connection.commit()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise StoreError("the project cannot be unpacked: the disk is full") from error
        raise ArchiveError(f"archive: its database is damaged ({error})") from error


def remove_what_stays(connection: sqlite3.Connection) -> None:
    """Remove every setting that does not go with a project."""
    travelling = [setting.name for setting in SETTINGS if setting.travels]
    marks = ", ".join("?" * len(travelling))
    connection.execute(f"DELETE FROM settings WHERE name NOT IN ({marks})", travelling)  # noqa: S608, marks alone


def require_sound(store: Store) -> None:
    """Every value of an opened project is one that the project could have written. Raises ArchiveError."""
    try:
        pictures = {}
        for image in (*(row.image for row in store.queue()), *store.bin(emptied=True)):
            if not (image.width <= MAX_SIDE and image.height <= MAX_SIDE and image.width * image.height <= MAX_PIXELS):
                raise StoreError(f"image {image.id}: {image.width} x {image.height} pixels")
            store.content_path(image.sha256)
            pictures[image.id] = image
        store.categories()
        with store._database.read() as connection:
            for table in (schema.instances, schema.suggestions):
                for row in connection.execute(select(table.c.key, table.c.image_id, table.c.rle)):
                    _require_mask(row.key, row.rle, pictures[row.image_id])
            decided = select(
                schema.decisions.c.key, schema.decisions.c.rle, schema.decisions.c.parts, schema.gestures.c.image_id
            ).join(schema.gestures)
            for decision in connection.execute(decided):
                _require_mask(decision.key, decision.rle, pictures[decision.image_id])
                parts_from_bytes(decision.parts)
            for (parts,) in connection.execute(select(schema.instances.c.parts)):
                parts_from_bytes(parts)
            for kept in connection.execute(heatmaps.with_suggested()):
                heatmaps.heatmap_of(kept, pictures[kept.image_id])
            for (value,) in connection.execute(select(schema.settings.c.value)):
                json.loads(value)
    except (AnnotatorError, ValueError, KeyError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise ArchiveError(f"archive: its database is not one that a project wrote ({error!s:.200})") from error


def _require_mask(key: str, counts: str, image: Image) -> None:
    rle_area(checked_rle(counts, height=image.height, width=image.width))
    if not 0 < len(key) <= 200:
        raise ValueError("a key of no or many characters")


def _require_ours(connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != schema.APPLICATION_ID:
        raise ArchiveError("archive: its database is another program's, not a project's")
    objects = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    found = connection.execute(objects).fetchall()
    if not any(kind == "table" and name == "migrations" for kind, name, _, _ in found):
        raise ArchiveError("archive: its database is another program's, not a project's")
    done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    newer = sorted(str(name) for name in done - set(schema.MIGRATIONS))
    if newer:
        raise ArchiveError(f"archive: made by a newer annotator (it has {newer[-1]:.80}); update annotator to open it")
    with closing(sqlite3.connect(":memory:")) as made:
        for name, statements in schema.MIGRATIONS.items():
            if name in done:
                for statement in statements:
                    made.execute(statement)
        expected = made.execute(objects).fetchall()
    if found != expected:
        strange = next((item for item in found if item not in expected), ("table", "that is missing", "", ""))
        raise ArchiveError(f"archive: its database has a {strange[0]!s:.20} {strange[1]!r:.80} that no project has")


def _require_whole(connection: sqlite3.Connection) -> None:
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise ArchiveError(f"archive: its database is damaged ({' '.join(str(verdict).split())[:120]})")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise ArchiveError("archive: its database has rows that belong to nothing")


def _require_types(connection: sqlite3.Connection, table: Table) -> None:
    """SQLite keeps any type in any column: here each value has its column's."""
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
    for column in table.columns:
        if column.name not in there:  # a later migration adds it
            continue
        kinds = ["text"]
        if isinstance(column.type, (Integer, Boolean)):
            kinds = ["integer"]
        elif isinstance(column.type, Float):
            kinds = ["real", "integer"]
        elif isinstance(column.type, LargeBinary):
            kinds = ["blob"]
        allowed = ", ".join(f"'{kind}'" for kind in (*kinds, *(["null"] if column.nullable else [])))
        query = f"SELECT 1 FROM {table.name} WHERE typeof({column.name}) NOT IN ({allowed}) LIMIT 1"  # noqa: S608
        if connection.execute(query).fetchone() is not None:
            raise ArchiveError(f"archive: its database has a {table.name}.{column.name} of another type")
