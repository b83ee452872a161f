"""The rows of instances: how each object stands by now, which the suggestions and the decisions led to.

Tests: tests/storage/test_decisions.py
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select

from annotator.core.dataset import Image, Instance, State
from annotator.core.errors import AnnotatorError
from annotator.core.limits import MAX_IMAGE_MASKS
from annotator.core.masks import Rle
from annotator.storage import heatmaps, schema
from annotator.storage.dialects.expressions import is_among
from annotator.storage.parts import parts_to_bytes
from annotator.storage.prompts import prompted_of, prompted_to_text
from annotator.storage.shapes import shape_of
from annotator.storage.stored import json_of, parts_of
from annotator.storage.votes import vote_columns, vote_of

Value = TypeVar("Value")

AT_ONCE = 500
"""Ids or keys in one query: SQLite takes 32,766 variables, older builds 999."""


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """As many as go into one query."""
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def among(column: ColumnElement[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column has one of so many ids. They go as one text: a variable for each takes longer than the query."""
    return is_among(column, json.dumps(list(ids)))


_IN_STATES = schema.instances.c.state.in_(bindparam("states", expanding=True))
_OF_IMAGE = select(schema.instances).where(schema.instances.c.image_id == bindparam("of"), _IN_STATES).order_by("id")
_SIZE = func.sum(func.length(schema.instances.c.rle) + func.coalesce(func.length(schema.instances.c.parts), 0))
_SIZE_OF_IMAGE = select(_SIZE).where(
    schema.instances.c.image_id == bindparam("of"), schema.instances.c.state != State.DELETED.value
)
_CROWDED = (
    select(schema.instances.c.image_id, _SIZE.label("size"))
    .where(
        schema.instances.c.image_id.in_(bindparam("of", expanding=True)),
        schema.instances.c.state != State.DELETED.value,
    )
    .group_by(schema.instances.c.image_id)
    .having(bindparam("most") < _SIZE)
)


def instances_of(connection: Connection, image: Image, *, states: Collection[State]) -> tuple[Instance, ...]:
    """The image's instances in these states, in order of id."""
    return tuple(instance_of(row, image) for row in fetch_instances(connection, image, states=states))


def fetch_instances(connection: Connection, image: Image, *, states: Collection[State]) -> Sequence[Row[Any]]:
    """As `instances_of`, for whoever makes them when nobody waits any more."""
    wanted = {"of": image.id, "states": [State(state).value for state in states]}
    return connection.execute(_OF_IMAGE, wanted).all()


def instance_of(row: Row[Any], image: Image) -> Instance:
    return Instance(
        id=row.id,
        key=row.key,
        image_id=row.image_id,
        category_id=row.category_id,
        state=State(row.state),
        rle=Rle(image.height, image.width, row.rle),
        parts=parts_of(row.parts, f"instance {row.key}"),
        source=row.source,
        score=row.score,
        edited=row.edited,
        crowd=row.crowd,
        flags=tuple(json_of(row.flags, f"instance {row.key}")),
        note=row.note,
        locked=row.locked,
        prompted=prompted_of(row.prompt, f"instance {row.key}"),
        vote=vote_of(row),
        extra=json_of(row.extra, f"instance {row.key}"),
    )


def row_of(instance: Instance) -> dict[str, Any]:
    """Every column of the instance but its id, which the database gives to a new one."""
    return {
        "key": instance.key,
        "image_id": instance.image_id,
        "category_id": instance.category_id,
        "state": instance.state.value,
        "rle": instance.rle.counts,
        "parts": parts_to_bytes(instance.parts),
        "source": instance.source,
        "score": instance.score,
        "edited": instance.edited,
        "extra": json.dumps(instance.extra),
        "crowd": instance.crowd,
        "flags": json.dumps(instance.flags),
        "note": instance.note,
        "locked": instance.locked,
        "prompt": prompted_to_text(instance.prompted),
        **vote_columns(instance.vote),
        **shape_of(instance.rle),
    }


def delete_instances(connection: Connection, image_id: int) -> None:
    """Forget an image's current state and its heatmaps; its suggestions and decisions stay."""
    heatmaps.delete_heatmaps(connection, schema.heatmaps.c.image_id == image_id)
    connection.execute(delete(schema.instances).where(schema.instances.c.image_id == image_id))


def masks_size(row: Mapping[Any, Any]) -> int:
    """What the mask and the polygons of an instance's row add to the image's document, in bytes."""
    return 0 if row["state"] == State.DELETED.value else len(row["rle"]) + len(row["parts"] or b"")


def size_of(connection: Connection, image_id: int) -> int:
    """What the masks and the polygons of an image add to its document, in bytes."""
    return int(connection.execute(_SIZE_OF_IMAGE, {"of": image_id}).scalar_one() or 0)


def require_room(connection: Connection, image_ids: Sequence[int], *, error: type[AnnotatorError]) -> None:
    """Raise `error` where an image has more masks by now than a page can fetch; asked for after they are written."""
    for some in chunks(image_ids):
        asked = {"of": some, "most": MAX_IMAGE_MASKS}
        for row in connection.execute(_CROWDED, asked):
            raise error(f"image {row.image_id}: masks of {row.size} bytes, expected at most {MAX_IMAGE_MASKS}")
