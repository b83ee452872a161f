"""Both takes of a picture side by side, and what a reviewer makes of them.

Both are read from the history: the first take as it was when the second began, the second as it was when it was first
reviewed, since from then on its person may read the first. What a reviewer chooses is written into the
picture itself, as gestures of theirs: so the second take is never exported, and nothing of either is lost.

Tests: tests/storage/test_take_review.py
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, insert, select, update

from annotator.core.dataset import State
from annotator.core.errors import MissingError, StoreError
from annotator.core.masks import Rle
from annotator.storage import schema
from annotator.storage.categories import standing
from annotator.storage.comparisons import Outline
from annotator.storage.database import Database
from annotator.storage.decisions import DECIDED
from annotator.storage.gestures import BULK_CLIENT, write_history
from annotator.storage.images import IMPORT
from annotator.storage.instances import among, chunks, require_room
from annotator.storage.shapes import FORGOTTEN

SETTLE = "settle"
"""The verb of a reviewer's gestures that choose between two takes."""

_images, _instances, _twice = schema.images, schema.instances, schema.twice
_gestures, _decisions = schema.gestures, schema.decisions
_take = schema.images.alias("take")
_ACCEPTED = State.ACCEPTED.value

_FIRST_REVIEW = (
    select(func.min(_gestures.c.revision_after))
    # A take that was forgotten with the bin's content, and is made anew, has an older history.
    .where(_gestures.c.image_id == _twice.c.take_id, _gestures.c.reviewed, _gestures.c.at >= _twice.c.given_at)
    .correlate(_twice)
    .scalar_subquery()
)
"""The revision of a second take at which its person was done."""


@dataclass(frozen=True)
class Both:
    """A picture with two takes that are done.

    firsts, seconds: who made each; nobody made what an import brought. as_of: the revision of the picture that is the
    first take. revision: of the image that is the second take, the one that counts. settled: what a reviewer
    chose, None before.
    """

    image_id: int
    take_id: int
    firsts: tuple[str, ...]
    seconds: tuple[str, ...]
    as_of: int
    revision: int
    settled: str | None

    @property
    def people(self) -> tuple[str, str]:
        """Of the first and of the second take, "" for an import's."""
        return ", ".join(self.firsts), ", ".join(self.seconds)

    @property
    def is_of_one(self) -> bool:
        """Whether somebody did both, so that they say nothing of how far two people agree."""
        return not set(self.firsts).isdisjoint(self.seconds)


class TakeReviews:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def done(self, image_id: int | None = None) -> tuple[Both, ...]:
        """The pictures whose two takes are done, or the one, in order of id; without those in the bin."""
        query = (
            select(_twice, func.coalesce(_FIRST_REVIEW, _take.c.revision).label("revision"))
            .join(_images, _images.c.id == _twice.c.image_id)
            .join(_take, _take.c.id == _twice.c.take_id)
            .where(~_images.c.removed, _take.c.reviewed, _twice.c.as_of.is_not(None))
            .order_by(_twice.c.image_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query if image_id is None else query.where(_images.c.id == image_id)).all()
            firsts = _who_made(connection, {row.image_id: row.as_of for row in rows})
        return tuple(
            Both(
                row.image_id,
                row.take_id,
                firsts.get(row.image_id, ()),
                (row.given_to,),
                row.as_of,
                row.revision,
                row.settled,
            )
            for row in rows
        )

    def require(self, image_id: int) -> Both:
        """Raises MissingError where the picture has no two takes that are done."""
        found = self.done(image_id)
        if not found:
            raise MissingError(f"image {image_id}: has no two takes that are done")
        return found[0]

    def read(self, pictures: Sequence[Both]) -> list[tuple[tuple[Outline, ...], tuple[Outline, ...]]]:
        """The objects of the first and of the second take of each; some hundred pictures at most."""
        with self._database.read() as connection:
            counts_as = standing(connection)
            sizes = _sizes(connection, [one.image_id for one in pictures])

            def outlines(rows: Collection[Row[Any]], image_id: int) -> tuple[Outline, ...]:
                height, width = sizes[image_id]
                return tuple(
                    Outline(
                        counts_as.of(row.category_id), Rle(height, width, row.rle), crowd=bool(row.crowd), key=row.key
                    )
                    for row in rows
                    if counts_as.of(row.category_id) not in counts_as.removed
                )

            firsts = _as_of(connection, {one.image_id: one.as_of for one in pictures})
            seconds = _as_of(connection, {one.take_id: one.revision for one in pictures})
            return [
                (
                    outlines(firsts.get(one.image_id, ()), one.image_id),
                    outlines(seconds.get(one.take_id, ()), one.image_id),
                )
                for one in pictures
            ]

    def settle(self, image_id: int, choice: str, *, who: str) -> int:
        """Make the picture what one take of it is, `first` or `second`; its new revision. Raises MissingError."""
        if choice not in ("first", "second"):
            raise StoreError(f"image {image_id}: {choice!r:.40} is no take, expected first or second")
        both = self.require(image_id)
        with self._database.write() as connection:
            if choice == "first":
                wanted = [
                    _columns(row, row.key) for row in _as_of(connection, {image_id: both.as_of}).get(image_id, ())
                ]
            else:
                wanted = [_copied(row) for row in _second(connection, both)]
            return _write(connection, both, wanted, choice=choice, who=who)

    def take_over(self, image_id: int, key: str, *, who: str) -> int:
        """Add one object of the second take to the picture; its new revision. Raises MissingError."""
        both = self.require(image_id)
        with self._database.write() as connection:
            wanted = [_copied(row) for row in _second(connection, both) if row.key == key]
            if not wanted:
                raise MissingError(f"instance {key:.64}: is not in the second take of image {image_id}")
            return _write(connection, both, wanted, choice="some", who=who)


def _who_made(connection: Connection, until: Mapping[int, int]) -> dict[int, tuple[str, ...]]:
    """Who made each image what it was at its first review, up to the revision named; imports and bulks are nobody.

    That is who decided about its objects, or where nobody did, who reviewed it. Whoever touched it later did not.
    """
    decides = exists().where(_decisions.c.gesture_id == _gestures.c.id)
    columns = (
        _gestures.c.image_id,
        _gestures.c.who,
        _gestures.c.client,
        _gestures.c.reviewed,
        _gestures.c.revision_after,
    )
    query = select(*columns, decides.label("decides")).where(_gestures.c.verb != IMPORT)
    names: dict[int, set[str]] = {}
    done = set()
    for some in chunks(list(until)):
        of_some = query.where(among(_gestures.c.image_id, some)).order_by(_gestures.c.revision_after)
        for row in connection.execute(of_some):
            if row.image_id in done or row.revision_after > until[row.image_id]:
                continue
            made = names.setdefault(row.image_id, set())
            if row.decides and not row.client.startswith(BULK_CLIENT):
                made.add(row.who)
            if row.reviewed:
                done.add(row.image_id)
                if not made:
                    made.add(row.who)
    return {image_id: tuple(sorted(some)) for image_id, some in names.items()}


def _sizes(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    query = select(_images.c.id, _images.c.height, _images.c.width).where(among(_images.c.id, ids))
    return {row.id: (row.height, row.width) for row in connection.execute(query)}


def _as_of(connection: Connection, revisions: Mapping[int, int]) -> dict[int, list[Row[Any]]]:
    """By image the last decision about each instance that was accepted at that revision, in order of instances."""
    query: Select[Any] = (
        select(
            *(_decisions, _gestures.c.image_id, _gestures.c.revision_after),
            *(_instances.c.edited, _instances.c.extra),
        )
        .join(_gestures, _gestures.c.id == _decisions.c.gesture_id)
        # What was deleted with the bin's content is no take's any more, though the history has it.
        .join(_instances, (_instances.c.key == _decisions.c.key) & (_instances.c.image_id == _gestures.c.image_id))
        .where(among(_gestures.c.image_id, revisions))
        .order_by(_instances.c.id, _decisions.c.id)
    )
    last: dict[str, Row[Any]] = {}
    for row in connection.execute(query):
        if row.revision_after <= revisions[row.image_id]:
            last[row.key] = row
    found: dict[int, list[Row[Any]]] = {}
    for row in last.values():
        if row.state == _ACCEPTED:
            found.setdefault(row.image_id, []).append(row)
    return found


def _second(connection: Connection, both: Both) -> list[Row[Any]]:
    return _as_of(connection, {both.take_id: both.revision}).get(both.take_id, [])


# --- what a reviewer chooses -----------------------------------------------------------------------------------------


def _columns(row: Row[Any], key: str) -> dict[str, Any]:
    """What a decision, or an instance, says of an instance; what was not kept yet stays as it is."""
    said = {name: row._mapping[name] for name in DECIDED if row._mapping[name] is not None}
    return {"parts": None, "score": None, "prompt": None} | said | {"key": key}


def _copied(row: Row[Any]) -> dict[str, Any]:
    """An instance of the second take as one of the picture, of the same key however often it is taken over."""
    key = hashlib.sha256(f"taken over from {row.key}".encode()).hexdigest()[:16]
    return _columns(row, key) | {"edited": row.edited, "extra": row.extra}


def _write(connection: Connection, both: Both, wanted: list[dict[str, Any]], *, choice: str, who: str) -> int:
    """Where only some is taken over, whatever else is accepted stays; what is of a removed category is left out."""
    known = standing(connection)
    wanted = [one | {"category_id": known.of(one["category_id"])} for one in wanted]
    wanted = [one for one in wanted if one["category_id"] not in known.removed]
    now = connection.execute(select(_instances).where(_instances.c.image_id == both.image_id)).all()
    there, keys = {row.key: row for row in now}, {one["key"] for one in wanted}
    gone = {row.key for row in now if row.state == _ACCEPTED and row.key not in keys} if choice != "some" else set()
    changed = [{"key": key, "state": State.DELETED.value} for key in gone]
    new = []
    for one in wanted:
        row = there.get(one["key"])
        if row is None:
            new.append(_NEW | FORGOTTEN | one | {"image_id": both.image_id})
        elif any(row._mapping[name] != value for name, value in one.items()):
            changed.append(one | FORGOTTEN)
    for one in changed:
        connection.execute(update(_instances).where(_instances.c.key == one["key"]).values(one))
    if new:
        connection.execute(insert(_instances), new)
    touched = [one["key"] for one in (*changed, *new)]
    ids = select(_instances.c.id).where(_instances.c.image_id == both.image_id, _instances.c.key.in_(touched))
    client = f"{BULK_CLIENT}{SETTLE}-{secrets.token_hex(8)}"
    write_history(connection, list(connection.scalars(ids)), verb=SETTLE, client=client, who=who)
    require_room(connection, [both.image_id], error=StoreError)
    connection.execute(update(_twice).where(_twice.c.image_id == both.image_id).values(settled=choice))
    return int(connection.scalar(select(_images.c.revision).where(_images.c.id == both.image_id)) or 0)


_NEW = {"edited": False, "extra": "{}", "crowd": False, "flags": "[]", "note": "", "locked": False}
