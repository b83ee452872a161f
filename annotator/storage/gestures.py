"""The rows of gestures that one order makes: one for each image that it touches.

Tests: tests/storage/test_bulk.py, tests/storage/test_worklist.py
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from annotator.storage.database import now
from annotator.storage.images import plain_text


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
