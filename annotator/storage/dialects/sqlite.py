"""A project in a file of its own beside its pictures: SQLite.

Tests: tests/storage/test_database.py
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, text

from annotator.core.errors import StoreError
from annotator.storage import schema
from annotator.storage.dialects.dialect import table_names
from annotator.storage.write_lock import hold
from annotator.system.files import sync_folder

DATABASE_NAME = "project.db"
LOCK_NAME = "project.lock"


class Sqlite:
    """A `Dialect`.

    The journal is DELETE and synchronous EXTRA: a commit that returned is on the disk, and the journal, which would
    roll it back after a power cut, is gone from the folder there too. Writers begin IMMEDIATE, so that they wait for
    each other at the start instead of failing half-way.
    """

    def __init__(self, folder: Path, *, patience: float) -> None:
        """folder: exists. patience: seconds to wait for another program's lock."""
        self.path = folder / DATABASE_NAME
        self.file: Path | None = self.path
        self.place = str(self.path)
        self._patience = patience
        self.engine = _engine(self.path, patience=patience)
        self._watcher = _Watcher(self.path, patience=patience)

    def close(self) -> None:
        self._watcher.close()
        self.engine.dispose()

    def size(self) -> int:
        return self.path.stat().st_size

    def version(self) -> str:
        return self._watcher.version()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Whoever writes waits for other processes."""
        lock = hold(self.path.with_name(LOCK_NAME), patience=self._patience)
        with lock, self._writer() as connection, connection.begin():
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        with self._writer() as connection, connection.begin():
            yield connection

    def _writer(self) -> Connection:
        return self.engine.connect().execution_options(begin="IMMEDIATE")

    def failure(self, error: BaseException) -> StoreError:
        found = "locked" if isinstance(error, TimeoutError) else str(error)
        if isinstance(error, exc.DBAPIError):
            found = str(error.orig)
        return StoreError(f"{self.path}: {plain_reason(found, patience=self._patience)}")

    # --- opening ----------------------------------------------------------------------------------------------------

    def require_usable(self) -> None:
        """Raise StoreError where a power cut or a full disk left a file of no bytes: SQLite would begin anew in it."""
        emptied = self.path.is_file() and self.path.stat().st_size == 0
        if emptied and any((self.path.parent / "images").glob("??/*")):
            raise StoreError(f"{self.path}: is empty, and there are pictures beside it; restore it from a backup")
        self._leave_wal()

    def _leave_wal(self) -> None:
        """Back to the DELETE journal, where another program changed it: Debian's SQLite may lose commits in a WAL."""
        if not self.path.is_file():
            return
        with closing(sqlite3.connect(self.path, timeout=self._patience)) as connection:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                connection.execute("PRAGMA journal_mode = DELETE")

    def check(self, connection: Connection) -> bool:
        tables = table_names(connection)
        verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if verdict != "ok":
            raise StoreError(f"{self.path}: is damaged ({' '.join(str(verdict).split())}); restore it from a backup")
        if not tables:
            return True
        application = connection.execute(text("PRAGMA application_id")).scalar_one()
        if application != schema.APPLICATION_ID or "migrations" not in tables:
            raise StoreError(f"{self.path}: is a database of another program, not a project's")
        return False

    # --- migrations -------------------------------------------------------------------------------------------------

    def translate(self, migration: str, statement: str) -> str | None:
        """Migrations are written as SQLite takes them."""
        return statement

    def back_up(self, *, before: str) -> None:
        """Copy the database beside itself, whole or not at all, while this process holds the write lock."""
        target = self.path.with_name(f"{self.path.stem}-before-{before}.db")
        part = target.with_suffix(".part")
        try:
            part.unlink(missing_ok=True)
            with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(part)) as copy:
                source.backup(copy)
            with open(part, "rb") as file:
                os.fsync(file.fileno())
            os.replace(part, target)
            sync_folder(target.parent)
        except OSError as error:
            raise StoreError(f"{target}: the backup before a migration cannot be written: {error.strerror}") from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


class _Watcher:
    """A connection that never writes: SQLite tells it of everybody else's commits. Source: PRAGMA data_version."""

    def __init__(self, path: Path, *, patience: float) -> None:
        self._path, self._patience = path, patience
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._name = secrets.token_hex(4)  # counts of two connections have nothing to do with each other

    def version(self) -> str:
        with self._lock:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, timeout=self._patience, check_same_thread=False)
            return f"{self._name}-{self._connection.execute('PRAGMA data_version').fetchone()[0]}"

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()


def plain_reason(found: str, *, patience: float) -> str:
    """What SQLite's complaint means to a person. patience: seconds that were waited for a lock."""
    reasons = {
        "locked": f"another program keeps it locked (waited {patience:g} s); nothing was changed",
        "full": "the disk is full; nothing was changed",
        "disk I/O": "the disk cannot be read or written; nothing was changed",
        "readonly": "cannot be written (read-only); nothing was changed",
        "unable to open": "cannot be opened; are the folder's permissions right?",
        "not a database": "is not a project's database",
        "malformed": "is damaged; restore it from a backup",
    }
    known = next((reason for sign, reason in reasons.items() if sign in found), None)
    return known or found.splitlines()[0]


def _engine(path: Path, *, patience: float) -> Engine:
    """An engine whose connections leave BEGIN to us: pysqlite's own is deferred, and a deferred writer fails when
    another commits between its first read and its first write. Source: SQLAlchemy, "Enabling Non-Legacy SQLite
    Transactional Modes with the sqlite3 or aiosqlite driver".
    """
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": patience}, pool_size=8, max_overflow=24, pool_timeout=patience)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("foreign_keys = ON", "synchronous = EXTRA", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")

    return engine
