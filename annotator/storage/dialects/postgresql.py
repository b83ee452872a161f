"""A project in a schema of a PostgreSQL server, which several machines may use at the same time.

Tests: tests/storage/test_postgresql.py
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, exc, text

from annotator.core.errors import StoreError
from annotator.storage import schema
from annotator.storage.dialects.dialect import RESTARTING_S, LostError, table_names
from annotator.storage.dialects.translation import DRIVER, FOUNDATION, translate
from annotator.storage.locations import Location, password_of

OLDEST = 14
"""Of PostgreSQL's versions."""

CONNECTING_S = 10
_PAUSE_S = 0.2

_ALIVE = ("tcp_keepalives_idle=30", "tcp_keepalives_interval=10", "tcp_keepalives_count=3")
"""A machine that was unplugged holds the writers' lock no longer than a minute."""

_NEXT = text("UPDATE commits SET number = number + 1")
_SIZE = text(
    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)"
)
_VERSION = text("SELECT name || '-' || number FROM commits")


class Postgresql:
    """A `Dialect`.

    Readers see one moment (REPEATABLE READ). Writers take turns: the first thing that each one does is to count itself
    in the one row of `commits`, and whoever holds that row is the only one who writes. So the count is also another
    one after each commit.
    """

    file: Path | None = None

    def __init__(self, location: Location, *, patience: float) -> None:
        """patience: seconds to wait for another program's lock."""
        self._location = location
        self.place = location.place
        self._patience = patience
        self._was_there = False
        self.engine = engine_for(location, patience=patience)

    def close(self) -> None:
        self.engine.dispose()

    def size(self) -> int:
        with self._connected() as connection:
            return int(connection.scalar(_SIZE) or 0)

    def version(self) -> str:
        with self._connected().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return str(connection.scalar(_VERSION))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._connected() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._writer() as connection, connection.begin():
            connection.execute(_NEXT)
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """The schema is made where it is not there. Writers of any version wait."""
        with self._writer() as connection, connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:ours, hashtext(:schema))"), self._lock_names())
            if connection.scalar(text("SELECT to_regnamespace(:schema)"), self._lock_names()) is None:
                connection.exec_driver_sql(f"CREATE SCHEMA {self._location.schema}")
            if "commits" not in table_names(connection):
                for statement in FOUNDATION:
                    connection.exec_driver_sql(statement)
            connection.execute(_NEXT)
            yield connection

    def _writer(self) -> Connection:
        return self._connected().execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)

    def _connected(self) -> Connection:
        """Waits while a server restarts that was there before: nothing was begun yet."""
        end = time.monotonic() + RESTARTING_S
        while True:
            try:
                return self.engine.connect()
            except exc.OperationalError as error:
                if not self._was_there or time.monotonic() > end or not isinstance(self.failure(error), LostError):
                    raise
            time.sleep(_PAUSE_S)

    def _lock_names(self) -> dict[str, Any]:
        return {"ours": schema.APPLICATION_ID, "schema": self._location.schema}

    def failure(self, error: BaseException) -> StoreError:
        return failure(error, place=self.place, patience=self._patience)

    # --- opening ----------------------------------------------------------------------------------------------------

    def require_usable(self) -> None:
        """Raise StoreError for a server that is too old, or keeps texts in another encoding than UTF-8."""
        with self.engine.connect() as connection:
            require_fit(connection, place=self.place)
        self._was_there = True

    def check(self, connection: Connection) -> bool:
        tables = table_names(connection)
        if not tables:
            return True
        if not {"migrations", "commits"} <= tables:
            raise StoreError(f"{self.place}: has tables of another program in the schema {self._location.schema}")
        return False

    def translate(self, migration: str, statement: str) -> str | None:
        return translate(migration, statement)

    def back_up(self, *, before: str) -> None:
        """The server's owner keeps copies; a migration that fails is undone whole."""


def engine_for(location: Location, *, patience: float, pooled: bool = True, connecting: int = CONNECTING_S) -> Engine:
    """connecting: seconds. Raises StoreError where psycopg is not installed."""
    url = location.url.set(drivername=DRIVER, password=password_of(location))
    settings = [
        f"search_path={location.schema}",
        f"lock_timeout={max(1, round(patience * 1000))}",
        "synchronous_commit=on",  # whatever the server's own: what was acknowledged is on its disk
        *_ALIVE,
    ]
    asked = {
        "connect_timeout": connecting,
        "application_name": "annotator",
        "options": " ".join(f"-c {setting}" for setting in settings),
    }
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        pool = {"pool_size": 8, "max_overflow": 24, "pool_timeout": patience, "pool_pre_ping": True}
    try:
        reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return create_engine(url, connect_args=asked, execution_options=reading, **pool)
    except ImportError as error:
        raise StoreError(
            "a project on PostgreSQL needs the extra postgres: pip install 'photo-annotator[postgres]' "
            "(in a clone: pip install -e '.[postgres]')"
        ) from error


def require_fit(connection: Connection, *, place: str) -> None:
    """Raise StoreError for a server that is too old, or a database in another encoding than UTF-8."""
    version = str(connection.scalar(text("SHOW server_version")))
    number = int(str(connection.scalar(text("SHOW server_version_num"))))
    if number < OLDEST * 10_000:
        raise StoreError(f"{place}: PostgreSQL {version.split(maxsplit=1)[0]}, expected {OLDEST} or newer")
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise StoreError(f"{place}: the database is in {encoding}, expected UTF8 (createdb --encoding UTF8)")


# --- errors ----------------------------------------------------------------------------------------------------------

_LOST = ("08", "57P")
"""How the codes begin of a connection that fails, and of a server that stops."""

_REASONS = {
    "53100": "the server's disk is full; nothing was changed",
    "25006": "cannot be written (read-only); nothing was changed",
    "3F000": "the user may not make a schema there",
}
_WRONG = {
    "password authentication failed": "the user or the password is wrong",
    "no password supplied": "a password is needed: in the address, in PGPASSWORD or in ~/.pgpass",
    "could not translate host name": "there is no such server",
    "failed to resolve host": "there is no such server",
}
"""What waiting does not mend."""
_AWAY = {
    "too many": "the server has no connection left; nothing was changed",
    "Connection refused": "no server answers there; is it running?",
    "No such file or directory": "no server answers there; is it running?",
    "timeout expired": "no server answers there",
}
_NO_DATABASE = re.compile(r'(database "[^"]*") does not exist')


def failure(error: BaseException, *, place: str, patience: float) -> StoreError:
    """What an error of the server, or of waiting for it, means to a person. patience: seconds waited for a lock."""
    if not isinstance(error, exc.DBAPIError):
        return StoreError(f"{place}: another program keeps it locked (waited {patience:g} s); nothing was changed")
    found = str(error.orig)
    code = getattr(error.orig, "sqlstate", None) or ""
    if code == "55P03":
        return StoreError(f"{place}: another program keeps it locked (waited {patience:g} s); nothing was changed")
    missing = _NO_DATABASE.search(found)
    wrong = f"{missing[1]} does not exist on the server" if missing is not None else _first(_WRONG, found)
    wrong = _REASONS.get(code) or wrong
    if wrong is not None:
        return StoreError(f"{place}: {wrong}")
    if error.connection_invalidated or code.startswith(_LOST) or (isinstance(error, exc.OperationalError) and not code):
        away = _first(_AWAY, found) or f"the connection broke off ({_one_line(found.splitlines()[::-1])})"
        return LostError(f"{place}: {away}")
    return StoreError(f"{place}: {_one_line(found.splitlines())}")


def _first(reasons: Mapping[str, str], found: str) -> str | None:
    return next((reason for sign, reason in reasons.items() if sign in found), None)


def _one_line(lines: Iterable[str]) -> str:
    """The first line that says something, without where it was asked."""
    line = next((line for line in lines if line.strip()), "no reason was told")
    return re.split(r"(?:FATAL|ERROR): +", line)[-1].strip()[:300]
