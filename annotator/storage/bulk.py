"""One decision about many instances: which they are, made in stretches, and taken back by one undo.

Nobody who saves waits for longer than a stretch. What was made stands in the history as gestures of their own, one for
each picture, under the name of the bulk: so an undo after a crash, or the next day, takes back what was done.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from annotator.core import masks
from annotator.core.errors import GestureError, MissingError
from annotator.core.masks import Rle
from annotator.core.repair import Repair
from annotator.storage import bulk_asked, bulk_masks, bulk_repair, categories, gallery, schema
from annotator.storage.bulk_asked import Asked
from annotator.storage.bulk_masks import Ask, Masked
from annotator.storage.bulk_orders import Order, Target, Targets, Verb, changes, state_after, targets
from annotator.storage.bulk_repair import Mended
from annotator.storage.bulk_report import Report
from annotator.storage.bulk_undo import decided_by, take_back, taken_back
from annotator.storage.database import Database, now
from annotator.storage.gallery import Entry
from annotator.storage.gestures import BULK_CLIENT, write_history
from annotator.storage.images import plain_text
from annotator.storage.instances import among, require_room
from annotator.storage.shapes import measure_for, measure_missing

REPAIR_STRETCH = 200
"""As STRETCH, where each mask is worked out anew."""

MASKS_STRETCH = 1
"""The same where a network is asked for each: the boxes of one picture."""

STRETCH = 2_000
"""Instances that one transaction decides about, or those of one picture: others save in between."""

_bulks, _images, _instances = schema.bulks, schema.images, schema.instances
_gestures = schema.gestures


@dataclass(frozen=True)
class Preview:
    """What an order would do now. `nearest` are the instances whose scores are nearest to its border.

    as_of: the history up to here is what was looked at. targets: all of them, for `BulkDecisions.carry_out`.
    """

    instances: int
    images: int
    nearest: tuple[Entry, ...]
    as_of: int
    targets: Targets
    mended: dict[str, Mended] = field(default_factory=dict)
    """Of a repair, by key what it makes of each of `nearest`; `instances` are those that it is tried on."""


@dataclass(frozen=True)
class Bulk:
    """An order that was carried out: `done` of `total` instances. ended: not while it runs, nor after a crash.

    undone: instances that an undo has taken back which was stopped or broke off. can_go_on: whether it broke off, and
    `BulkDecisions.go_on` does the rest.
    """

    id: int
    at: str
    who: str
    verb: Verb
    query: str
    total: int
    done: int
    ended: bool
    undone: int
    can_go_on: bool


class BulkDecisions:
    """Decisions about many instances of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preview(self, order: Order, *, nearest: int = 12) -> Preview:
        """What the order would touch. Raises GestureError for a category that is not in the project."""
        self._measure(order)
        with self._database.read() as connection:
            rows = targets(connection, order)
            as_of = connection.scalar(select(func.max(_gestures.c.id))) or 0
        mends: list[Mended] = []
        if order.repair is not None:
            # Those of which nothing would be left come first.
            tried = self._mend(order.repair, bulk_repair.some_of(rows))
            mends = sorted(tried, key=lambda one: one.is_kept)[:nearest]
            ids = [one.id for one in mends]
        elif order.verb is Verb.MASKS:
            ids = [row.id for row in rows if row.id >= 0][:nearest]
        else:
            # Of what is accepted the least sure are doubtful, of what is rejected the surest.
            scored = sorted((row for row in rows if row.score is not None), key=lambda row: row.score)
            ids = [row.id for row in (scored[::-1] if order.verb is Verb.REJECT else scored)[:nearest]]
        with self._database.read() as connection:
            shown = gallery.entries(connection, ids)
        images = len({row.image_id for row in rows})
        return Preview(len(rows), images, tuple(shown), as_of, Targets.of(rows), {one.key: one for one in mends})

    def targets(self, order: Order) -> Targets:
        """What the order would change now, for `carry_out`. Raises GestureError as `preview` does."""
        self._measure(order)
        with self._database.read() as connection:
            return Targets.of(targets(connection, order))

    def carry_out(
        self,
        order: Order,
        *,
        as_of: int,
        who: str,
        found: Targets | None = None,
        told: Callable[[Report], bool] = lambda report: True,
        ask: Ask | None = None,
        begun: Callable[[Connection, int], None] = lambda connection, bulk_id: None,
    ) -> tuple[int, Report]:
        """Decide about all of them; the bulk's id, for `undo`, and what became of it.

        A picture that somebody changed after `as_of` is passed over. found: what `preview` found, or what `targets`
        answered, where that is known. told: called after each stretch; the work stops where it answers False. ask: a
        network, of the verb masks. begun: called with the bulk's id, in the transaction that stores it. Raises
        GestureError as `preview` does.
        """
        rows = (self.targets(order) if found is None else found).rows()
        asked = Asked(order, as_of, newest=max((row.id for row in rows), default=0))
        with self._database.write() as connection:
            client = BULK_CLIENT + secrets.token_hex(8)
            line = {
                "client": client,
                "at": now(),
                "who": plain_text(who),
                "verb": order.verb.value,
                "query": str(order.query),
                "total": len(rows),
                "done": 0,
                "ended": False,
                "undone": False,
                "asked": bulk_asked.to_json(asked),
            }
            bulk_id = int(connection.execute(insert(_bulks).values(line).returning(_bulks.c.id)).scalar_one())
            begun(connection, bulk_id)
        report = Report(len(rows))
        self._carry_on(asked, rows, report, client=client, who=who, told=told, ask=ask)
        self._end(bulk_id)
        return bulk_id, report

    def network_of(self, bulk_id: int) -> str | None:
        """The name of the network that the rest of a bulk asks; None where it asks none."""
        with self._database.read() as connection:
            asked = connection.scalar(select(_bulks.c.asked).where(_bulks.c.id == bulk_id))
        return bulk_asked.network_in(asked or "")

    def go_on(
        self,
        bulk_id: int,
        *,
        who: str,
        told: Callable[[Report], bool] = lambda report: True,
        ask: Ask | None = None,
    ) -> Report:
        """The rest of a bulk that broke off, as part of it: one undo takes back all of it.

        The report counts what was done before. Raises MissingError where there is no such bulk, or nothing is left of
        it, GestureError where the order cannot be carried out any more.
        """
        with self._database.read() as connection:
            line = connection.execute(select(_bulks).where(_bulks.c.id == bulk_id)).one_or_none()
            if line is None or not _can_go_on(line, _undone(connection, line.client)):
                raise MissingError(f"bulk {bulk_id}: not found, or nothing is left to be done")
        asked = bulk_asked.from_json(Verb(line.verb), line.query, line.asked)
        self._measure(asked.order)
        with self._database.read() as connection:
            left = bulk_asked.what_is_left(connection, asked, client=line.client)
        report = Report(line.total, line.done)
        self._carry_on(asked, left.rows(), report, client=line.client, who=who, told=told, ask=ask)
        self._end(bulk_id)
        return report

    def _carry_on(
        self,
        asked: Asked,
        rows: Sequence[Target],
        report: Report,
        *,
        client: str,
        who: str,
        told: Callable[[Report], bool],
        ask: Ask | None,
    ) -> None:
        for stretch, mends in self._prepared(asked.order, rows, ask):
            with self._database.write() as connection:
                _decide(connection, asked, stretch, report, client=client, who=who, mends=mends)
            if not told(report):
                return

    def undo(self, bulk_id: int, *, who: str, told: Callable[[Report], bool] = lambda report: True) -> Report:
        """Every instance that the bulk decided about as it was before, but those that somebody changed since.

        An undo that was stopped or broke off goes on: what it took back already is no part of the report. Raises
        MissingError where there is no such bulk, or where it was undone before.
        """
        with self._database.write() as connection:
            line = connection.execute(select(_bulks).where(_bulks.c.id == bulk_id)).one_or_none()
            if line is None or line.undone:
                raise MissingError(f"bulk {bulk_id}: not found, or undone already")
            rows = connection.execute(decided_by(line.client)).all()
        report = Report(len(rows))
        for stretch in _stretches(rows, STRETCH):
            with self._database.write() as connection:
                take_back(connection, Verb(line.verb), stretch, report, client=line.client, who=who)
            if not told(report):
                return report
        with self._database.write() as connection:
            connection.execute(update(_bulks).where(_bulks.c.id == bulk_id).values(undone=True))
        return report

    def last(self) -> Bulk | None:
        """The latest one that can be undone."""
        query = select(_bulks).where(~_bulks.c.undone, _bulks.c.done > 0).order_by(_bulks.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            undone = _undone(connection, row.client)
        return Bulk(
            row.id,
            row.at,
            row.who,
            Verb(row.verb),
            row.query,
            row.total,
            row.done,
            row.ended,
            undone,
            can_go_on=_can_go_on(row, undone),
        )

    def _prepared(
        self, order: Order, rows: Sequence[Target], ask: Ask | None
    ) -> Iterator[tuple[list[Target], Sequence[Mended] | None]]:
        """Each stretch, where masks change with these: the next ones are worked out while these are written."""
        if order.verb not in (Verb.REPAIR, Verb.MASKS):
            yield from ((stretch, None) for stretch in _stretches(rows, STRETCH))
            return
        with ThreadPoolExecutor(1, "repair") as worker:
            last: tuple[list[Target], Future[Sequence[Mended]]] | None = None
            for stretch in _stretches(rows, MASKS_STRETCH if order.repair is None else min(STRETCH, REPAIR_STRETCH)):
                ahead = worker.submit(self._worked_out, order, [row.id for row in stretch], ask)
                if last is not None:
                    yield last[0], last[1].result()
                last = stretch, ahead
            if last is not None:
                yield last[0], last[1].result()

    def _worked_out(self, order: Order, ids: Sequence[int], ask: Ask | None) -> Sequence[Mended]:
        """Before the write lock is asked for, and while nothing is read."""
        if order.repair is not None:
            return self._mend(order.repair, ids)
        with self._database.read() as connection:
            boxes = bulk_masks.read(connection, ids)
        return bulk_masks.masked(boxes, ask or bulk_masks.find_nothing)

    def _mend(self, repair: Repair, ids: Sequence[int]) -> list[Mended]:
        with self._database.read() as connection:
            before = bulk_repair.read(connection, repair, ids)
        return bulk_repair.mended(before, repair)

    def _measure(self, order: Order) -> None:
        """What the order goes by; to be called before it opens the database."""
        if order.verb is Verb.MASKS:
            measure_missing(self._database)
        else:
            measure_for(self._database, order.query)

    def _end(self, bulk_id: int) -> None:
        with self._database.write() as connection:
            connection.execute(update(_bulks).where(_bulks.c.id == bulk_id).values(ended=True, asked=""))


def _can_go_on(line: Row[Any], undone: int) -> bool:
    return bool(line.asked) and not line.ended and not line.undone and undone == 0


def _undone(connection: Connection, client: str) -> int:
    """How many instances an undo of the bulk has taken back so far."""
    return connection.scalar(select(func.count()).select_from(taken_back(client).subquery())) or 0


# --- in stretches ----------------------------------------------------------------------------------------------------


def _stretches(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """About so many rows at once, those of one picture together. rows: in the order of the pictures."""
    stretch: list[Any] = []
    for _, of_image in groupby(rows, key=lambda row: row.image_id):
        stretch += of_image
        if len(stretch) >= size:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


# --- deciding --------------------------------------------------------------------------------------------------------


def _decide(
    connection: Connection,
    asked: Asked,
    rows: Sequence[Target],
    report: Report,
    *,
    client: str,
    who: str,
    mends: Sequence[Mended] | None,
) -> None:
    order = asked.order
    pictures = {row.image_id for row in rows}
    removed = set(connection.scalars(select(_images.c.id).where(among(_images.c.id, pictures), _images.c.removed)))
    changed = _changed_images(connection, pictures, after=asked.as_of, beside=client) - removed
    wanted = {row.id: row.image_id for row in rows if row.image_id not in changed | removed}
    ids = _still_so(connection, order, list(wanted))
    changed |= {wanted[id] for id in wanted.keys() - set(ids)}
    ids = _set_values(connection, order, ids) if mends is None else _repair(connection, mends, set(ids), report)
    write_history(connection, ids, verb=order.verb.value, client=client, who=who)
    connection.execute(update(_bulks).where(_bulks.c.client == client).values(done=_bulks.c.done + len(ids)))
    report.done += len(ids)
    report.pass_over(connection, changed)
    report.leave_removed(connection, removed)


def _set_values(connection: Connection, order: Order, ids: list[int]) -> list[int]:
    """The ids of those that were decided about."""
    if order.verb is Verb.ACCEPT:
        ids = _with_pixels(connection, ids)
    values: dict[str, Any] = {"state": state_after(order.verb)}
    if order.verb is Verb.RELABEL:
        values = {"category_id": categories.standing(connection).of(order.category_id or 0)}
    connection.execute(update(_instances).where(among(_instances.c.id, ids)).values(values))
    return ids


def _repair(connection: Connection, mends: Sequence[Mended], ids: set[int], report: Report) -> list[int]:
    """The ids of those that have another mask now. Raises GestureError where an image's masks become too many bytes."""
    of_these = [one for one in mends if one.id in ids]
    lost = [one for one in of_these if not one.is_kept and not one.goes]
    report.emptied += len(lost)
    report.name_emptied(connection, {one.image_id for one in lost})
    kept = [one for one in of_these if one.is_kept]
    boxes = [one for one in kept if isinstance(one, Masked)]
    written = bulk_masks.write(connection, boxes) if boxes else bulk_repair.write(connection, kept)
    written += bulk_repair.reject(connection, [one for one in of_these if one.goes])
    require_room(connection, sorted({one.image_id for one in kept}), error=GestureError)
    return written


def _changed_images(connection: Connection, image_ids: set[int], *, after: int, beside: str) -> set[int]:
    """beside: the client of the bulk itself."""
    query = select(_gestures.c.image_id).where(among(_gestures.c.image_id, image_ids), _gestures.c.id > after)
    return set(connection.scalars(query.where(_gestures.c.client != beside)))


def _still_so(connection: Connection, order: Order, ids: Sequence[int]) -> list[int]:
    """Those that are still there and that the order still changes: a network may have replaced its suggestions."""
    known = connection.scalars(select(_instances.c.id).where(among(_instances.c.id, ids), changes(order)))
    return [*known, *(id for id in ids if id < 0)]


def _with_pixels(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Without those that an edit left empty: they cannot be accepted."""
    query = (
        select(_instances.c.id, _instances.c.rle, _images.c.height, _images.c.width)
        .join(_images, _images.c.id == _instances.c.image_id)
        .where(among(_instances.c.id, ids), _instances.c.edited)
    )
    edited = ((row.id, Rle(row.height, row.width, row.rle)) for row in connection.execute(query))
    empty = {id for id, rle in edited if masks.rle_area(rle) == 0}
    return [id for id in ids if id not in empty]
