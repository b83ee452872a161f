"""Pictures are handed out: "next" gives each person one that nobody else holds, and a lease on it.

What may be next is looked for while others write; a lease is taken in the one transaction beside which nobody writes
(`Dialect.writing`, a lock of SQLite's file or of a row of PostgreSQL's), so that of two who ask at once one gets the
picture behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, or_, select, update

from annotator.core.settings import HAND_OUT, VERDICTS
from annotator.storage import images, leases, schema
from annotator.storage.database import Database
from annotator.storage.instances import among
from annotator.storage.leases import LEASE_MS, LEFT_MS, RENEWED_MS, Holder, Lease
from annotator.storage.search import Search, Sort, image_conditions, known_for
from annotator.storage.settings import read_setting, write_setting
from annotator.storage.shapes import measure_for
from annotator.storage.standing import is_for_another, sent_back_to
from annotator.storage.takes import is_closed_to, is_kept_from

CANDIDATES = 64
"""Pictures that are looked at before one tries to take one: more than people who ask at the same moment."""

_TRIES = 20

_images, _leases = schema.images, schema.leases

Ordered = Callable[[], Sequence[int]]
"""Makes the ids of a list in its order, behind the picture that was left and then from the top again."""


class HandOut:
    """Of a project. Safe to use from several threads, and beside other servers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- whether ---------------------------------------------------------------------------------------------------

    def is_on(self) -> bool:
        with self._database.read() as connection:
            return is_on(connection)

    def switch(self, on: bool) -> None:
        """Off, all leases are forgotten."""
        with self._database.write() as connection:
            write_setting(connection, HAND_OUT, on)
            if not on:
                connection.execute(delete(_leases))

    # --- taking ----------------------------------------------------------------------------------------------------

    def take_next(
        self, asked: Search, holder: Holder, *, after: int | None, ordered: Ordered, who: str = ""
    ) -> Lease | None:
        """The next picture that is to be done, in the order of a list, and that no other tab holds; None without one.

        What a reviewer sent back to this person comes first. who: the name that stands beside their decisions.
        after: the picture that is left, whose lease is given back. ordered: asked for where no index has the order.
        """
        measure_for(self._database, asked.query)
        for _ in range(_TRIES):
            found = self._candidates(asked, holder, after, ordered, who)
            if not found:
                break
            with self._database.write() as connection:
                now = leases.time_now(connection)
                free = _still_free(connection, found, holder, now)
                first = next((id for id in found if id in free), None)
                if first is not None:
                    return leases.write_lease(connection, first, holder, now)
        if after is not None:
            self._give_back_done(holder)
        return None

    def take(self, image_id: int, holder: Holder, *, who: str = "") -> Lease | None:
        """The picture's lease: the holder's from now on, or the one of whoever else holds it. Raises MissingError.

        None where it was sent back to somebody else, who is to get it. who: as for `take_next`, "" where that is no
        matter.
        """
        with self._database.write() as connection:
            images.image_by_id(connection, image_id)
            now = leases.time_now(connection)
            found = leases.lease_of(connection, image_id, now)
            if found is not None and not found.is_of(holder):
                return found
            if found is None and who and _is_anothers(connection, image_id, who, now):
                leases.let_go_but(connection, image_id, holder, now)
                return None
            return leases.write_lease(connection, image_id, holder, now)

    def keep(self, image_id: int, holder: Holder, *, who: str = "") -> Lease | None:
        """As `take`, for somebody who is at work: nothing is written as long as the lease is young."""
        with self._database.read() as connection:
            found = leases.lease_of(connection, image_id, leases.time_now(connection))
        if found is None or (found.is_of(holder) and found.left_s * 1000 <= LEASE_MS - RENEWED_MS):
            return self.take(image_id, holder, who=who)
        return found

    # --- giving back -----------------------------------------------------------------------------------------------

    def give_back(self, holder: Holder) -> None:
        """What this tab holds is free again."""
        with self._database.write() as connection:
            connection.execute(delete(_leases).where(_leases.c.client == holder.client))

    def leave(self, holder: Holder) -> None:
        """The tab is being closed, or reloaded: what it holds is free in a moment unless it comes back."""
        with self._database.write() as connection:
            soon = leases.time_now(connection) + LEFT_MS
            mine = and_(_leases.c.client == holder.client, _leases.c.until > soon)
            connection.execute(update(_leases).where(mine).values(until=soon))

    def release(self, image_id: int, *, by: Holder | None = None) -> Lease | None:
        """End a picture's lease, by: whoever may end only their own; the lease that stands after that."""
        with self._database.write() as connection:
            found = leases.lease_of(connection, image_id, leases.time_now(connection))
            if found is not None and by is not None and not found.is_of(by):
                return found
            connection.execute(delete(_leases).where(_leases.c.image_id == image_id))
        return None

    def _give_back_done(self, holder: Holder) -> None:
        done = select(_images.c.id).where(_images.c.id == _leases.c.image_id, _images.c.reviewed).exists()
        with self._database.write() as connection:
            connection.execute(delete(_leases).where(_leases.c.client == holder.client, done))

    # --- who holds what --------------------------------------------------------------------------------------------

    def among(self, ids: Sequence[int]) -> dict[int, Lease]:
        """By image, the leases of these pictures."""
        with self._database.read() as connection:
            return leases.leases_among(connection, ids, leases.time_now(connection))

    def all(self) -> tuple[Lease, ...]:
        """In order of the images' ids."""
        with self._database.read() as connection:
            return tuple(leases.leases_among(connection, None, leases.time_now(connection)).values())

    # --- what may be next ------------------------------------------------------------------------------------------

    def _candidates(self, asked: Search, holder: Holder, after: int | None, ordered: Ordered, who: str) -> list[int]:
        indexed = asked.sort in (Sort.ADDED, Sort.NAME) and not asked.query.of("number")
        listed = None if indexed else ordered()
        with self._database.read() as connection:
            mine = _sent_back(connection, holder, who)
            wanted = _to_do(connection, asked, holder, who)
            found = (
                _in_index(connection, wanted, asked, after) if listed is None else _in_list(connection, wanted, listed)
            )
            return list(islice((id for id in chain(mine, found) if id != after), CANDIDATES))


def is_on(connection: Connection) -> bool:
    return bool(read_setting(connection, HAND_OUT))


def _is_anothers(connection: Connection, image_id: int, who: str, now: int) -> bool:
    """Whether a reviewer sent the image back to somebody else."""
    query = select(_images.c.id).where(_images.c.id == image_id, ~_images.c.reviewed, is_for_another(who, now))
    return bool(read_setting(connection, VERDICTS)) and connection.scalar(query) is not None


def _to_do(connection: Connection, asked: Search, holder: Holder, who: str) -> Select[Any]:
    """The images of a list, in no order, that this holder may be given now."""
    conditions = image_conditions(asked.query, known_for(connection, asked))
    now = leases.time_now(connection)
    if read_setting(connection, VERDICTS):
        conditions.append(~is_for_another(who, now))
    if holder.name:
        conditions += [~is_kept_from(holder.name), ~is_closed_to(holder.name)]
    free = ~leases.is_held_elsewhere(holder, now)
    return select(_images.c.id).where(~_images.c.removed, ~_images.c.reviewed, free, *conditions)


def _sent_back(connection: Connection, holder: Holder, who: str) -> Sequence[int]:
    """What was sent back to this person and is free, whatever list they look at, the oldest first."""
    if not who or not read_setting(connection, VERDICTS):
        return []
    mine = sent_back_to(who)
    free = ~leases.is_held_elsewhere(holder, leases.time_now(connection))
    query = select(_images.c.id).join(mine, mine.c.image_id == _images.c.id)
    query = query.where(~_images.c.removed, ~_images.c.reviewed, free).order_by(mine.c.verdict_id).limit(CANDIDATES)
    return connection.scalars(query).all()


def _in_index(connection: Connection, wanted: Select[Any], asked: Search, after: int | None) -> Iterator[int]:
    """Behind the image that is left, then from the top."""
    by_name = asked.sort is Sort.NAME
    columns = [_images.c.name_order, _images.c.id] if by_name else [_images.c.id]
    order = [column.desc() if asked.descending else column for column in columns]
    query = wanted.order_by(*order).limit(CANDIDATES + 1)
    left = None
    if after is not None:
        left = connection.execute(select(_images.c.name_order, _images.c.id).where(_images.c.id == after)).one_or_none()
    if left is not None:
        yield from connection.scalars(query.where(_behind(left, by_name=by_name, descending=asked.descending)))
    yield from connection.scalars(query)


def _behind(left: Any, *, by_name: bool, descending: bool) -> ColumnElement[bool]:
    """left: the row of the image that is left."""
    further: ColumnElement[bool] = _images.c.id < left.id if descending else _images.c.id > left.id
    if not by_name:
        return further
    name = _images.c.name_order
    # The first condition leads the index there, the second decides among equal names.
    reached = name <= left.name_order if descending else name >= left.name_order
    return and_(reached, or_(name != left.name_order, further))


def _in_list(connection: Connection, wanted: Select[Any], listed: Sequence[int]) -> Iterator[int]:
    """In the order of a list that may be a little old."""
    for start in range(0, len(listed), CANDIDATES):
        some = listed[start : start + CANDIDATES]
        still = set(connection.scalars(wanted.where(among(_images.c.id, some))))
        yield from (id for id in some if id in still)


def _still_free(connection: Connection, ids: Sequence[int], holder: Holder, now: int) -> set[int]:
    """Those of the images that may still be taken, now that nobody else writes."""
    free = ~leases.is_held_elsewhere(holder, now)
    query = select(_images.c.id).where(among(_images.c.id, ids), ~_images.c.removed, ~_images.c.reviewed, free)
    return set(connection.scalars(query))
