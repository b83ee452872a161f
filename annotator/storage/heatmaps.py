"""The rows of heatmaps: of a model's masks, and of those found inside a box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, select

from annotator.core.dataset import Image
from annotator.core.heatmap import Heatmap, pack, unpack
from annotator.core.masks import Rle
from annotator.storage import schema
from annotator.storage.dialects.expressions import insert_new
from annotator.storage.prompts import name_of


def add_heatmaps(connection: Connection, image_id: int, heatmaps: Mapping[str, Heatmap]) -> None:
    """Keep heatmaps by their names; a name that has a heatmap keeps the one it has."""
    if heatmaps:
        rows = [_row_of(key, image_id, heatmap) for key, heatmap in heatmaps.items()]
        connection.execute(insert_new(connection, schema.heatmaps), rows)


def heatmap_now(connection: Connection, image: Image, key: str) -> Heatmap | None:
    """The heatmap of an instance of the image, as it stands now."""
    prompt = connection.scalar(select(schema.instances.c.prompt).where(schema.instances.c.key == key))
    return heatmap(connection, image, key, prompt)


def heatmap(connection: Connection, image: Image, key: str, prompt: str | None) -> Heatmap | None:
    """The heatmap of what the prompt, as the database has it, made of an instance of the image.

    Where none is kept of that, the instance's own; a suggestion's has the suggested mask as the one at 0.5.
    """
    table = schema.heatmaps
    names = [key] if prompt is None else [name_of(key, prompt), key]
    rows = connection.execute(with_suggested().where(table.c.image_id == image.id, table.c.key.in_(names))).all()
    found = {row.key: row for row in rows}
    return next((heatmap_of(found[name], image) for name in names if name in found), None)


def with_suggested() -> Select[Any]:
    """Heatmaps, each with the counts of the suggestion that it belongs to."""
    table, old = schema.heatmaps, schema.suggestions
    return select(table, old.c.rle.label("suggested")).outerjoin(old, old.c.key == table.c.key)


def heatmap_of(row: Row[Any], image: Image) -> Heatmap:
    """Raises GeometryError for a row that no project wrote."""
    half = None if row.suggested is None else Rle(image.height, image.width, row.suggested)
    return Heatmap(unpack(row.content, size=row.size), row.x, row.y, row.width, row.height, half)


def delete_heatmaps(connection: Connection, *conditions: ColumnElement[bool]) -> None:
    connection.execute(delete(schema.heatmaps).where(*conditions))


def _row_of(key: str, image_id: int, heatmap: Heatmap) -> dict[str, Any]:
    return {
        "key": key,
        "image_id": image_id,
        "x": heatmap.left,
        "y": heatmap.top,
        "width": heatmap.width,
        "height": heatmap.height,
        "size": len(heatmap.values),
        "content": pack(heatmap.values),
    }
