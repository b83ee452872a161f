"""What an archive's database says of second takes, before it is believed.

Tests: tests/storage/test_twice.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from annotator.core.dataset import Image
from annotator.core.numbers import is_finite, is_id
from annotator.core.settings import TWICE
from annotator.storage import schema
from annotator.storage.settings import read_setting
from annotator.storage.takes import sha256_of_take


def require_sound_takes(connection: Connection, images: Mapping[int, Image]) -> None:
    """Raise ValueError unless the second takes, and which pictures get one, are what a project writes."""
    plan = read_setting(connection, TWICE)
    if plan is not None:
        known = isinstance(plan, dict) and set(plan) == {"share", "seed", "suggestions"}
        if not (known and is_finite(plan["share"]) and 0 <= plan["share"] <= 1 and is_id(plan["seed"])):
            raise ValueError(f"setting {TWICE.name}: {plan!r:.40}, expected a share from 0 to 1 and a seed")
        if not isinstance(plan["suggestions"], bool):
            raise ValueError(f"setting {TWICE.name}: {plan!r:.40}, expected suggestions to be true or false")
    table, stored = schema.twice, schema.images
    removed = connection.execute(select(stored.c.id, stored.c.sha256).where(stored.c.removed))
    hidden = {row.id: row.sha256 for row in removed}
    takes = set(connection.scalars(select(table.c.take_id).where(table.c.take_id.is_not(None))))
    for row in connection.execute(select(table)):
        first = images[row.image_id]
        if row.image_id in takes:
            raise ValueError(f"image {row.image_id}: is another take, and has one")
        if row.given_at is not None and datetime.fromisoformat(row.given_at).tzinfo is None:
            raise ValueError(f"image {row.image_id}: given at {row.given_at:.40}, expected a time with its zone")
        if row.given_to is not None and (row.take_id is None or row.given_at is None or row.as_of is None):
            raise ValueError(f"image {row.image_id}: another take of it was given to somebody, and is not there")
        if row.take_id is None:
            continue
        take = images[row.take_id]
        same = (take.width, take.height) == (first.width, first.height)
        if not same or hidden.get(row.take_id) != sha256_of_take(first.sha256):
            raise ValueError(f"image {row.take_id}: is not another take of image {row.image_id}")
