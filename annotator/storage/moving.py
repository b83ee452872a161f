"""A project moves between its folder and a PostgreSQL server, with its history, ids and key.

Its folder on this machine stays what it is, and names another database afterwards. Each step may be cut off, and the
same move again goes on: pictures that have arrived stay, rows come in one transaction or not at all, and where the
project was, nothing more is stored from the moment on at which its copy was compared with it, row by row.

Tests: tests/storage/test_moving.py
"""

from __future__ import annotations

import math
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from sqlalchemy import Connection, Table, select, text

from annotator.core.errors import StoreError
from annotator.core.settings import KEY, PICTURES
from annotator.storage import schema
from annotator.storage.closed import Closed, close, closed, reopen
from annotator.storage.database import Database
from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.storage.locations import LOCATION_NAME, Location, is_project, read_location, write_location
from annotator.storage.picture_store import PictureStore, checked_address, store_at
from annotator.storage.settings import read_setting, write_setting
from annotator.storage.snapshot import copy_rows
from annotator.system.files import sync_folder
from annotator.system.progress import Progress

EARLIER = "project-moved"
"""How the files are called, before their ending, by which the folder was the project's before."""

_WORKSHOP = ".moving"
_TOGETHER = 64
_AT_ONCE = 1_000
_PATIENCE_S = 30.0


def move_project(
    folder: Path, target: Location | None, *, pictures: str | None = None, progress: Progress = lambda done, total: None
) -> None:
    """Move the project of this folder to a server, or from one into the folder itself (None).

    pictures: the address of the store for its pictures, needed where they lie in the folder and the project goes to a
    server; into the folder they always come along. progress: of the pictures.
    Raises StoreError; the project is where it was then, whole, or the same move again finishes what was begun.
    """
    folder = folder.absolute()
    if not is_project(folder):
        raise StoreError(f"{folder}: no project there, expected a folder with project.db")
    workshop = folder / _WORKSHOP
    try:
        if read_location(folder) == target:
            _finish(folder, target)
            return
        shutil.rmtree(workshop, ignore_errors=True)
        if target is None:
            workshop.mkdir()
        else:
            write_location(workshop, target)
        with _opened(folder) as source, _opened(workshop) as there:
            _carry(folder, source, there, target=target, pictures=pictures, progress=progress)
        _switch(folder, workshop, target)
        _finish(folder, target)
    except OSError as error:
        raise StoreError(f"{folder}: the project cannot be moved: {error.strerror or error}") from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


@contextmanager
def _opened(folder: Path) -> Iterator[Database]:
    database = Database(folder, patience=_PATIENCE_S)
    try:
        yield database
    finally:
        database.close()


def _carry(
    folder: Path,
    source: Database,
    there: Database,
    *,
    target: Location | None,
    pictures: str | None,
    progress: Progress,
) -> None:
    """Bring pictures and rows, and close the project where it was."""
    was, goes = _place(folder, read_location(folder)), _place(folder, target)
    gone = Closed(f"the project was moved to {goes}; restart what still has it open here")
    with source.read() as rows, there.read() as new:
        _require_own(rows, gone, place=was)
        _require_free(rows, new, place=goes)
        address = read_setting(rows, PICTURES)
    wanted = _address_of_pictures(address, pictures, target)
    stores = _Stores(store_at(folder, address, keeps=math.inf), store_at(folder, wanted, keeps=math.inf))
    with source.read() as rows:
        hashes = _hashes(rows)
    stores.bring(hashes, progress)  # most of them before anybody has to wait
    with source.write() as rows:
        with there.write() as new:
            if closed(new) is not None:
                _empty(new)
            copy_rows(rows, new)
            _require_same(rows, new)
            stores.bring(_hashes(rows), progress)
            write_setting(new, PICTURES, wanted)
            came = f"the project is on its way in from {was}; run the same move again"
            close(new, Closed(came, arriving=True))
        if closed(rows) is None:
            close(rows, gone)


def _switch(folder: Path, workshop: Path, target: Location | None) -> None:
    """From here on the folder is the project where it went to."""
    if target is not None:
        write_location(folder, target)
    else:
        os.replace(workshop / DATABASE_NAME, folder / DATABASE_NAME)
        os.replace(folder / LOCATION_NAME, folder / f"{EARLIER}.toml")
    sync_folder(folder)


def _finish(folder: Path, target: Location | None) -> None:
    """Let the project be worked on where it is now."""
    if target is not None and (folder / DATABASE_NAME).is_file():
        os.replace(folder / DATABASE_NAME, folder / f"{EARLIER}.db")
    with _opened(folder) as there, there.write() as rows:
        found = closed(rows)
        if found is not None and not found.arriving:
            raise StoreError(f"{_place(folder, target)}: {found.why}")
        if found is not None:
            reopen(rows)


def _place(folder: Path, location: Location | None) -> str:
    return f"{folder} on {platform.node()}" if location is None else location.place


def _require_own(rows: Connection, goes: Closed, *, place: str) -> None:
    """A project that has gone elsewhere is not moved from here as well."""
    found = closed(rows)
    if found is not None and found != goes:
        raise StoreError(f"{place}: {found.why}")


def _require_free(rows: Connection, known: Connection, *, place: str) -> None:
    key = read_setting(known, KEY)
    found = closed(known)
    is_ours = found is not None and found.arriving and key == read_setting(rows, KEY)
    if not is_ours and (key is not None or known.execute(select(schema.images.c.id).limit(1)).first() is not None):
        raise StoreError(f"{place}: has a project already, expected a schema without one (?schema=NAME)")


def _address_of_pictures(settled: str | None, wanted: str | None, target: Location | None) -> str | None:
    if target is None:
        return None
    address = settled if wanted is None else checked_address(wanted)
    if address is None:
        known = "--pictures s3://BUCKET/FOLDER, or file:///FOLDER where all machines see one"
        raise StoreError(f"{target.place}: a project on a server needs a store for its pictures: {known}")
    return address


# --- rows ------------------------------------------------------------------------------------------------------------


def _empty(new: Connection) -> None:
    """Take out what an earlier try brought, which was cut off before anybody could work on it."""
    reopen(new)
    names = ", ".join(name for name in schema.metadata.tables if name != schema.migrations.name)
    new.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


def _require_same(rows: Connection, new: Connection) -> None:
    """Raise StoreError unless both have the same rows, compared one by one."""
    for table in _tables():
        for ours, theirs in zip_longest(_rows_of(rows, table), _rows_of(new, table)):
            if ours != theirs:
                found = ours or theirs
                raise StoreError(f"{table.name}: row {found[0] if found else ''} did not arrive as it was")


def _tables() -> Sequence[Table]:
    return [table for table in schema.metadata.sorted_tables if table is not schema.migrations]


def _rows_of(connection: Connection, table: Table) -> Iterator[tuple[object, ...]]:
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=_AT_ONCE)
    return map(tuple, connection.execute(query))


# --- pictures --------------------------------------------------------------------------------------------------------


def _hashes(rows: Connection) -> list[str]:
    return list(rows.scalars(select(schema.images.c.sha256).order_by(schema.images.c.id)))


@dataclass(frozen=True)
class _Stores:
    """Where the pictures are, and where they go."""

    mine: PictureStore
    theirs: PictureStore

    def bring(self, hashes: Sequence[str], progress: Progress) -> None:
        """Bring what is not there yet. Of an emptied bin, pictures are nowhere."""
        absent = self.theirs.missing(hashes)
        absent -= self.mine.missing(absent)
        wanted = [sha256 for sha256 in hashes if sha256 in absent]
        for first in range(0, len(wanted), _TOGETHER):
            with self.theirs.batch() as batch:
                for sha256 in wanted[first : first + _TOGETHER]:
                    if batch.add(self.mine.path(sha256).read_bytes()) != sha256:
                        raise StoreError(f"picture {sha256}: is damaged; restore it from a backup")
            progress(min(first + _TOGETHER, len(wanted)), len(wanted))
