"""Checks a database from outside before it becomes a project: it must be whole, of our schema, and harmless.

A database is more than its rows: triggers and views run when it is used, columns hold any type, and a mask that no
program wrote may crash the one that decodes it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Float, Integer, LargeBinary, Row, Select, Table, func, select

from annotator.core.dataset import Image, State
from annotator.core.errors import AnnotatorError, ArchiveError, StoreError
from annotator.core.limits import MAX_FLAGS, MAX_IMAGE_MASKS, MAX_SIDE
from annotator.core.masks import are_normal, checked_rle
from annotator.core.numbers import MAX_ID, is_finite
from annotator.core.project import checked_name
from annotator.core.review import is_flag, is_note
from annotator.core.settings import BLIND_SHARE, IMPORTED_EXTRA, NAME, SETTINGS, THRESHOLD, UNFINISHED
from annotator.storage import heatmaps, schema
from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.storage.imports import is_unfinished
from annotator.storage.parts import parts_from_bytes
from annotator.storage.prompts import prompted_of
from annotator.storage.store import Store
from annotator.storage.vetting_categories import require_sound_categories
from annotator.storage.vetting_takes import require_sound_takes

MAX_PIXELS = 2**28
"""Of an image that a database tells of; pictures are decoded up to 40 megapixels unless asked otherwise."""

_PATIENCE_STEPS = 500_000_000

_OF_THE_DISK = (
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC,
)  # fmt: skip
"""Failures of SQLite that say nothing about a database."""

_ROWS = 1_000
"""That are read at once."""

_MASKS = 1_000_000
"""Characters of masks that are checked at once."""


def vet(folder: Path) -> tuple[Image, ...]:
    """Make sure of the database in a folder that was unpacked, and make it a project's with a key of its own.

    Returns its images, those in the bin too. Raises ArchiveError for what no project wrote, StoreError where the disk
    is to blame.
    """
    require_harmless(folder / DATABASE_NAME)
    with Store.open(folder) as store:  # migrates, and makes the key
        return require_sound(store)


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
            _require_room_for_ids(connection)
            remove_what_stays(connection)
            _forget_what_follows(connection)
            connection.commit()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _OF_THE_DISK:
            raise StoreError("the project cannot be unpacked: the disk takes no more") from error
        raise ArchiveError(f"archive: its database is damaged ({error})") from error


def remove_what_stays(connection: sqlite3.Connection) -> None:
    """Remove what does not go with a project: some settings, its people, leases, how decisions are taken back."""
    travelling = [setting.name for setting in SETTINGS if setting.travels]
    marks = ", ".join("?" * len(travelling))
    connection.execute(f"DELETE FROM settings WHERE name NOT IN ({marks})", travelling)  # noqa: S608, marks alone
    done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    if "0025_leases" in done:
        connection.execute("DELETE FROM leases")
    if "0023_people" in done:
        connection.execute("DELETE FROM people")
    if "0018_unseen" in done:
        connection.execute("DELETE FROM unseen")
    if "0006_bulks" in done:
        connection.execute("DELETE FROM bulks")


def _forget_what_follows(connection: sqlite3.Connection) -> None:
    """What is worked out from the rest is worked out again, whatever it said."""
    done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    if "0004_search" in done:
        connection.execute("UPDATE images SET name_order = ''")
    if "0008_shapes" in done:
        connection.execute("UPDATE instances SET area = NULL")


def require_sound(store: Store) -> tuple[Image, ...]:
    """Every value of an opened project is one that the project could have written. Raises ArchiveError.

    Returns all of its images, without second takes, which have no content of their own.
    """
    try:
        images = {}
        for image in (*store.images(), *store.bin(emptied=True)):
            if not (image.width <= MAX_SIDE and image.height <= MAX_SIDE and image.width * image.height <= MAX_PIXELS):
                raise StoreError(f"image {image.id}: {image.width} x {image.height} pixels")
            store.content_path(image.sha256)
            images[image.id] = image
        pictures = tuple(images.values())
        images |= {image.id: image for image in store.twice.images()}
        with store._database.read() as connection:
            _require_documents(connection)
            _require_masks(connection, images)
            _require_polygons(connection)
            for row in _rows(connection, heatmaps.with_suggested()):
                heatmaps.heatmap_of(row, images[row.image_id])
            _require_json(connection)
            _require_said(connection)
            _require_prompts(connection)
            require_sound_categories(connection)
            require_sound_takes(connection, images)
        return pictures
    except (AnnotatorError, ValueError, KeyError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise ArchiveError(f"archive: its database is not one that a project wrote ({error!s:.200})") from error


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """The rows of a query, few of them in memory at once."""
    return iter(connection.execute(query.execution_options(yield_per=_ROWS)))


def _require_documents(connection: Connection) -> None:
    """Raise ValueError for an image whose document would be too large for a page."""
    table = schema.instances
    size = func.sum(func.length(table.c.rle) + func.coalesce(func.length(table.c.parts), 0))
    large = connection.execute(
        select(table.c.image_id, size.label("size"))
        .where(table.c.state != State.DELETED.value)
        .group_by(table.c.image_id)
        .having(size > MAX_IMAGE_MASKS)
    ).first()
    if large is not None:
        raise ValueError(f"image {large.image_id}: {large.size} bytes of masks, expected at most {MAX_IMAGE_MASKS}")


def _require_masks(connection: Connection, images: Mapping[int, Image]) -> None:
    decisions, gestures = schema.decisions, schema.gestures
    decided = select(decisions.c.key, gestures.c.image_id, decisions.c.rle).join(gestures)
    stored = [select(table.c.key, table.c.image_id, table.c.rle) for table in (schema.instances, schema.suggestions)]
    waiting: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    size = 0
    for query in (*stored, decided):
        for row in _rows(connection, query):
            if not 0 < len(row.key) <= 200:
                raise ValueError("a key of no or many characters")
            image = images[row.image_id]
            waiting[image.height, image.width].append(row.rle)
            size += len(row.rle)
            if size > _MASKS:
                _require_normal(waiting)
                waiting.clear()
                size = 0
    _require_normal(waiting)


def _require_normal(masks: Mapping[tuple[int, int], list[str]]) -> None:
    """masks: counts by the height and width of their images."""
    for (height, width), counts in masks.items():
        if not are_normal(counts, height=height, width=width):
            for each in counts:  # one of them is to blame, or is written in another way than ours
                checked_rle(each, height=height, width=width)


def _require_polygons(connection: Connection) -> None:
    for column in (schema.instances.c.parts, schema.decisions.c.parts):
        for (parts,) in _rows(connection, select(column).where(column.is_not(None))):
            parts_from_bytes(parts)


def _require_json(connection: Connection) -> None:
    """Raise ValueError unless texts that hold JSON hold the shape that their readers expect."""
    for table in (schema.images, schema.categories, schema.instances):
        for (text,) in _rows(connection, select(table.c.extra).distinct()):
            if not isinstance(json.loads(text), dict):
                raise ValueError(f"{table.name}.extra: {text!r:.40}, expected an object")
    settings = {row.name: json.loads(row.value) for row in _rows(connection, select(schema.settings))}
    extra, threshold = settings.get(IMPORTED_EXTRA.name), settings.get(THRESHOLD.name)
    if not isinstance(extra, dict | None):
        raise ValueError(f"setting {IMPORTED_EXTRA.name}: {extra!r:.40}, expected an object")
    unfinished = settings.get(UNFINISHED.name)
    if unfinished is not None and not is_unfinished(unfinished):
        raise ValueError(f"setting {UNFINISHED.name}: {unfinished!r:.40}, expected a name and two numbers")
    if NAME.name in settings:
        checked_name(settings[NAME.name])
    share = settings.get(BLIND_SHARE.name)
    if share is not None and not (is_finite(share) and 0 <= share <= 1):
        raise ValueError(f"setting {BLIND_SHARE.name}: {share!r:.40}, expected a number from 0 to 1")
    if threshold is not None and not (is_finite(threshold) and 0 <= threshold <= 1):
        raise ValueError(f"setting {THRESHOLD.name}: {threshold!r:.40}, expected a number from 0 to 1")


def _require_said(connection: Connection) -> None:
    """Raise ValueError unless flags and notes are some that a gesture could have brought."""
    for table in (schema.images, schema.instances, schema.gestures, schema.decisions):
        for (text,) in _rows(connection, select(table.c.flags).where(table.c.flags.is_not(None)).distinct()):
            flags = json.loads(text)
            if not isinstance(flags, list) or len(flags) > MAX_FLAGS or not all(map(is_flag, flags)):
                raise ValueError(f"{table.name}.flags: {text!r:.40}, expected a list of flags")
    tables = (schema.images, schema.instances, schema.gestures, schema.decisions)
    for column in (schema.images.c.failure, schema.verdicts.c.note, *(table.c.note for table in tables)):
        for (text,) in _rows(connection, select(column).where(column.is_not(None), column != "")):
            if not is_note(text):
                raise ValueError(f"{column}: {text!r:.40}, expected a note")


def _require_prompts(connection: Connection) -> None:
    """Raise StoreError unless what was said to networks is something that a gesture could have brought."""
    for column in (schema.instances.c.prompt, schema.decisions.c.prompt):
        for (text,) in _rows(connection, select(column).where(column.is_not(None)).distinct()):
            prompted_of(text, str(column))


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
        raise ArchiveError("archive: its database has rows that refer to rows which are missing")


def _require_types(connection: sqlite3.Connection, table: Table) -> None:
    """Raise unless each value has the type of its column, which SQLite does not enforce, and no number is beyond what a
    browser holds.
    """
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
    for column in table.columns:
        if column.name not in there:  # a later migration adds it
            continue
        kinds, beside = ["text"], ""
        if isinstance(column.type, Boolean):
            kinds, beside = ["integer"], f" OR {column.name} NOT IN (0, 1)"
        elif isinstance(column.type, Integer):
            kinds, beside = ["integer"], f" OR {column.name} NOT BETWEEN -{MAX_ID} AND {MAX_ID}"
        elif isinstance(column.type, Float):
            kinds = ["real", "integer"]
        elif isinstance(column.type, LargeBinary):
            kinds = ["blob"]
        allowed = ", ".join(f"'{kind}'" for kind in (*kinds, *(["null"] if column.nullable else [])))
        wrong = f"typeof({column.name}) NOT IN ({allowed}){beside}"
        if connection.execute(f"SELECT 1 FROM {table.name} WHERE {wrong} LIMIT 1").fetchone() is not None:  # noqa: S608
            raise ArchiveError(f"archive: its database has a {table.name}.{column.name} of another type or size")


def _require_room_for_ids(connection: sqlite3.Connection) -> None:
    """Raise where a counter of ids is at its end: nothing could be added, and SQLite would report a full disk."""
    strange = f"typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND {MAX_ID}"
    found = connection.execute(f"SELECT name, seq FROM sqlite_sequence WHERE {strange}").fetchone()  # noqa: S608
    if found is not None:
        name, seq = found
        raise ArchiveError(
            f"archive: its database has counted {name!s:.40} up to {seq!r:.40}, expected at most {MAX_ID}"
        )
