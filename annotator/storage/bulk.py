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

from sqlalchemy import Connection, Row, func, insert, literal, select, update

from annotator.core import masks
from annotator.core.dataset import State
from annotator.core.errors import GestureError, MissingError
from annotator.core.masks import Rle
from annotator.core.repair import Repair
from annotator.storage import bulk_repair, categories, gallery, schema
from annotator.storage.bulk_orders import Order, Target, Targets, Verb, changes, state_after, targets
from annotator.storage.bulk_repair import LATER, Mended, decided_before, offered
from annotator.storage.database import Database, now
from annotator.storage.gallery import Entry
from annotator.storage.gestures import write_history
from annotator.storage.images import plain_text
from annotator.storage.instances import among, require_room
from annotator.storage.shapes import measure_for

REPAIR_STRETCH = 200
"""As STRETCH, where each mask is worked out anew."""

STRETCH = 2_000
"""Instances that one transaction decides about, or those of one picture: others save in between."""

MAX_NAMED = 20
"""Pictures that were passed over and are named; there may be more."""

_bulks, _images, _instances = schema.bulks, schema.images, schema.instances
_gestures, _decisions, _suggestions = schema.gestures, schema.decisions, schema.suggestions


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

    undone: instances that an undo has taken back which was stopped or broke off.
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


@dataclass
class Report:
    """What became of it so far: `done` of `total` instances."""

    total: int
    done: int = 0
    passed_over: int = 0
    """Pictures on which something stays as it is, because somebody changed it."""
    names: list[str] = field(default_factory=list)
    """Of the first of them."""
    removed: int = 0
    """Pictures that went into the bin after the preview: nothing is decided about them."""
    removed_names: list[str] = field(default_factory=list)
    emptied: int = 0
    """Instances of which a repair would have left nothing, or more than can be stored: they stay as they are."""
    emptied_names: list[str] = field(default_factory=list)
    """Of their pictures."""

    def pass_over(self, connection: Connection, image_ids: set[int]) -> None:
        self.passed_over += len(image_ids)
        self.names += _names(connection, image_ids)[: MAX_NAMED - len(self.names)]

    def leave_removed(self, connection: Connection, image_ids: set[int]) -> None:
        self.removed += len(image_ids)
        self.removed_names += _names(connection, image_ids)[: MAX_NAMED - len(self.removed_names)]


class BulkDecisions:
    """Decisions about many instances of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preview(self, order: Order, *, nearest: int = 12) -> Preview:
        """What the order would touch. Raises GestureError for a category that is not in the project."""
        measure_for(self._database, order.query)
        with self._database.read() as connection:
            rows = targets(connection, order)
            as_of = connection.scalar(select(func.max(_gestures.c.id))) or 0
        mends: list[Mended] = []
        if order.repair is not None:
            # Those of which nothing would be left come first.
            tried = self._mend(order.repair, bulk_repair.some_of(rows))
            mends = sorted(tried, key=lambda one: one.is_kept)[:nearest]
            ids = [one.id for one in mends]
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
        measure_for(self._database, order.query)
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
    ) -> tuple[int, Report]:
        """Decide about all of them; the bulk's id, for `undo`, and what became of it.

        A picture that somebody changed after `as_of` is passed over. found: what `preview` found, or what `targets`
        answered, where that is known. told: called after each stretch; the work stops where it answers False. Raises
        GestureError as `preview` does.
        """
        rows = (self.targets(order) if found is None else found).rows()
        with self._database.write() as connection:
            client = f"bulk-{secrets.token_hex(8)}"
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
            }
            bulk_id = int(connection.execute(insert(_bulks).values(line).returning(_bulks.c.id)).scalar_one())
        report = Report(len(rows))
        for stretch, mends in self._prepared(order, rows):
            with self._database.write() as connection:
                _decide(connection, order, stretch, report, client=client, as_of=as_of, who=who, mends=mends)
            if not told(report):
                break
        self._end(bulk_id)
        return bulk_id, report

    def undo(self, bulk_id: int, *, who: str, told: Callable[[Report], bool] = lambda report: True) -> Report:
        """Every instance that the bulk decided about as it was before, but those that somebody changed since.

        An undo that was stopped or broke off goes on: what it took back already is no part of the report. Raises
        MissingError where there is no such bulk, or where it was undone before.
        """
        with self._database.write() as connection:
            line = connection.execute(select(_bulks).where(_bulks.c.id == bulk_id)).one_or_none()
            if line is None or line.undone:
                raise MissingError(f"bulk {bulk_id}: not found, or undone already")
            rows = connection.execute(_decided_by(line.client)).all()
        report = Report(len(rows))
        for stretch in _stretches(rows, STRETCH):
            with self._database.write() as connection:
                _take_back(connection, Verb(line.verb), stretch, report, client=line.client, who=who)
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
            undone = connection.scalar(select(func.count()).select_from(_taken_back(row.client).subquery())) or 0
        return Bulk(row.id, row.at, row.who, Verb(row.verb), row.query, row.total, row.done, row.ended, undone)

    def _prepared(self, order: Order, rows: Sequence[Target]) -> Iterator[tuple[list[Target], Sequence[Mended] | None]]:
        """Each stretch, of a repair with its masks: the next ones are worked out while these are written."""
        if order.repair is None:
            yield from ((stretch, None) for stretch in _stretches(rows, STRETCH))
            return
        with ThreadPoolExecutor(1, "repair") as worker:
            last: tuple[list[Target], Future[list[Mended]]] | None = None
            for stretch in _stretches(rows, min(STRETCH, REPAIR_STRETCH)):
                ahead = worker.submit(self._mend, order.repair, [row.id for row in stretch])
                if last is not None:
                    yield last[0], last[1].result()
                last = stretch, ahead
            if last is not None:
                yield last[0], last[1].result()

    def _mend(self, repair: Repair, ids: Sequence[int]) -> list[Mended]:
        """Worked out before the write lock is asked for, and while nothing is read."""
        with self._database.read() as connection:
            before = bulk_repair.read(connection, repair, ids)
        return bulk_repair.mended(before, repair)

    def _end(self, bulk_id: int) -> None:
        with self._database.write() as connection:
            connection.execute(update(_bulks).where(_bulks.c.id == bulk_id).values(ended=True))


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
    order: Order,
    rows: Sequence[Target],
    report: Report,
    *,
    client: str,
    as_of: int,
    who: str,
    mends: Sequence[Mended] | None,
) -> None:
    pictures = {row.image_id for row in rows}
    removed = set(connection.scalars(select(_images.c.id).where(among(_images.c.id, pictures), _images.c.removed)))
    changed = _changed_images(connection, pictures, after=as_of) - removed
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
    lost = {one.image_id for one in of_these if not one.is_kept}
    report.emptied += sum(not one.is_kept for one in of_these)
    report.emptied_names += _names(connection, lost)[: MAX_NAMED - len(report.emptied_names)]
    kept = [one for one in of_these if one.is_kept]
    written = bulk_repair.write(connection, kept)
    require_room(connection, sorted({one.image_id for one in kept}), error=GestureError)
    return written


def _changed_images(connection: Connection, image_ids: set[int], *, after: int) -> set[int]:
    query = select(_gestures.c.image_id).where(among(_gestures.c.image_id, image_ids), _gestures.c.id > after)
    return set(connection.scalars(query))


def _still_so(connection: Connection, order: Order, ids: Sequence[int]) -> list[int]:
    """Those that are still there and that the order still changes: a network may have replaced its suggestions."""
    return list(connection.scalars(select(_instances.c.id).where(among(_instances.c.id, ids), changes(order))))


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


# --- taking back -----------------------------------------------------------------------------------------------------


def _undo_of(client: str) -> str:
    """The client of the gestures that take back those of a bulk."""
    return f"{client}-undo"


def _taken_back(client: str) -> Any:
    """The keys of the instances that an undo of the bulk has taken back."""
    return (
        select(_decisions.c.key)
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        .where(_gestures.c.client == _undo_of(client))
    )


def _decided_by(client: str) -> Any:
    """What is to be taken back: rows of id (of the decision) and image_id, in the order of the pictures."""
    return (
        select(_decisions.c.id, _gestures.c.image_id)
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        .where(_gestures.c.client == client, _decisions.c.key.not_in(_taken_back(client)))
        .order_by(_gestures.c.image_id, _decisions.c.id)
    )


def _take_back(
    connection: Connection, verb: Verb, rows: Sequence[Row[Any]], report: Report, *, client: str, who: str
) -> None:
    still = connection.execute(_still_as_decided([row.id for row in rows])).all()
    ids = [row.id for row in still]
    if verb is Verb.REPAIR:
        bulk_repair.take_back(connection, ids)
    else:
        connection.execute(update(_instances).where(among(_instances.c.id, ids)).values(_before(verb)))
    write_history(connection, ids, verb="undo", client=_undo_of(client), who=who)
    report.done += len(ids)
    taken_back = {row.decided for row in still}
    report.pass_over(connection, {row.image_id for row in rows if row.id not in taken_back})


def _still_as_decided(decision_ids: Sequence[int]) -> Any:
    """Rows of id and decided (the decision's id): instances that nobody has changed since these decisions."""
    later = select(func.max(LATER.c.id)).where(LATER.c.key == _decisions.c.key).scalar_subquery()
    return (
        select(_instances.c.id, _decisions.c.id.label("decided"))
        .join(_decisions, _decisions.c.key == _instances.c.key)
        .where(
            among(_decisions.c.id, decision_ids),
            _decisions.c.id == later,
            _instances.c.state == _decisions.c.state,
        )
    )


def _before(verb: Verb) -> dict[str, Any]:
    """What an instance was before its last decision, of the column that the verb changes."""
    if verb is Verb.RELABEL:
        was = func.coalesce(decided_before(LATER.c.category_id), offered(_suggestions.c.category_id))
        of = schema.categories
        return {"category_id": select(func.coalesce(of.c.merged_into, of.c.id)).where(of.c.id == was).scalar_subquery()}
    return {"state": func.coalesce(decided_before(LATER.c.state), literal(State.SUGGESTED.value))}


# --- small parts -----------------------------------------------------------------------------------------------------


def _names(connection: Connection, image_ids: set[int]) -> list[str]:
    """The file names of the first few."""
    some = sorted(image_ids)[:MAX_NAMED]
    return list(connection.scalars(select(_images.c.file_name).where(_images.c.id.in_(some)).order_by(_images.c.id)))
