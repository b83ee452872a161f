"""The rows of images."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, case, cast, func, insert, or_, select, update

from annotator.core.dataset import Image, State
from annotator.core.errors import MissingError, StoreError
from annotator.core.limits import MAX_NAME
from annotator.core.words import natural_order
from annotator.storage import schema
from annotator.storage.database import Database, now
from annotator.storage.dialects.expressions import is_among
from annotator.storage.stored import json_of
from annotator.storage.takes import IS_TAKE, forget_take, take_by_id

IMPORT = "import"
"""The source of what an import brought, and the verb of the gesture that brought it."""

_BESIDE = ("removed", "added_at", "name_order", "failure", "prelabelled_by")
_IMAGE_COLUMNS = tuple(column for column in schema.images.c if column.name not in _BESIDE)
_BY_ID_IN_BIN = select(*_IMAGE_COLUMNS).where(schema.images.c.id == bindparam("wanted"))
_BY_ID = _BY_ID_IN_BIN.where(~schema.images.c.removed)
_TAKE_BY_ID = take_by_id([column.name for column in _IMAGE_COLUMNS])


@dataclass(frozen=True)
class QueueRow:
    """One image of the queue, with how many of its instances stand where."""

    image: Image
    accepted: int
    suggested: int
    rejected: int
    scores: str = ""
    """Of the suggestions, a character each: FIRST_SCORE for a score below 0.01, 100 further for 1 and for none.

    Where a category has a threshold of its own: ALWAYS_SHOWN or NEVER_SHOWN.
    """
    failure: str = ""
    """Why it could not be pre-labelled the last time, "" where it could."""


FIRST_SCORE = 256
"""So a page can say how many suggestions a threshold shows on 20,000 images, and ask nothing while it moves."""

ALWAYS_SHOWN, NEVER_SHOWN = FIRST_SCORE + 100, FIRST_SCORE - 1
"""Of a suggestion that its category's own threshold shows or hides, whatever the general one is."""


def plain_text(text: str) -> str:
    """Text from outside as the database can keep it: lone surrogates and NUL are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


# --- images ----------------------------------------------------------------------------------------------------------


def add_image(connection: Connection, *, sha256: str, file_name: str, width: int, height: int) -> Image:
    """Add the image, or bring back the known one with this content (out of the bin, if it was there)."""
    table = schema.images
    known = connection.execute(select(table.c.id, table.c.removed).where(table.c.sha256 == sha256)).one_or_none()
    if known is not None:
        if known.removed:
            connection.execute(update(table).where(table.c.id == known.id).values(removed=False))
        return image_by_id(connection, known.id)
    row = image_row(sha256=sha256, file_name=file_name, width=width, height=height)
    added = connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
    return image_by_id(connection, added)


def image_row(*, sha256: str, file_name: str, width: int, height: int) -> dict[str, Any]:
    """Every column but the id of an image that is new. Raises StoreError for a name that is none."""
    if not file_name or len(file_name) > MAX_NAME:
        raise StoreError(f"image {file_name!r:.80}: a name of {len(file_name)} characters, expected 1 to {MAX_NAME}")
    return {
        "sha256": sha256,
        "file_name": plain_text(file_name),
        "width": width,
        "height": height,
        "reviewed": False,
        "prelabelled": False,
        "removed": False,
        "revision": 0,
        "extra": "{}",
        "added_at": now(),
        "name_order": natural_order(plain_text(file_name)),
        "note": "",
        "flags": "[]",
        "failure": "",
    }


def order_names(database: Database) -> None:
    """Note how the names sort of images that were added before that was kept."""
    table = schema.images
    missing = select(table.c.id, table.c.file_name).where(table.c.name_order == "")
    with database.read() as connection:
        if connection.execute(missing.limit(1)).first() is None:
            return
    with database.write() as connection:
        rows = [{"of": row.id, "name_order": natural_order(row.file_name)} for row in connection.execute(missing)]
        if rows:
            connection.execute(update(table).where(table.c.id == bindparam("of")), rows)


def image_by_id(connection: Connection, image_id: int, *, in_bin: bool = False) -> Image:
    """The image with this id, a take too.

    Raises MissingError if there is none, or if it is in the bin and not asked for there.
    """
    wanted = {"wanted": image_id}
    found = connection.execute(_BY_ID, wanted).one_or_none() or connection.execute(_TAKE_BY_ID, wanted).one_or_none()
    if found is None and in_bin:
        found = connection.execute(_BY_ID_IN_BIN, wanted).one_or_none()
    if found is not None:
        return image_of(found)
    binned = None if in_bin else connection.execute(_BY_ID_IN_BIN, {"wanted": image_id}).one_or_none()
    if binned is not None:
        raise MissingError(f"image {image_id}: {binned.file_name} is in the bin")
    raise MissingError(f"image {image_id}: not in the project")


def image_by_sha256(connection: Connection, sha256: str) -> Image | None:
    table = schema.images
    found = connection.execute(select(*_IMAGE_COLUMNS).where(table.c.sha256 == sha256, ~table.c.removed)).one_or_none()
    return None if found is None else image_of(found)


def images(connection: Connection, *, reviewed_only: bool = False) -> tuple[Image, ...]:
    """Every image that is not in the bin, in order of id."""
    return tuple(map(image_of, fetch_images(connection, reviewed_only=reviewed_only)))


def fetch_images(
    connection: Connection, *, reviewed_only: bool = False, unseen_by: str | None = None
) -> Sequence[Row[Any]]:
    """As `images`, for whoever makes them when nobody waits any more.

    unseen_by: those that this network, model@version, has not pre-labelled. What was pre-labelled before projects kept
    by which one counts as seen.
    """
    table = schema.images
    query = select(*_IMAGE_COLUMNS).where(~table.c.removed).order_by(table.c.id)
    if reviewed_only:
        query = query.where(table.c.reviewed)
    if unseen_by is not None:
        query = query.where(or_(~table.c.prelabelled, table.c.prelabelled_by != unseen_by))
    return connection.execute(query).all()


def image_count(connection: Connection) -> int:
    count = connection.execute(select(func.count()).select_from(schema.images).where(~schema.images.c.removed))
    return int(count.scalar_one())


def queue(connection: Connection, ids: Sequence[int] | None = None) -> tuple[QueueRow, ...]:
    """Images with how many of their instances stand where: all in order of id, or these, in this order.

    ids: at most AT_ONCE; what is not there, or in the bin, is left out.
    """
    table, categories = schema.instances, schema.categories
    counts = [
        func.sum(case((table.c.state == state.value, 1), else_=0)).label(state.value)
        for state in (State.ACCEPTED, State.SUGGESTED, State.REJECTED)
    ]
    score, own = func.coalesce(table.c.score, 1.0), categories.c.threshold
    hundredths = cast(score * 100 + 1e-9, Integer)
    general = FIRST_SCORE + func.max(0, func.min(100, hundredths))
    letter = func.char(case((own.is_(None), general), (score >= own, ALWAYS_SHOWN), else_=NEVER_SHOWN))
    scores = func.group_concat(case((table.c.state == State.SUGGESTED.value, letter)), "").label("scores")
    joined = table.join(categories, categories.c.id == table.c.category_id)
    counted = select(table.c.image_id, *counts, scores).select_from(joined).group_by(table.c.image_id)
    table = schema.images
    known = select(*_IMAGE_COLUMNS, table.c.failure).where(~table.c.removed).order_by(table.c.id)
    if ids is not None:
        counted = counted.where(schema.instances.c.image_id.in_(ids))
        known = known.where(table.c.id.in_(ids))
    by_image = {
        row.image_id: (int(row.accepted), int(row.suggested), int(row.rejected), row.scores or "")
        for row in connection.execute(counted)
    }
    found: dict[int, Any] = {row.id: row for row in connection.execute(known)}
    order = found if ids is None else ids
    none = (0, 0, 0, "")
    return tuple(
        QueueRow(image_of(found[id]), *by_image.get(id, none), found[id].failure) for id in order if id in found
    )


def review_counts(connection: Connection) -> tuple[int, int]:
    """How many images there are that are not in the bin, and how many of these are reviewed."""
    table = schema.images
    query = select(func.count(), func.coalesce(func.sum(case((table.c.reviewed, 1), else_=0)), 0)).where(
        ~table.c.removed
    )
    count, reviewed = connection.execute(query).one()
    return int(count), int(reviewed)


def set_removed(connection: Connection, image_id: int, *, removed: bool) -> None:
    """Put an image into the bin, or take it out. Raises MissingError if it is not where it should come from."""
    table = schema.images
    changed = connection.execute(
        update(table).where(table.c.id == image_id, table.c.removed.is_(not removed), ~IS_TAKE).values(removed=removed)
    )
    if changed.rowcount != 1:
        raise MissingError(f"image {image_id}: not in the {'project' if removed else 'bin'}")


def remove_all(connection: Connection) -> int:
    """Put every image into the bin; how many that were."""
    table = schema.images
    return int(connection.execute(update(table).where(~table.c.removed).values(removed=True)).rowcount)


def forget_review(connection: Connection, image_id: int) -> None:
    """Without its instances, an image was neither pre-labelled nor reviewed nor described, nor was its other take."""
    forget_take(connection, image_id)
    table = schema.images
    unseen = {"reviewed": False, "prelabelled": False, "prelabelled_by": None, "failure": "", "note": "", "flags": "[]"}
    connection.execute(update(table).where(table.c.id == image_id).values(unseen))


def restore(connection: Connection, ids: Iterable[int]) -> None:
    """Take images out of the bin that lie there."""
    table = schema.images
    connection.execute(update(table).where(is_among(table.c.id, json.dumps(list(ids)))).values(removed=False))


def bin_images(connection: Connection, *, only: Iterable[int] | None = None) -> tuple[Image, ...]:
    """What lies in the bin, in order of id. only: of these."""
    table = schema.images
    query = select(*_IMAGE_COLUMNS).where(table.c.removed, ~IS_TAKE).order_by(table.c.id)
    if only is not None:
        query = query.where(is_among(table.c.id, json.dumps(list(only))))
    return tuple(image_of(row) for row in connection.execute(query))


def image_of(row: Row[Any]) -> Image:
    values = {name: value for name, value in row._mapping.items() if name not in _BESIDE}
    place = f"image {row.id}"
    return Image(**{**values, "extra": json_of(row.extra, place), "flags": tuple(json_of(row.flags, place))})
