"""What a project folder says of itself, read without opening it: nothing is migrated, and nobody waits for a lock.

Tests: tests/storage/test_project_folders.py
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotator.core.errors import StoreError
from annotator.core.project import Summary
from annotator.core.settings import BATCH, BINNED, KEY, NAME, OWNER, PUT_AWAY, Setting
from annotator.storage import schema
from annotator.storage.dialects.sqlite import DATABASE_NAME, plain_reason
from annotator.storage.locations import Location, database_file, read_location

COVERS = 4
"""Images of a project whose thumbnails a list shows."""

PATIENCE_S = 0.5
"""For another program's lock; whoever lists projects has others to look at."""


def summarize(folder: Path) -> Summary:
    """The summary of the project in a folder, of any version up to this one's.

    Raises StoreError in one line for what is damaged, locked, newer or no project.
    """
    location = read_location(folder)
    if location is not None:
        return _summarize_server(folder, location)
    path = folder / DATABASE_NAME
    try:
        with closing(_connect(path)) as connection:
            _require_readable(connection, path)
            settings = _parsed(connection.execute(_SETTINGS))
            images, reviewed = connection.execute(_IMAGES).fetchone()
            counts = dict(connection.execute(_INSTANCES).fetchall())
            covers = tuple(sha256 for (sha256,) in connection.execute(_COVERS, (COVERS,)))
            people = tuple(connection.execute(_PEOPLE)) if "people" in _tables(connection) else ()
        used = path.stat().st_mtime
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {plain_reason(str(error), patience=PATIENCE_S)}") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
    found = _summary(settings, images=images, reviewed=reviewed, counts=counts, covers=covers, used=used)
    return replace(found, people=people)


def _summarize_server(folder: Path, location: Location) -> Summary:
    from annotator.storage.server_summaries import read_facts  # psycopg is not there where nobody asks for it

    facts = read_facts(location, covers=COVERS)
    found = _summary(
        _parsed(facts.settings.items()),
        images=facts.images,
        reviewed=facts.reviewed,
        counts=facts.counts,
        covers=facts.covers,
        used=database_file(folder).stat().st_mtime,
    )
    return replace(found, people=facts.people)


def _summary(
    settings: dict[str, Any],
    *,
    images: int,
    reviewed: int,
    counts: dict[str, int],
    covers: tuple[str, ...],
    used: float,
) -> Summary:
    return Summary(
        key=_text(settings, KEY) or "",
        name=_text(settings, NAME) or "",
        images=images,
        reviewed=reviewed,
        accepted=counts.get("accepted", 0),
        suggested=counts.get("suggested", 0),
        covers=covers,
        used=used,
        put_away=settings.get(PUT_AWAY.name) is True,
        binned=_text(settings, BINNED),
        has_batch=settings.get(BATCH.name) is not None,
        owner=_text(settings, OWNER),
    )


_IMAGES = "SELECT count(*), coalesce(sum(reviewed), 0) FROM images WHERE NOT removed"
_INSTANCES = """SELECT state, count(*) FROM instances
    WHERE state IN ('accepted', 'suggested') AND image_id NOT IN (SELECT id FROM images WHERE removed)
    GROUP BY state"""
# What lies in a batch's record may be long, and only counts here where it is there at all.
_SETTINGS = "SELECT name, CASE WHEN length(value) > 1000 THEN 'true' ELSE value END FROM settings"
_PEOPLE = "SELECT login, name FROM people ORDER BY id"
_COVERS = "SELECT sha256 FROM images WHERE NOT removed ORDER BY id LIMIT ?"


def _connect(path: Path) -> sqlite3.Connection:
    # Written to is only what a killed program left half-done, which SQLite takes back before it reads.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE_S)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _require_readable(connection: sqlite3.Connection, path: Path) -> None:
    tables = _tables(connection)
    if not tables:
        raise StoreError(f"{path}: is empty; restore it from a backup")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != schema.APPLICATION_ID or "migrations" not in tables:
        raise StoreError(f"{path}: is a database of another program, not a project's")
    done = {str(name) for (name,) in connection.execute("SELECT name FROM migrations")}
    newer = sorted(done - set(schema.MIGRATIONS))
    if newer:
        raise StoreError(f"{path}: made by a newer annotator (it has {newer[-1]}); update annotator to open it")


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _parsed(rows: Iterable[tuple[str, str]]) -> dict[str, Any]:
    try:
        return {name: json.loads(value) for name, value in rows}
    except (ValueError, TypeError) as error:
        raise StoreError("a setting of the project is no JSON; restore it from a backup") from error


def _text(settings: dict[str, Any], setting: Setting) -> str | None:
    found = settings.get(setting.name)
    return found if isinstance(found, str) else None
