"""The rows of settings: JSON by the names of core/settings.py.

Tests: tests/storage/test_store.py
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select

from annotator.core.settings import Setting
from annotator.storage import schema
from annotator.storage.dialects.expressions import put
from annotator.storage.stored import json_of


def read_setting(connection: Connection, setting: Setting) -> Any | None:
    """The stored value, None where there is none."""
    found = connection.scalar(select(schema.settings.c.value).where(schema.settings.c.name == setting.name))
    return None if found is None else json_of(found, f"setting {setting.name}")


def write_setting(connection: Connection, setting: Setting, value: Any) -> None:
    """value: anything that JSON holds."""
    row = {"name": setting.name, "value": json.dumps(value)}
    put(connection, schema.settings, row, key="name")
