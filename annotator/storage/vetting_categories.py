"""The categories of a database from outside: every value is one that the project could have written.

Tests: tests/storage/test_vetting_categories.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from annotator.core.dataset import State
from annotator.core.numbers import is_finite
from annotator.storage import schema
from annotator.storage.categories import standing
from annotator.storage.category_manager import is_color

_TABLE = schema.categories
_COLUMNS = frozenset(_TABLE.c.keys())


def require_sound_categories(connection: Connection) -> None:
    """Raise ValueError, KeyError or TypeError where a category, its log or an instance's category cannot be."""
    rows = {row.id: row for row in connection.execute(select(_TABLE))}
    for row in rows.values():
        _require_sound(row, rows)
    known = standing(connection)
    seen = schema.instances.c.state != State.DELETED.value
    for category_id in connection.scalars(select(schema.instances.c.category_id).where(seen).distinct()):
        if category_id in known.removed or known.of(category_id) != category_id:
            raise ValueError(f"category {category_id}: has instances, although it was merged or removed")
    log = schema.category_changes
    for line in connection.execute(select(log)):
        before, after = json.loads(line.before), json.loads(line.after)
        if not isinstance(before, dict) or not isinstance(after, dict):
            raise ValueError(f"category change {line.id}: expected two objects")
        if {id: set(values) for id, values in before.items()} != {id: set(values) for id, values in after.items()}:
            raise ValueError(f"category change {line.id}: two sides that differ")
        for id, values in after.items():
            if int(id) not in rows or not set(values) <= _COLUMNS - {"id", "extra"}:
                raise ValueError(f"category change {line.id}: {id!r:.40}, expected a category of the project")
            for side in (before, after):
                _require_values(f"category change {line.id}", side[id], rows)


def _require_sound(row: Row[Any], rows: Mapping[int, Row[Any]]) -> None:
    _require_values(f"category {row.id}", row._mapping, rows)
    into = row.merged_into
    if into is not None and (into == row.id or rows[into].merged_into is not None):
        raise ValueError(f"category {row.id}: merged into {into}, expected one that is merged into none")


def _require_values(path: str, values: Mapping[Any, Any], rows: Mapping[int, Row[Any]]) -> None:
    color, digit, threshold = values.get("color"), values.get("digit"), values.get("threshold")
    if color is not None and not is_color(color):
        raise ValueError(f"{path}: color {color!r:.40}, expected #rrggbb")
    if digit is not None and digit not in range(1, 10):
        raise ValueError(f"{path}: digit {digit!r:.40}, expected 1 to 9")
    if threshold is not None and not (is_finite(threshold) and 0 <= threshold <= 1):
        raise ValueError(f"{path}: threshold {threshold!r:.40}, expected 0 to 1")
    if values.get("merged_into") not in (None, *rows):
        raise ValueError(f"{path}: merged into {values['merged_into']!r:.40}, expected a category of the project")
    for name in ("name", "supercategory"):
        if not isinstance(values.get(name, ""), str):
            raise ValueError(f"{path}: {name} {values[name]!r:.40}, expected a text")
    for name in ("removed", "position"):
        if not isinstance(values.get(name), int | None):
            raise ValueError(f"{path}: {name} {values[name]!r:.40}, expected a number")
