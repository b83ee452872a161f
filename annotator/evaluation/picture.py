"""One reviewed picture: what a network found on it against what people left.

Tests: tests/web/routes/test_evaluation.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.core.masks import Rle
from annotator.core.measures import areas_of, boxes_of
from annotator.evaluation.matching import Matches, Objects, match
from annotator.storage.comparisons import Compared, Outline, Seen


@dataclass(frozen=True, eq=False)
class Picture:
    """A compared picture. origins: how many of its objects are of each, as `Outline` says."""

    seen: Seen
    boxes: Matches
    masks: Matches
    origins: Mapping[str, int]


def compare(seen: Seen, compared: Compared) -> Picture:
    truth, found = _objects(compared.truth), _objects(compared.found)
    origins: dict[str, int] = {}
    for one in compared.truth:
        if not one.crowd:
            origins[one.origin] = origins.get(one.origin, 0) + 1
    return Picture(seen, match(truth, found, masks=False), match(truth, found, masks=True), origins)


def _objects(outlines: Sequence[Outline]) -> Objects:
    masks: list[Rle] = [one.rle for one in outlines]
    return Objects(
        categories=np.array([one.category_id for one in outlines], np.int64),
        boxes=np.array(boxes_of(masks), float).reshape(-1, 4),
        masks=masks,
        areas=np.array(areas_of(masks), float),
        scores=np.array([one.score for one in outlines], float),
        crowd=np.array([one.crowd for one in outlines], bool),
    )
