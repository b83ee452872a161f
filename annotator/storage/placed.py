"""Where accepted instances lie, and what networks suggested on the same pictures, by their boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import exists, literal, select

from annotator.core.answers import Boxes, Floats
from annotator.core.dataset import State
from annotator.core.masks import Rle
from annotator.core.measures import boxes_of, runs_of
from annotator.storage import gallery, schema
from annotator.storage.blind import IS_HIDDEN
from annotator.storage.categories import standing
from annotator.storage.columns import rows_of
from annotator.storage.database import Database
from annotator.storage.gallery import Entry

LEAST_SCORE = 0.1
"""Suggestions below it say too little."""

AT_ONCE = 500
"""Pictures that are read together."""

_images, _instances, _suggestions = schema.images, schema.instances, schema.suggestions


@dataclass(frozen=True, eq=False)
class Placed:
    """One picture: its accepted instances, with their ids, and what was suggested on it, whatever became of that.

    runs: of each instance's mask, counted down its columns.
    """

    ids: tuple[int, ...]
    labels: Boxes
    runs: Floats
    suggested: Boxes


class PlacedReader:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> list[Placed]:
        """Of every picture with an accepted instance on which a network suggested something. Reads every mask."""
        with self._database.read() as connection:
            seen = select(_suggestions.c.image_id).distinct()
            # A doubt would tell what a network sees on a blind picture.
            hidden = exists().where(IS_HIDDEN, ~_images.c.reviewed)
            pictures = select(_images.c.id).where(~_images.c.removed, _images.c.id.in_(seen), ~hidden)
            ids = list(connection.scalars(pictures.order_by(_images.c.id)))
        found: list[Placed] = []
        for start in range(0, len(ids), AT_ONCE):
            found += self._read_some(ids[start : start + AT_ONCE])
        return found

    def entries(self, ids: Sequence[int]) -> tuple[tuple[int, Entry, int], ...]:
        """The instances with these ids, in this order, as far as they are there: id, entry, category's id."""
        with self._database.read() as connection:
            query = select(_instances.c.key, _instances.c.id, _instances.c.category_id).where(_instances.c.id.in_(ids))
            of = {row.key: (row.id, row.category_id) for row in connection.execute(query)}
            return tuple((of[one.key][0], one, of[one.key][1]) for one in gallery.entries(connection, ids))

    def _read_some(self, ids: Sequence[int]) -> list[Placed]:
        size = (_images.c.height, _images.c.width)
        accepted = (
            select(
                _instances.c.image_id,
                _instances.c.category_id,
                _instances.c.rle,
                *size,
                literal(1.0).label("score"),
                _instances.c.id,
            )
            .join(_images, _images.c.id == _instances.c.image_id)
            .where(_instances.c.image_id.in_(ids), _instances.c.state == State.ACCEPTED.value, ~_instances.c.crowd)
            .order_by(_instances.c.image_id, _instances.c.id)
        )
        offered = (
            select(_suggestions.c.image_id, _suggestions.c.category_id, _suggestions.c.rle, *size, _suggestions.c.score)
            .join(_images, _images.c.id == _suggestions.c.image_id)
            .where(_suggestions.c.image_id.in_(ids), _suggestions.c.score >= LEAST_SCORE)
            .order_by(_suggestions.c.image_id, _suggestions.c.score.desc())
        )
        with self._database.read() as connection:
            known = standing(connection)
            labels, suggested = (rows_of(connection, query) for query in (accepted, offered))
        categories = {id: known.of(id) for id in known.ids}
        by_suggested = {image_id: boxes for image_id, boxes, _ in _by_image(suggested, categories)}
        nothing = Boxes(np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0))
        return [
            Placed(
                tuple(row[-1] for row in labels[rows]),
                boxes,
                np.array(runs_of(Rle(height, width, rle) for _, _, rle, height, width, *_ in labels[rows]), np.float64),
                by_suggested.get(image_id, nothing),
            )
            for image_id, boxes, rows in _by_image(labels, categories)
        ]


def _by_image(rows: Sequence[Any], categories: dict[int, int]) -> Iterator[tuple[int, Boxes, slice]]:
    """Each picture's id, the boxes of its rows in their order, and which these are. rows: by picture."""
    if not rows:
        return
    images, of, rles, heights, widths, scores, *_ = zip(*rows, strict=True)
    boxes = np.array(boxes_of(list(map(Rle, heights, widths, rles))), np.float64)
    boxes[:, 2:] += boxes[:, :2]
    counts_as = np.array([categories.get(one, -1) for one in of], np.int64)
    sure = np.array(scores, np.float64)
    starts = [0, *(np.flatnonzero(np.diff(images)) + 1).tolist(), len(rows)]
    for start, end in pairwise(starts):
        some = slice(start, end)
        yield images[start], Boxes(counts_as[some], boxes[some], sure[some]), some
