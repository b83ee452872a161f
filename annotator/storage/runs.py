"""What networks found on a picture each time, whatever became of it: by that they are measured.

Tests: tests/storage/test_comparisons.py
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, bindparam, func, insert, select, union

from annotator.core.two_networks import source_of_both
from annotator.storage import schema
from annotator.storage.database import now, written

_TIMES = select(schema.runs.c.at).where(schema.runs.c.image_id == bindparam("of"))
_ADD = insert(schema.runs)


def add_runs(connection: Connection, image_id: int, sources: set[str]) -> str:
    """Note that these networks have just seen an image, and that all they found is kept; the time of their suggestions.

    No other run on the image has that time.
    """
    at, taken = now(), set(connection.scalars(_TIMES, {"of": image_id}))
    while at in taken:
        at = written(datetime.fromisoformat(at) + timedelta(milliseconds=1))
    if sources:
        runs = [{"image_id": image_id, "source": one, "at": at, "whole": True} for one in sorted(sources)]
        connection.execute(_ADD, runs)
    return at


def networks_shown(connection: Connection) -> dict[int, tuple[str, ...]]:
    """The networks that had seen an image when it was first reviewed; of the last one the suggestions were on it then.

    Of images that several have seen, or that one saw after that; all that saw it where it is not reviewed. Two that saw
    it together are one, by the name of both.
    """
    runs, gestures = schema.runs, schema.gestures
    reviewed = select(gestures.c.image_id, func.min(gestures.c.at).label("at")).where(gestures.c.reviewed)
    first = reviewed.group_by(gestures.c.image_id).subquery()
    several = select(runs.c.image_id).group_by(runs.c.image_id).having(func.count(runs.c.source.distinct()) > 1)
    late = select(runs.c.image_id).join(first, first.c.image_id == runs.c.image_id).where(runs.c.at > first.c.at)
    seen = (
        select(runs.c.image_id, runs.c.at, runs.c.source, first.c.at)
        .outerjoin(first, first.c.image_id == runs.c.image_id)
        .where(runs.c.image_id.in_(union(several, late)))
        .order_by(runs.c.image_id, runs.c.at, runs.c.source)
    )
    found: dict[int, tuple[str, ...]] = {}
    for (image_id, at), together in groupby(connection.execute(seen), key=lambda row: (row[0], row[1])):
        some = list(together)
        name = source_of_both(*(row[2] for row in some)) if len(some) > 1 else some[0][2]
        before = found.setdefault(image_id, ())
        if some[0][3] is None or at <= some[0][3]:
            found[image_id] = (*(one for one in before if one != name), name)
    return found


def networks_by_time(connection: Connection) -> list[str]:
    """Those that saw a picture, model@version, the one that did so last first."""
    runs = schema.runs
    last = select(runs.c.source).group_by(runs.c.source).order_by(func.max(runs.c.id).desc())
    return list(connection.scalars(last))
