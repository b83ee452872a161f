"""A project's database: opened, checked, migrated, and every failure of it told in one line."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, exc, insert, select

from annotator.core.errors import StoreError
from annotator.storage import schema
from annotator.storage.dialects.dialect import RESTARTING_S, Dialect, LostError, table_names
from annotator.storage.dialects.sqlite import Sqlite
from annotator.storage.locations import read_location
from annotator.storage.write_lock import InTurn

Value = TypeVar("Value")

_PAUSE_S = 0.2


class Database:
    """One engine for one project. `read` and `write` are the only ways in; several threads and processes may use them.

    A commit that returned is on the disk. Writers wait for each other before they begin.
    """

    def __init__(self, folder: Path, *, patience: float) -> None:
        """folder: exists. patience: seconds to wait for another program's lock."""
        self._patience = patience
        self._writing = InTurn()
        self._mine = threading.local()
        self._dialect = _dialect_of(folder, patience=patience)
        self._engine = self._dialect.engine
        try:
            with self._plain_errors():
                self._dialect.require_usable()
                self._migrate()
        except BaseException:
            self.close()
            raise

    @property
    def file(self) -> Path | None:
        """Of the whole database, None where it lies on a server."""
        return self._dialect.file

    def size(self) -> int:
        """Bytes that the database takes."""
        with self._plain_errors():
            return self._dialect.size()

    def close(self) -> None:
        self._dialect.close()

    def version(self) -> str:
        """Another text after each commit, whoever made it; two databases never have the same one."""
        with self._plain_errors():
            return self._dialect.version()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for as long as the block lasts."""
        if (shared := self._shared()) is not None:
            yield shared
            return
        with self._plain_errors(), self._dialect.reading() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, undone when it raises."""
        if (shared := self._shared()) is not None:
            yield shared
            return
        with self._plain_errors(), self._turn(), self._dialect.writing() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Whatever this thread reads and writes in the block belongs to one transaction."""
        if self._shared() is not None:
            yield
            return
        with self.write() as connection:
            self._mine.connection = connection
            try:
                yield
            finally:
                self._mine.connection = None

    def persist(self, work: Callable[[], Value]) -> Value:
        """Do it, and again where the connection to a server breaks off.

        work: stores the same once, however often it is done.
        """
        end = time.monotonic() + RESTARTING_S
        while True:
            try:
                return work()
            except LostError:
                if self._shared() is not None or time.monotonic() > end:
                    raise
            time.sleep(_PAUSE_S)

    def _shared(self) -> Connection | None:
        found: Connection | None = getattr(self._mine, "connection", None)
        return found

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Whoever writes waits for this process's other threads first; the dialect waits for other processes."""
        if not self._writing.acquire(timeout=self._patience):
            raise TimeoutError
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except (exc.DBAPIError, exc.TimeoutError, TimeoutError, sqlite3.Error) as error:
            raise self._dialect.failure(error) from error

    # --- opening ---------------------------------------------------------------------------------------------------

    def _migrate(self) -> None:
        with self._engine.connect() as connection:
            fresh = self._dialect.check(connection)
            done = set() if fresh else _done(connection)
            missing_tables = set(schema.metadata.tables) - table_names(connection)
        self._require_known(done)
        if done == set(schema.MIGRATIONS):
            if missing_tables:
                place = self._dialect.place
                raise StoreError(f"{place}: is damaged (no {min(missing_tables)}); restore it from a backup")
            return
        with self._dialect.migrating() as connection:
            # Another process may have been faster: what is done is asked again, now that nobody else can write.
            done = _done(connection) if "migrations" in table_names(connection) else set()
            self._require_known(done)
            missing = [name for name in schema.MIGRATIONS if name not in done]
            if missing and done:
                self._dialect.back_up(before=missing[0])
            for name in missing:
                for statement in schema.MIGRATIONS[name]:
                    if (translated := self._dialect.translate(name, statement)) is not None:
                        connection.exec_driver_sql(translated)
                connection.execute(insert(schema.migrations).values(name=name, at=now()))

    def _require_known(self, done: set[str]) -> None:
        newer = sorted(done - set(schema.MIGRATIONS))
        if newer:
            place = self._dialect.place
            raise StoreError(f"{place}: made by a newer annotator (it has {newer[-1]}); update annotator to open it")


def _dialect_of(folder: Path, *, patience: float) -> Dialect:
    location = read_location(folder)
    if location is None:
        return Sqlite(folder, patience=patience)
    # psycopg is not there where nobody asks for it
    from annotator.storage.dialects.postgresql import Postgresql

    return Postgresql(location, patience=patience)


def now() -> str:
    """The time as the database keeps it: ISO 8601, UTC, milliseconds."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """A moment as the database keeps it. moment: in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _done(connection: Connection) -> set[str]:
    return set(connection.scalars(select(schema.migrations.c.name)))
