"""The second take of a picture: what another person makes of it, apart from the first one.

A take is an image of its own, so that gestures, revisions and suggestions are as everywhere. It is kept as one that is
removed, so that no list, count or export has it; and it is in no bin. `storage/twice.py` says who gets one.

Tests: tests/storage/test_twice.py
"""

from __future__ import annotations

import hashlib

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, or_, select, update

from annotator.storage import schema

_images, _gestures, _twice = schema.images, schema.gestures, schema.twice
_first = schema.images.alias("first")

IS_TAKE = _images.c.id.in_(select(_twice.c.take_id).where(_twice.c.take_id.is_not(None)))
"""Of `schema.images`."""


def sha256_of_take(sha256: str) -> str:
    """What stands in the place of a take's own content, which it has none of."""
    return hashlib.sha256(f"another take of {sha256}".encode()).hexdigest()


def take_by_id(names: list[str]) -> Select[tuple[object, ...]]:
    """The columns of a take, asked for as `wanted`, with the content of its picture; none while that is in the bin."""
    columns = [_first.c.sha256 if name == "sha256" else _images.c[name] for name in names]
    return (
        select(*columns)
        .join(_twice, _twice.c.take_id == _images.c.id)
        .join(_first, _first.c.id == _twice.c.image_id)
        .where(_images.c.id == bindparam("wanted"), ~_first.c.removed)
    )


def is_kept_from(who: str) -> ColumnElement[bool]:
    """Of `schema.images`: whether a person must not work on it, because the other take of it is theirs.

    A picture that they have been given a second time; and the second take of one on which they decided.
    """
    given = select(_twice.c.image_id).where(_twice.c.given_to == who)
    decided = (
        select(_twice.c.take_id)
        .join(_gestures, _gestures.c.image_id == _twice.c.image_id)
        .where(_twice.c.take_id.is_not(None), _gestures.c.who == who)
    )
    return or_(_images.c.id.in_(given), _images.c.id.in_(decided))


def is_closed_to(who: str) -> ColumnElement[bool]:
    """Of `schema.images`: whether a take is another person's, so that nothing of this one belongs there.

    A second take that was given to somebody else; and a first take beside an open second one, unless they made it.
    """
    second, made = schema.images.alias("second"), _gestures.alias("made")
    elses = select(_twice.c.take_id).where(_twice.c.take_id.is_not(None), _twice.c.given_to.is_distinct_from(who))
    by_them = select(made.c.id).where(
        made.c.image_id == _twice.c.image_id,
        made.c.revision_after <= _twice.c.as_of,
        made.c.who == who,
    )
    beside = (
        select(_twice.c.image_id)
        .join(second, second.c.id == _twice.c.take_id)
        .where(_twice.c.given_to.is_not(None), ~second.c.reviewed, ~by_them.correlate(_twice).exists())
    )
    return or_(_images.c.id.in_(elses), _images.c.id.in_(beside))


def forget_take(connection: Connection, image_id: int) -> None:
    """Forget what the second person made of a picture, as the bin is emptied; the history stays."""
    take_id = connection.scalar(select(_twice.c.take_id).where(_twice.c.image_id == image_id))
    if take_id is not None:
        for table in (schema.heatmaps, schema.instances):
            connection.execute(delete(table).where(table.c.image_id == take_id))
        unseen = {"reviewed": False, "prelabelled": False, "prelabelled_by": None}
        connection.execute(update(_images).where(_images.c.id == take_id).values(unseen))
        nobody = {"given_to": None, "given_at": None, "as_of": None, "settled": None}
        connection.execute(update(_twice).where(_twice.c.image_id == image_id).values(nobody))
