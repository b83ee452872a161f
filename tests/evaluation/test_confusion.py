"""What objects are taken for, told by hand-made pictures."""

from __future__ import annotations

import numpy as np

from annotator.evaluation.confusion import confuse
from annotator.evaluation.matching import Objects, match

PERSON, DOG = 1, 2


def objects(*rows: tuple[int, list[float], float], crowd: tuple[int, ...] = ()) -> Objects:
    boxes = np.array([row[1] for row in rows], float).reshape(-1, 4)
    return Objects(
        categories=np.array([row[0] for row in rows], np.int64),
        boxes=boxes,
        masks=None,
        areas=boxes[:, 2] * boxes[:, 3],
        scores=np.array([row[2] for row in rows], float),
        crowd=np.array([index in crowd for index in range(len(rows))], bool),
    )


def test_each_object_is_found_mistaken_or_missed_and_each_detection_is_one_of_them_or_nothing() -> None:
    there = objects(
        (PERSON, [0, 0, 10, 10], 1),
        (PERSON, [50, 0, 10, 10], 1),
        (DOG, [100, 0, 10, 10], 1),
        (DOG, [0, 50, 90, 90], 1),
        crowd=(3,),
    )
    seen = objects(
        (PERSON, [0, 0, 10, 9], 0.7),  # found
        (DOG, [0, 0, 10, 10], 0.9),  # the same place, and a person had it before
        (PERSON, [100, 0, 10, 10], 0.8),  # a dog taken for a person
        (DOG, [20, 60, 10, 10], 0.6),  # in a crowd: neither right nor wrong
        (PERSON, [50, 0, 10, 10], 0.2),  # below the threshold: missed
    )
    found = confuse([match(there, seen, masks=False)], [PERSON, DOG], threshold=0.5)
    assert found.counts.tolist() == [[1, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert found.mistaken == [(DOG, PERSON, 1)]
    assert found.ious.tolist() == [0.9]
    assert found.histogram.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    lower = confuse([match(there, seen, masks=False)], [PERSON, DOG], threshold=0.5, own={PERSON: 0.1})
    assert lower.counts.tolist() == [[2, 0, 0], [1, 0, 0], [0, 1, 0]]
