"""What waits for a review, as columns: the suggestions of pictures that nobody reviewed yet. No mask is read.

Tests: tests/web/routes/test_worklist.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from annotator.core.answers import Integers, Waiting
from annotator.core.dataset import State
from annotator.core.vote import Agreement
from annotator.storage import categories, schema
from annotator.storage.columns import rows_of
from annotator.storage.database import Database
from annotator.system.collection import collection_paused

_VOTES = {None: -1, Agreement.ONE.value: 1, Agreement.CONFLICT.value: 1}

_images, _instances = schema.images, schema.instances


@dataclass(frozen=True, eq=False)
class ToDo:
    """pictures: ids of those that are not reviewed, ascending, (n,). thresholds: of the categories that have their own.
    accepted: how many instances of each category were accepted, by id.
    """

    pictures: Integers
    waiting: Waiting
    thresholds: dict[int, float]
    accepted: dict[int, int]


class WaitingReader:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> ToDo:
        """As the project is now, without what lies in the bin."""
        to_do = (~_images.c.removed, ~_images.c.reviewed)
        pictures = select(_images.c.id).where(*to_do).order_by(_images.c.id)
        open_ones = (
            select(
                _instances.c.image_id,
                _instances.c.source,
                _instances.c.category_id,
                _instances.c.score,
                _instances.c.agreement,
            )
            .join(_images, _images.c.id == _instances.c.image_id)
            .where(*to_do, _instances.c.state == State.SUGGESTED.value, _instances.c.score.is_not(None))
        )
        kept = (
            select(_instances.c.category_id, func.count())
            .join(_images, _images.c.id == _instances.c.image_id)
            .where(~_images.c.removed, _instances.c.state == State.ACCEPTED.value)
            .group_by(_instances.c.category_id)
        )
        with self._database.read() as connection, collection_paused():
            known = categories.categories(connection)
            ids = np.array([row[0] for row in rows_of(connection, pictures)], np.int64)
            rows = rows_of(connection, open_ones)
            accepted = {row[0]: row[1] for row in rows_of(connection, kept)}
        networks: dict[str, int] = {}
        by = np.array([networks.setdefault(row[1], len(networks)) for row in rows], np.int64)
        of_images, of_categories = (np.array([row[column] for row in rows], np.int64) for column in (0, 2))
        scores = np.array([row[3] for row in rows], float)
        votes = np.array([_VOTES.get(row[4], 0) for row in rows], np.int64)
        own = {one.id: one.threshold for one in known if one.threshold is not None}
        return ToDo(ids, Waiting(tuple(networks), of_images, by, of_categories, scores, votes), own, accepted)
