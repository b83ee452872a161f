"""What a network takes objects for: at one threshold, each detection is one object or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.evaluation.matching import Floats, Integers, Matches

STEPS: Floats = np.round(np.linspace(0.5, 1.0, 11), 2)
"""Between these the overlaps of a histogram are counted."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of objects and detections, and how well those outlines fit that are of the same category.

    categories: ids, (k,). counts: (k + 1, k + 1), a row for each category of objects and a last one for detections
    where nothing is, a column for each category of detections and a last one for objects that were missed.
    ious: of each object that was found as what it is. iou_pictures: the index of its picture. Both (found,).
    """

    categories: tuple[int, ...]
    counts: Integers
    ious: Floats
    iou_pictures: Integers

    @property
    def histogram(self) -> Integers:
        """How many overlaps lie in each of STEPS, (10,)."""
        return np.histogram(self.ious, STEPS)[0].astype(np.int64)

    @property
    def mistaken(self) -> list[tuple[int, int, int]]:
        """Category of the object, category of the detection and how often, the most frequent first."""
        k = len(self.categories)
        wrong = self.counts[:k, :k] * (1 - np.eye(k, dtype=np.int64))
        found = [
            (self.categories[row], self.categories[column], int(wrong[row, column]))
            for row, column in np.argwhere(wrong).tolist()
        ]
        return sorted(found, key=lambda one: -one[2])


def confuse(
    matches: Sequence[Matches], categories: Sequence[int], *, threshold: float, own: Mapping[int, float] | None = None
) -> Confusion:
    """threshold: the score from which on detections count. own: those of categories that have one of their own.

    Pairs of one category go first, then the highest score, then the best fit. What lies half in a crowd and is no
    object counts neither way.
    """
    place = {category: index for index, category in enumerate(categories)}
    k = len(place)
    counts = np.zeros((k + 1, k + 1), np.int64)
    ious: list[float] = []
    of_picture: list[int] = []
    least = {category: (own or {}).get(category, threshold) for category in place}
    for index, one in enumerate(matches):
        said = one.categories.tolist()
        shown = {
            row
            for row, (category, score) in enumerate(zip(said, one.scores.tolist(), strict=True))
            if category in least and score >= least[category]
        }
        measured = one.counted[:, 0].tolist()
        there = one.object_categories.tolist()
        objects = {row for row, category in enumerate(there) if category in place and measured[row]}
        for detection, thing, iou in _in_order(one, shown, objects):
            if detection in shown and thing in objects:
                shown.remove(detection)
                objects.remove(thing)
                counts[place[there[thing]], place[said[detection]]] += 1
                if there[thing] == said[detection]:
                    ious.append(iou)
                    of_picture.append(index)
        for thing in objects:
            counts[place[there[thing]], k] += 1
        for detection in shown:
            if not one.in_crowd[detection]:
                counts[k, place[said[detection]]] += 1
    return Confusion(tuple(place), counts, np.array(ious, float), np.array(of_picture, np.int64))


def _in_order(one: Matches, shown: set[int], objects: set[int]) -> list[tuple[int, int, float]]:
    """Detection, object and overlap of each pair that may be one, in the order in which they are taken."""
    pairs = [
        (detection, thing, iou)
        for (detection, thing), iou in zip(one.pairs.tolist(), one.pair_ious.tolist(), strict=True)
        if detection in shown and thing in objects
    ]
    said, there = one.categories, one.object_categories
    return sorted(pairs, key=lambda pair: (said[pair[0]] != there[pair[1]], pair[0], -pair[2]))
