"""What networks found on a picture each time, whatever became of it: by that they are measured.

Tests: tests/storage/test_comparisons.py
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select

from annotator.storage import schema
from annotator.storage.database import now

_TIMES = select(schema.runs.c.at).where(schema.runs.c.image_id == bindparam("of"))
_ADD = insert(schema.runs)


def add_runs(connection: Connection, image_id: int, sources: set[str]) -> str:
    """Note that these networks have just seen an image, and that all they found is kept; the time of their suggestions.

    No other run on the image has that time.
    """
    at, taken = now(), set(connection.scalars(_TIMES, {"of": image_id}))
    while at in taken:
        later = datetime.fromisoformat(at) + timedelta(milliseconds=1)
        at = later.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if sources:
        runs = [{"image_id": image_id, "source": one, "at": at, "whole": True} for one in sorted(sources)]
        connection.execute(_ADD, runs)
    return at
