"""What a project on a server says of itself, read without opening it: nothing is made or migrated there.

Tests: tests/storage/test_server_summaries.py
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, case, exc, func, select

from annotator.core.dataset import State
from annotator.core.errors import StoreError
from annotator.storage import images, schema
from annotator.storage.dialects.dialect import table_names
from annotator.storage.dialects.postgresql import engine_for, failure, require_fit
from annotator.storage.locations import Location

CONNECTING_S = 3
"""Whoever lists projects has others to look at."""

_LONG = 1_000
"""What lies in a batch's record may be long, and only counts here where it is there at all."""

_images, _instances, _settings = schema.images, schema.instances, schema.settings


@dataclass(frozen=True)
class Facts:
    """settings: JSON by name. counts: of instances by their state. people: login and name of each."""

    settings: dict[str, str]
    images: int
    reviewed: int
    counts: dict[str, int]
    covers: tuple[str, ...]
    people: tuple[tuple[str | None, str], ...]


def read_facts(location: Location, *, covers: int) -> Facts:
    """Raises StoreError in one line, also where there is no project yet."""
    engine = engine_for(location, patience=CONNECTING_S, pooled=False, connecting=CONNECTING_S)
    try:
        with engine.connect() as connection:
            require_fit(connection, place=location.place)
            _require_readable(connection, location)
            return _read(connection, covers)
    except exc.DBAPIError as error:
        raise failure(error, place=location.place, patience=CONNECTING_S) from error
    finally:
        engine.dispose()


def is_begun(location: Location) -> bool:
    """Whether a project lies there. Raises StoreError where the server cannot be used."""
    engine = engine_for(location, patience=CONNECTING_S, pooled=False)
    try:
        with engine.connect() as connection:
            require_fit(connection, place=location.place)
            return "migrations" in table_names(connection)
    except exc.DBAPIError as error:
        raise failure(error, place=location.place, patience=CONNECTING_S) from error
    finally:
        engine.dispose()


def _require_readable(connection: Connection, location: Location) -> None:
    if "migrations" not in table_names(connection):
        raise StoreError(f"{location.place}: there is no project yet")
    newer = sorted(set(connection.scalars(select(schema.migrations.c.name))) - set(schema.MIGRATIONS))
    if newer:
        raise StoreError(
            f"{location.place}: made by a newer annotator (it has {newer[-1]}); update annotator to open it"
        )


def _read(connection: Connection, covers: int) -> Facts:
    value = case((func.length(_settings.c.value) > _LONG, "true"), else_=_settings.c.value)
    in_bin = select(_images.c.id).where(_images.c.removed)
    counted = (
        select(_instances.c.state, func.count())
        .where(
            _instances.c.state.in_([State.ACCEPTED.value, State.SUGGESTED.value]), _instances.c.image_id.not_in(in_bin)
        )
        .group_by(_instances.c.state)
    )
    first = select(_images.c.sha256).where(~_images.c.removed).order_by(_images.c.id).limit(covers)
    total, reviewed = images.review_counts(connection)
    return Facts(
        settings={row[0]: row[1] for row in connection.execute(select(_settings.c.name, value))},
        images=total,
        reviewed=reviewed,
        counts={row[0]: row[1] for row in connection.execute(counted)},
        covers=tuple(connection.scalars(first)),
        people=_people(connection),
    )


def _people(connection: Connection) -> tuple[tuple[str | None, str], ...]:
    people = schema.people
    if people.name not in table_names(connection):
        return ()
    query = select(people.c.login, people.c.name).order_by(people.c.id)
    return tuple((row.login, row.name) for row in connection.execute(query))
