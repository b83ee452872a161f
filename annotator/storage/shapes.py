"""How large each instance is, kept beside its mask: an order by size reads no mask.

Tests: tests/storage/test_gallery.py
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select, update

from annotator.core.masks import Rle, rle_area, rle_box_xyxy
from annotator.core.measures import areas_of, boxes_of
from annotator.core.query import Query
from annotator.storage import schema
from annotator.storage.database import Database

_AT_ONCE = 2_000  # masks that are measured before they are written

_instances, _images = schema.instances, schema.images

_UNMEASURED = (
    select(_instances.c.id, _instances.c.rle, _images.c.height, _images.c.width)
    .join(_images, _images.c.id == _instances.c.image_id)
    .where(_instances.c.area.is_(None))
    .limit(_AT_ONCE)
)
_MEASURE = update(_instances).where(_instances.c.id == bindparam("of"), _instances.c.rle == bindparam("was"))

FORGOTTEN: dict[str, None] = dict.fromkeys(("area", "box_width", "box_height"))
"""The columns of a mask that was changed and not measured yet."""


def shape_of(rle: Rle) -> dict[str, int]:
    """The columns that say how large a mask is, in pixels: all 0 where it is empty."""
    left, top, right, bottom = rle_box_xyxy(rle)
    return {"area": rle_area(rle), "box_width": int(right - left), "box_height": int(bottom - top)}


def measure_for(database: Database, query: Query) -> None:
    """Measure what is missing where a search goes by size; to be called before the search opens the database."""
    if query.of("size") or query.of("area"):
        measure_missing(database)


def measure_missing(database: Database) -> None:
    """Measure the masks of which it is not known: of an older project, or those that were repaired many at once."""
    while True:
        with database.read() as connection:
            rows = connection.execute(_UNMEASURED).all()
        if not rows:
            return
        rles = [Rle(row.height, row.width, row.rle) for row in rows]
        measured: list[dict[str, Any]] = [
            {"of": row.id, "was": row.rle, "area": int(area), "box_width": int(box[2]), "box_height": int(box[3])}
            for row, area, box in zip(rows, areas_of(rles), boxes_of(rles), strict=True)
        ]
        with database.write() as connection:
            connection.execute(_MEASURE, measured)
