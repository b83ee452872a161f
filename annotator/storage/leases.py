"""Leases: who works on a picture, and until when nobody else is given it.

A picture has one row at most, so that it never has two holders. All times are the database's own: several servers have
only that clock in common. A lease that ends later than any that was made now could is void: the clock was wrong then.

Tests: tests/storage/test_hand_out.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update

from annotator.storage import schema
from annotator.storage.dialects.expressions import moment, put
from annotator.storage.instances import among

LEASE_MS = 10 * 60 * 1000
"""How long a picture is held by somebody who is not heard of any more."""

RENEWED_MS = 60 * 1000
"""So much of a lease passes before it is renewed: each renewal is a write."""

LEFT_MS = 20 * 1000
"""How long a tab that is reloaded keeps its picture."""

SAVING_MS = 5 * 1000
"""How long a picture that was left is still held: "done, next" may be asked for before "done" is stored."""

_LATEST_MS = 2 * LEASE_MS
"""No lease ends later than this from now on, also where the clock went back a little."""

_leases = schema.leases


@dataclass(frozen=True)
class Holder:
    """Who holds a picture. name: of whoever signed in, "" where nobody did. client: of the browser's tab, a secret."""

    name: str
    client: str


@dataclass(frozen=True)
class Lease:
    """left_s: seconds that are left of it."""

    image_id: int
    holder: Holder
    left_s: float

    def is_of(self, other: Holder) -> bool:
        """Whether it is this person's, in whichever tab, or this tab's, whoever signed in meanwhile."""
        same_person = self.holder.name != "" and self.holder.name == other.name
        return same_person or self.holder.client == other.client


def time_now(connection: Connection) -> int:
    """Milliseconds since 1970."""
    return int(connection.scalar(select(moment())) or 0)


def stands(now: int) -> ColumnElement[bool]:
    """Of `schema.leases`: whether a lease is neither over nor void."""
    return and_(_leases.c.until > now, _leases.c.until <= now + _LATEST_MS)


def is_held_elsewhere(holder: Holder, now: int) -> ColumnElement[bool]:
    """Of `schema.images`: whether another tab holds the picture, the same person's too."""
    held = select(_leases.c.image_id).where(
        _leases.c.image_id == schema.images.c.id, stands(now), _leases.c.client != holder.client
    )
    return held.correlate(schema.images).exists()


def lease_of(connection: Connection, image_id: int, now: int) -> Lease | None:
    """The lease that stands of an image."""
    row = connection.execute(select(_leases).where(_leases.c.image_id == image_id, stands(now))).one_or_none()
    return None if row is None else _lease(row, now)


def leases_among(connection: Connection, ids: Iterable[int] | None, now: int) -> dict[int, Lease]:
    """By image, the leases that stand, of these images or of all."""
    query = select(_leases).where(stands(now)).order_by(_leases.c.image_id)
    if ids is not None:
        query = query.where(among(_leases.c.image_id, ids))
    return {row.image_id: _lease(row, now) for row in connection.execute(query)}


def write_lease(connection: Connection, image_id: int, holder: Holder, now: int) -> Lease:
    """Give the image to the holder, whoever had it; what is over goes.

    A tab shows one picture: what it held before is free as soon as the last gesture there has had time to arrive.
    """
    connection.execute(delete(_leases).where(~stands(now)))
    let_go_but(connection, image_id, holder, now)
    row = {"image_id": image_id, "name": holder.name, "client": holder.client, "until": now + LEASE_MS}
    put(connection, _leases, row, key="image_id")
    return Lease(image_id, holder, LEASE_MS / 1000)


def let_go_but(connection: Connection, image_id: int, holder: Holder, now: int) -> None:
    """What a tab holds beside this image is free in a moment."""
    left = and_(_leases.c.client == holder.client, _leases.c.image_id != image_id, _leases.c.until > now + SAVING_MS)
    connection.execute(update(_leases).where(left).values(until=now + SAVING_MS))


def _lease(row: Row[Any], now: int) -> Lease:
    return Lease(row.image_id, Holder(row.name, row.client), (row.until - now) / 1000)
