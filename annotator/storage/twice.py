"""Pictures that two people annotate apart from each other: which ones, and who gets the second take of which.

A second take begins once the first is reviewed, with a person who decided nothing there. What the first person left at
that moment is what the two are compared by, whatever a reviewer changes later.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, select, update

from annotator.core.dataset import Image
from annotator.core.settings import TWICE
from annotator.storage import categories, images, schema
from annotator.storage.database import Database, now
from annotator.storage.dialects.expressions import insert_new
from annotator.storage.images import IMPORT, image_by_id, image_row
from annotator.storage.instances import among, row_of
from annotator.storage.settings import read_setting, write_setting
from annotator.storage.suggestions import instance_offered
from annotator.storage.takes import is_closed_to, is_kept_from, sha256_of_take

ABANDONED = timedelta(hours=2)
"""A take that nobody has touched for so long since it was given may be given to somebody else."""

_images, _twice, _gestures = schema.images, schema.twice, schema.gestures


@dataclass(frozen=True)
class Plan:
    """share: of the pictures that are done twice by chance, 0 to 1. seed: of the draw, the same for ever.

    suggestions: whether the second person begins from the same suggestions.
    """

    share: float = 0.0
    seed: int = 0
    suggestions: bool = True

    def chooses(self, sha256: str) -> bool:
        """By the picture's content alone: a larger share, or a larger project, keeps what was chosen before."""
        drawn = hashlib.sha256(f"{self.seed} {sha256}".encode()).hexdigest()
        return int(drawn[:8], 16) < self.share * 2**32


@dataclass(frozen=True)
class Progress:
    """How far the second takes of a project are, for one person. Without pictures in the bin.

    chosen: pictures that are done twice. unreviewed: of those, the first take is not done. open: waiting for this
    person, what they have begun too. others: waiting for somebody else. done: both takes are reviewed.
    """

    plan: Plan
    chosen: int
    unreviewed: int
    open: int
    others: int
    done: int


class TwicePictures:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self) -> Plan:
        with self._database.read() as connection:
            return _plan(connection)

    def choose(self, share: float, *, suggestions: bool = True, seed: int | None = None) -> Plan:
        """A share of all pictures, now and of those to come. Takes that were begun stay.

        seed: of the draw, where it is the first; the project keeps it.
        """
        with self._database.write() as connection:
            known = read_setting(connection, TWICE)
            first = secrets.randbelow(2**31) if seed is None else seed
            plan = Plan(share, _plan(connection).seed if known else first, suggestions)
            write_setting(connection, TWICE, asdict(plan))
            return plan

    def pick(self, ids: Iterable[int]) -> int:
        """Have these pictures done twice as well; how many of them were not picked before."""
        with self._database.write() as connection:
            there = {one.id for one in images.images(connection)}
            known = {row.image_id: row.picked for row in connection.execute(select(_twice.c.image_id, _twice.c.picked))}
            wanted = [id for id in dict.fromkeys(ids) if id in there and not known.get(id)]
            new = [{"image_id": id, "picked": True} for id in wanted if id not in known]
            if new:
                connection.execute(insert(_twice), new)
            for id in wanted:
                connection.execute(update(_twice).where(_twice.c.image_id == id).values(picked=True))
            return len(wanted)

    def unpick(self) -> int:
        """Take back what was picked, but what somebody has begun; how many pictures that were."""
        with self._database.write() as connection:
            return int(connection.execute(update(_twice).where(_twice.c.picked).values(picked=False)).rowcount)

    def progress(self, who: str, *, alone: bool = False) -> Progress:
        """alone: nobody is told apart, so that one person may do both takes."""
        with self._database.read() as connection:
            plan, rows = _plan(connection), _chosen(connection)
            mine = set() if alone else _decided_by(connection, who)
            ready = [one for one in rows if _is_ready(one)]
            to_do = [one for one in ready if _is_for(one, who, mine)]
            return Progress(
                plan,
                chosen=len(rows),
                unreviewed=sum(not one.reviewed and one.given_to is None for one in rows),
                open=len(to_do),
                others=len(ready) - len(to_do),
                done=sum(bool(one.take_reviewed) for one in rows),
            )

    def give(self, who: str, *, alone: bool = False, leaving: int | None = None) -> int | None:
        """The take that a person is to do next, begun where it is new; None where there is none for them.

        What they have begun comes first. alone: as for `progress`. leaving: a take that they go on from, whose review
        may still be on its way.
        """
        with self._database.write() as connection:
            mine = set() if alone else _decided_by(connection, who)
            ready = [
                one for one in _chosen(connection) if _is_ready(one) and (leaving is None or one.take_id != leaving)
            ]
            begun = next((one for one in ready if one.given_to == who and one.take_id is not None), None)
            if begun is not None:
                return int(begun.take_id)
            free = next((one for one in ready if _is_for(one, who, mine)), None)
            return None if free is None else _begin(connection, free, who)

    def take_of(self, image_id: int) -> int | None:
        """The picture that an image is another take of, None where it is none."""
        with self._database.read() as connection:
            return connection.scalar(select(_twice.c.image_id).where(_twice.c.take_id == image_id))

    def kept_from(self, who: str, image_ids: Sequence[int] | None = None) -> frozenset[int]:
        """Those of these pictures, or of all, that a person must not see, because they make the other take of it.

        What was done is no secret any more from who did the second take.
        """
        done = select(_twice.c.image_id).join(_images, _images.c.id == _twice.c.take_id).where(_images.c.reviewed)
        return self._images_that(is_kept_from(who), _images.c.id.not_in(done), of=image_ids)

    def closed_to(self, who: str, image_ids: Sequence[int] | None = None) -> frozenset[int]:
        """Those of these pictures, or of all, that a person must not change, because that take is another's."""
        return self._images_that(is_closed_to(who), of=image_ids)

    def _images_that(self, *fit: ColumnElement[bool], of: Sequence[int] | None) -> frozenset[int]:
        """of: None for all."""
        found = select(_images.c.id).where(*fit)
        if of is not None:
            found = found.where(among(_images.c.id, of))
        with self._database.read() as connection:
            return frozenset(connection.scalars(found))

    def is_begun(self) -> bool:
        """Whether anybody was given a second take."""
        with self._database.read() as connection:
            return connection.scalar(select(_twice.c.take_id).where(_twice.c.take_id.is_not(None)).limit(1)) is not None

    def images(self) -> tuple[Image, ...]:
        """Every take, for whoever looks at all that a database says; with no content of its own."""
        with self._database.read() as connection:
            ids = connection.scalars(select(_twice.c.take_id).where(_twice.c.take_id.is_not(None))).all()
            return tuple(image_by_id(connection, id, in_bin=True) for id in ids)


def _plan(connection: Connection) -> Plan:
    return Plan(**(read_setting(connection, TWICE) or {}))


def _chosen(connection: Connection) -> list[Row[Any]]:
    """The pictures that are done twice, in order of id; those of a smaller share by now, where a take has begun."""
    plan, take = _plan(connection), _images.alias("take")
    query: Select[Any] = (
        select(
            *(_images.c.id, _images.c.sha256, _images.c.reviewed, _images.c.revision),
            *(_twice.c.picked, _twice.c.take_id, _twice.c.given_to, _twice.c.given_at),
            take.c.reviewed.label("take_reviewed"),
            take.c.revision.label("take_revision"),
        )
        # Without a share, few pictures are looked at.
        .join(_twice, _twice.c.image_id == _images.c.id, isouter=plan.share > 0)
        .outerjoin(take, take.c.id == _twice.c.take_id)
        .where(~_images.c.removed)
        .order_by(_images.c.id)
    )
    rows = connection.execute(query).all()
    return [row for row in rows if row.picked or row.given_to is not None or plan.chooses(row.sha256)]


def _decided_by(connection: Connection, who: str) -> set[int]:
    """The pictures on which a person decided anything, by id."""
    query = select(_gestures.c.image_id).where(_gestures.c.who == who, _gestures.c.verb != IMPORT).distinct()
    return set(connection.scalars(query))


def _is_ready(one: Row[Any]) -> bool:
    """Whether a second take is to be done. What was begun is, even where the first one is worked on again."""
    return bool((one.reviewed or one.given_to is not None) and not one.take_reviewed)


def _is_for(one: Row[Any], who: str, mine: set[int]) -> bool:
    """Whether a take that is not done may be done by a person. mine: the pictures that they decided on."""
    if one.given_to == who:
        return True
    if one.id in mine:
        return False
    return one.given_to is None or (not one.take_revision and _is_old(one.given_at))


def _is_old(at: str) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(at) > ABANDONED


def _begin(connection: Connection, first: Row[Any], who: str) -> int:
    """Give a take to a person, and make it where there was none; its id."""
    take_id = first.take_id or _add_take(connection, image_by_id(connection, first.id))
    is_empty = not connection.scalar(select(func.count()).where(schema.instances.c.image_id == take_id))
    if is_empty and _plan(connection).suggestions:
        _copy_suggestions(connection, first.id, take_id)
    given = {"take_id": take_id, "given_to": images.plain_text(who), "given_at": now(), "as_of": first.revision}
    connection.execute(insert_new(connection, _twice), {"image_id": first.id, "picked": False})
    connection.execute(update(_twice).where(_twice.c.image_id == first.id).values(given))
    return take_id


def _add_take(connection: Connection, first: Image) -> int:
    row = image_row(
        sha256=sha256_of_take(first.sha256), file_name=first.file_name, width=first.width, height=first.height
    )
    added = insert(_images).values(row | {"removed": True}).returning(_images.c.id)
    return int(connection.execute(added).scalar_one())


def _copy_suggestions(connection: Connection, image_id: int, take_id: int) -> None:
    """What networks suggested on the picture, and was not replaced by another pre-labelling, untouched."""
    kept, old, soft = schema.instances, schema.suggestions, schema.heatmaps
    votes = [kept.c[name] for name in ("agreement", "vote_by", "vote_score", "vote_iou", "vote_category")]
    offered = select(old, kept.c.edited, *votes).join(kept, kept.c.key == old.c.key).where(kept.c.image_id == image_id)
    rows = connection.execute(offered.order_by(kept.c.id)).all()
    take, known = image_by_id(connection, take_id, in_bin=True), categories.standing(connection)
    names = {row.key: secrets.token_hex(8) for row in rows if known.of(row.category_id) not in known.removed}
    left = [row for row in rows if row.key in names]
    soft_rows = connection.execute(
        select(soft).where(soft.c.key.in_([row.key for row in left if not row.edited]))
    ).all()
    copied, offers = [], []
    for row in left:
        own = {"key": names[row.key], "image_id": take_id}
        copied.append({column.name: row._mapping[column.name] for column in old.c} | own)
        voted = {column.name: row._mapping[column.name] for column in votes}
        offers.append(row_of(instance_offered(row, take)) | voted | own | {"category_id": known.of(row.category_id)})
    # An outline that was changed may have another heatmap than the one that was suggested.
    for table, some in (
        (old, copied),
        (kept, offers),
        (soft, [{**row._mapping, "key": names[row.key], "image_id": take_id} for row in soft_rows]),
    ):
        if some:
            connection.execute(insert(table), some)
    source = select(_images.c.prelabelled, _images.c.prelabelled_by).where(_images.c.id == image_id)
    seen = dict(connection.execute(source).mappings().one())
    connection.execute(update(_images).where(_images.c.id == take_id).values(seen))
