"""Where a project's database lies: beside its pictures, or on a PostgreSQL server that the project's folder names.

A project is a folder on every machine. Where its database lies on a server, the folder has one small file that says
which, and else holds only what can be made again, unless its pictures lie there too.

Tests: tests/storage/test_locations.py
"""

from __future__ import annotations

import re
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, exc, make_url

from annotator.core.errors import StoreError
from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.system.files import write_atomically

LOCATION_NAME = "project.toml"
"""In the project's folder: the address of its database, without a password."""

SCHEMA = "annotator"
"""Where an address names none. Several projects of one database have a schema each."""

_SCHEMES = ("postgresql", "postgres")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Location:
    """A schema of a database. url: without a password; options of the connection may stand in it."""

    url: URL
    schema: str

    @property
    def place(self) -> str:
        """As a person writes it, without a password."""
        shown = self.url if self.schema == SCHEMA else self.url.update_query_dict({"schema": self.schema})
        return shown.render_as_string()


_passwords: dict[Location, str] = {}
"""What this process was given; none is ever written to the disk."""
_lock = threading.Lock()


def is_address(text: str) -> bool:
    """Whether a text names a database on a server, and not a folder."""
    return "://" in text


def location_of(address: str) -> Location:
    """postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME; a password in it is remembered until the process ends.

    Raises StoreError in one line, which holds no password.
    """
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError):
        raise StoreError("the project's address cannot be read, expected postgresql://USER@HOST/DATABASE") from None
    shown = url._replace(password=None).render_as_string()
    if url.drivername not in _SCHEMES:
        raise StoreError(f"{shown}: {url.drivername} is not known, expected postgresql://USER@HOST/DATABASE")
    if not url.database:
        raise StoreError(f"{shown}: names no database, expected postgresql://USER@HOST/DATABASE")
    schema = url.query.get("schema", SCHEMA)
    if not isinstance(schema, str) or _SCHEMA.fullmatch(schema) is None or schema.startswith("pg_"):
        raise StoreError(f"{shown}: schema {schema!r:.80}, expected lower-case letters, digits and _")
    plain = url.difference_update_query(["schema"])._replace(drivername="postgresql", password=None)
    location = Location(plain, schema)
    if url.password is not None:
        with _lock:
            _passwords[location] = str(url.password)
    return location


def password_of(location: Location) -> str | None:
    """The one that this process was given, None where libpq is to find it: in PGPASSWORD or ~/.pgpass."""
    with _lock:
        return _passwords.get(location)


def read_location(folder: Path) -> Location | None:
    """Where the database of this folder's project lies; None where it is beside the pictures, or about to be.

    Raises StoreError for a file that cannot be read.
    """
    path = folder / LOCATION_NAME
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    try:
        address = tomllib.loads(text)["database"]
    except (tomllib.TOMLDecodeError, KeyError):
        raise StoreError(f'{path}: expected a line database = "postgresql://USER@HOST/DATABASE"') from None
    if not isinstance(address, str):
        raise StoreError(f"{path}: database is no text, expected postgresql://USER@HOST/DATABASE")
    return location_of(address)


def write_location(folder: Path, location: Location) -> None:
    """Make the folder one of the project there. Raises StoreError."""
    line = f'database = "{location.place}"\n'  # an address has no quotes: they are percent-encoded
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / LOCATION_NAME, line.encode())
    except OSError as error:
        raise StoreError(f"{folder}: the project's folder cannot be made: {error.strerror or error}") from error


def database_file(folder: Path) -> Path:
    """The file by which a folder is a project's, there or not: its database, or what says where that is."""
    named = folder / LOCATION_NAME
    return named if named.is_file() else folder / DATABASE_NAME


def is_project(folder: Path) -> bool:
    """Whether a project lies there, whatever is in it."""
    return database_file(folder).is_file()
