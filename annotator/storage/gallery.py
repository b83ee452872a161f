"""The instances of one category over all images, a page at a time.

Tests: tests/storage/test_gallery.py, tests/web/routes/test_gallery.py
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from annotator.core import masks
from annotator.core.dataset import State
from annotator.core.masks import Rle
from annotator.core.vote import Agreement, Vote
from annotator.storage import schema
from annotator.storage.database import Database
from annotator.storage.gallery_order import Listed, Order, Usual, fetch, in_order
from annotator.storage.instances import among
from annotator.storage.looks import Looks
from annotator.storage.shapes import measure_missing
from annotator.storage.votes import vote_of
from annotator.system.latest import Latest

MAX_LISTS = 8
"""Lists that are kept in order: one of 200,000 instances takes 3 MB."""

FRESH_S = 30.0
"""How long a list does for its further pages, whatever others store; what left it meanwhile is not shown."""


@dataclass(frozen=True)
class Entry:
    """One instance as the gallery shows it; `box_xyxy` and `area` in image pixels."""

    key: str
    image_id: int
    file_name: str
    state: State
    score: float | None
    area: int
    box_xyxy: tuple[float, float, float, float]
    share: float
    """Of its picture's pixels."""
    version: str
    """Another one as soon as the mask is another."""
    vote: Vote | None = None
    """What a second network says of it."""


@dataclass(frozen=True)
class Page:
    """A stretch of the gallery. `after` continues it, None at its end; `counts` has the instances of each category."""

    entries: tuple[Entry, ...]
    total: int
    below: int
    """Suggestions that are left out because their score is below the threshold."""
    after: str | None
    counts: dict[int, int]
    usual: Usual | None = None
    """Of the order that asks for the odd ones."""


@dataclass(frozen=True)
class _Kept:
    """A list, with the project's version that it is of and the time when it was made."""

    listed: Listed
    version: str
    made: float


_Asked = tuple[int, frozenset[State], float, Order, Agreement | None, int | None]


class GalleryReader:
    """Reads galleries. Safe to use from several threads; nobody who saves waits for what is computed here."""

    def __init__(self, database: Database, looks: Looks) -> None:
        self._database = database
        self._looks = looks
        self._lists: Latest[_Asked, _Kept] = Latest(MAX_LISTS)
        self._lock = threading.Lock()

    def page(
        self,
        *,
        category_id: int,
        states: Collection[State],
        threshold: float,
        order: Order,
        like: int | None = None,
        after: tuple[float, int] | None = None,
        limit: int,
        agreement: Agreement | None = None,
    ) -> Page:
        """At most `limit` instances behind the place `after`; suggestions below the threshold are left out.

        threshold: the general one, where the category has none of its own. agreement: only what has it, where asked.
        like: the id of the instance that an order by likeness begins with.
        A place is the sort value and the id of the last instance shown. So nothing is skipped when instances before it
        have been decided since.
        """
        wanted = frozenset(map(State, states))
        asked = category_id, wanted, threshold, order, agreement, like
        listed = self._listed(asked, goes_on=after is not None)
        start = 0 if after is None else listed.start_behind(*after)
        end = min(start + limit, len(listed.ids))
        with self._database.read() as connection:
            rows = _rows(connection, listed.ids[start:end].tolist())
        more = end < len(listed.ids)
        return Page(
            entries=tuple(_entry(row) for row in rows if row.state in wanted),
            total=len(listed.ids),
            below=listed.below,
            after=f"{float(listed.values[end - 1])!r}:{listed.ids[end - 1]}" if more else None,
            counts=listed.counts,
            usual=listed.usual,
        )

    def _listed(self, asked: _Asked, *, goes_on: bool) -> Listed:
        """The list as the project is now. goes_on: one that is a little older will do, so that whoever pages does not
        have everything read again for each page while others save.
        """
        category_id, states, threshold, order, agreement, like = asked
        if order.is_of_shape and not goes_on:
            measure_missing(self._database)
        version = self._database.version()
        if like is not None:
            version += f" {self._looks.version()}"
        with self._lock:
            known = self._lists.peek(asked)
        if known is not None and (known.version == version or (goes_on and time.monotonic() - known.made < FRESH_S)):
            return known.listed
        with self._database.read() as connection:
            found = fetch(
                connection,
                category_id=category_id,
                states=states,
                threshold=threshold,
                order=order,
                agreement=agreement,
            )
        distances = None if like is None else self._looks.distances(like)
        made = _Kept(in_order(found, states, order, distances), version, time.monotonic())
        with self._lock:
            self._lists.put(asked, made)
        return made.listed


def version_of(sha256: str, rle: Rle) -> str:
    """Names what a cut-out shows: these pixels under this mask."""
    return hashlib.blake2b(f"{sha256} {rle.counts}".encode(), digest_size=8).hexdigest()


def entries(connection: Connection, ids: Sequence[int]) -> tuple[Entry, ...]:
    """The instances with these ids, in this order, as far as they are there."""
    return tuple(map(_entry, _rows(connection, ids)))


def _rows(connection: Connection, ids: Sequence[int]) -> list[Row[Any]]:
    table, images = schema.instances, schema.images
    joined = table.join(images, images.c.id == table.c.image_id)
    columns = (images.c.file_name, images.c.sha256, images.c.height, images.c.width)
    query = select(table, *columns).select_from(joined).where(among(table.c.id, ids))
    found = {row.id: row for row in connection.execute(query)}
    return [found[id] for id in ids if id in found]


def _entry(row: Row[Any]) -> Entry:
    rle = Rle(row.height, row.width, row.rle)
    area = masks.rle_area(rle)
    return Entry(
        key=row.key,
        image_id=row.image_id,
        file_name=row.file_name,
        state=State(row.state),
        score=row.score,
        area=area,
        box_xyxy=masks.rle_box_xyxy(rle),
        share=area / (row.height * row.width),
        version=version_of(row.sha256, rle),
        vote=vote_of(row),
    )


def place_from_text(text: str) -> tuple[float, int] | None:
    """The place that a page's `after` names; None for what names none."""
    value, _, id = text.partition(":")
    try:
        place = float(value), int(id)
    except ValueError:
        return None
    return place if math.isfinite(place[0]) else None
