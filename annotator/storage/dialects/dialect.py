"""What `Database` asks of the database that a project lies in.

Tests: tests/storage/test_database.py
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, inspect

from annotator.core.errors import StoreError

RESTARTING_S = 10.0
"""How long a server is waited for that was there before."""


class LostError(StoreError):
    """The connection broke off. What was about to be committed is stored whole, or not at all: nobody knows which."""


class Dialect(Protocol):
    """One database, as it is opened, written to, migrated and watched."""

    place: str
    """What errors name."""

    file: Path | None
    """Of the whole database, None where it lies on a server."""

    engine: Engine

    def size(self) -> int:
        """Bytes that the database takes."""

    def require_usable(self) -> None:
        """Raise StoreError where nothing should be begun here; called before anything is read."""

    def check(self, connection: Connection) -> bool:
        """Whether there is nothing yet. Raises StoreError for what is damaged or belongs to another program."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A consistent view for as long as the block lasts."""

    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction beside which nobody else writes. Raises TimeoutError where others do not end."""

    def migrating(self) -> AbstractContextManager[Connection]:
        """As `writing`, where the tables may not be there yet."""

    def translate(self, migration: str, statement: str) -> str | None:
        """A statement of a migration as this database takes it, None where it has nothing to do here."""

    def back_up(self, *, before: str) -> None:
        """Keep a copy before this migration, inside `migrating`."""

    def version(self) -> str:
        """Another text after each commit, whoever made it; two databases never have the same one."""

    def failure(self, error: BaseException) -> StoreError:
        """What an error of the database or of waiting for it means to a person, in one line."""

    def close(self) -> None:
        """Give all connections back."""


def table_names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())
