"""The history of one order: a gesture for each image that it touches, and a decision for each instance.

Tests: tests/storage/test_bulk.py, tests/storage/test_worklist.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from annotator.storage import schema
from annotator.storage.database import now
from annotator.storage.decisions import DECIDED
from annotator.storage.images import plain_text
from annotator.storage.instances import among

BULK_CLIENT = "bulk-"
"""How the client of gestures begins that decide about many instances at once, which nobody looked at one by one."""

_images, _instances = schema.images, schema.instances
_gestures, _decisions = schema.gestures, schema.decisions


def gestures_of(
    revisions: Iterable[tuple[int, int]],
    *,
    verb: str,
    client: str,
    who: str,
    first: int = 0,
    reviewed: bool | None = None,
) -> list[dict[str, Any]]:
    """Rows of `schema.gestures` under one client, numbered from `first` on.

    revisions: of each image its id, and its revision before. reviewed: what each image is from then on, None: as it
    was.
    """
    at, name = now(), plain_text(who)
    return [
        {
            "image_id": image_id,
            "client": client,
            "number": first + index,
            "digest": "",
            "verb": verb,
            "who": name,
            "at": at,
            "revision_before": revision,
            "revision_after": revision + 1,
            "reviewed": reviewed,
        }
        for index, (image_id, revision) in enumerate(revisions)
    ]


def write_history(connection: Connection, ids: Sequence[int], *, verb: str, client: str, who: str) -> None:
    """One gesture for each picture, one decision for each instance as it stands now, and a new revision."""
    query = (
        select(_images.c.id, _images.c.revision)
        .join(_instances, _instances.c.image_id == _images.c.id)
        .where(among(_instances.c.id, ids))
        .distinct()
    )
    pictures = {row.id: row.revision for row in connection.execute(query)}
    if not pictures:
        return
    made = connection.scalar(select(func.max(_gestures.c.id))) or 0
    first = connection.scalar(select(func.count()).where(_gestures.c.client == client)) or 0
    rows = gestures_of(sorted(pictures.items()), verb=verb, client=client, who=who, first=first)
    connection.execute(insert(_gestures), rows)
    as_they_are = (
        select(_gestures.c.id, *(_instances.c[name] for name in DECIDED))
        .join(_gestures, _gestures.c.image_id == _instances.c.image_id)
        .where(among(_instances.c.id, ids), _gestures.c.client == client, _gestures.c.id > made)
    )
    connection.execute(insert(_decisions).from_select(["gesture_id", *DECIDED], as_they_are))
    later = update(_images).where(among(_images.c.id, pictures)).values(revision=_images.c.revision + 1)
    connection.execute(later)
