"""Which pictures of a project are blind: chosen by chance or picked, hidden, and shown again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, func, insert, select, update

from annotator.core.dataset import Image, Instance, State, Suggestion
from annotator.core.overlap import unanswered
from annotator.core.settings import BLIND_SHARE
from annotator.storage import images, schema
from annotator.storage.blind import IS_HIDDEN, blind_share, is_chosen, is_untouched, make_blind
from annotator.storage.categories import standing
from annotator.storage.database import Database
from annotator.storage.instances import among, instances_of, row_of
from annotator.storage.settings import write_setting
from annotator.storage.suggestions import forget_untouched, instance_offered

_images, _blind = schema.images, schema.blind


@dataclass(frozen=True)
class Blind:
    """share: of the pictures that become blind by chance. hidden: ids of blind pictures, not reviewed yet.

    measured: of those that were reviewed, and whose suggestions nobody has looked at since.
    """

    share: float
    hidden: tuple[int, ...]
    measured: tuple[int, ...]


class BlindPictures:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Blind:
        """Without pictures in the bin."""
        with self._database.read() as connection:
            return _read(connection)

    def is_hidden(self, image_id: int) -> bool:
        """Whether the suggestions of a picture are hidden."""
        return bool(self.hidden_among([image_id]))

    def hidden_among(self, ids: Collection[int]) -> set[int]:
        """Those of the pictures whose suggestions are hidden."""
        query = select(_blind.c.image_id).where(among(_blind.c.image_id, ids), _blind.c.shown_at.is_(None))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def set_share(self, share: float) -> Blind:
        """Choose a random share of the pictures that nobody has worked on, now and of those to come, 0 to 1.

        Those that were chosen by an earlier share and not reviewed are shown where this one does not choose them.
        """
        with self._database.write() as connection:
            write_setting(connection, BLIND_SHARE, share)
            everything = images.images(connection)
            known = {row.image_id: row for row in connection.execute(select(_blind))}
            _hide(connection, [one for one in everything if one.id not in known and is_chosen(one.sha256, share)])
            for one in everything:
                row = known.get(one.id)
                if row is not None and not row.picked and not one.reviewed and not is_chosen(one.sha256, share):
                    _show(connection, one)
            return _read(connection)

    def pick(self, ids: Iterable[int]) -> Blind:
        """Hide what was suggested on these pictures; those are passed over that somebody has worked on."""
        wanted = set(ids)
        with self._database.write() as connection:
            known = set(connection.scalars(select(_blind.c.image_id)))
            some = [one for one in images.images(connection) if one.id in wanted - known]
            _hide(connection, some, picked=True)
            return _read(connection)

    def show(self, ids: Iterable[int]) -> Blind:
        """Offer what networks found on these pictures. A reviewed one counts as blind until somebody changes it."""
        wanted = set(ids)
        with self._database.write() as connection:
            hidden = set(connection.scalars(select(_blind.c.image_id).where(_blind.c.shown_at.is_(None)))) & wanted
            for one in images.images(connection):
                if one.id in hidden:
                    _show(connection, one)
            return _read(connection)


def _read(connection: Connection) -> Blind:
    query = select(_images.c.id, _images.c.reviewed).join(_blind, IS_HIDDEN).where(~_images.c.removed)
    rows = connection.execute(query.order_by(_images.c.id)).all()
    hidden = tuple(row.id for row in rows if not row.reviewed)
    return Blind(blind_share(connection), hidden, tuple(row.id for row in rows if row.reviewed))


def _hide(connection: Connection, some: Iterable[Image], *, picked: bool = False) -> None:
    untouched = [one for one in some if is_untouched(one)]
    make_blind(connection, [one.id for one in untouched], picked=picked)
    for one in untouched:
        forget_untouched(connection, one.id)


def _show(connection: Connection, image: Image) -> None:
    mine = _blind.c.image_id == image.id
    if image.reviewed:
        connection.execute(update(_blind).where(mine).values(shown_at=image.revision))
    else:
        connection.execute(delete(_blind).where(mine))
    known = standing(connection)
    offered = [replace(one, category_id=known.of(one.category_id)) for one in _found(connection, image)]
    offered = [one for one in offered if one.category_id not in known.removed]
    asked = [Suggestion(one.category_id, one.score or 0.0, one.rle, one.source) for one in offered]
    fresh = set(map(id, unanswered(asked, instances_of(connection, image, states=tuple(State)))))
    rows = [row_of(one) for one, suggestion in zip(offered, asked, strict=True) if id(suggestion) in fresh]
    if rows:
        connection.execute(insert(schema.instances), rows)


def _found(connection: Connection, image: Image) -> list[Instance]:
    """What the network found that saw an image last, without what is there already."""
    table, runs = schema.suggestions, schema.runs
    by = select(_images.c.prelabelled_by).where(_images.c.id == image.id).scalar_subquery()
    last = select(func.max(runs.c.at)).where(runs.c.image_id == image.id, runs.c.source == by).scalar_subquery()
    there = select(schema.instances.c.key).where(schema.instances.c.image_id == image.id)
    query = select(table).where(table.c.image_id == image.id, table.c.source == by, table.c.at == last)
    rows = connection.execute(query.where(table.c.key.not_in(there)).order_by(table.c.score.desc()))
    return [instance_offered(row, image) for row in rows]
