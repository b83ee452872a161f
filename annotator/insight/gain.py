"""What to review next: how much the truth of each picture would tell, and why.

A picture's gain is what can be expected to be uncertain on it: of each suggestion that is shown the entropy of its
chance to be right and something for its outline, of each that is hidden the chance that it is an object all the same,
and what a copy of the picture or another network sees besides. It counts less where the picture is like one that was
reviewed or comes before it.
docs/explanation/next.md tells the whole formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.core.answers import Answers, Evidence, Floats, Integers, Waiting
from annotator.insight.calibration import isotonic
from annotator.insight.effort import ENOUGH_ANSWERS

DOUBTFUL = 0.2
"""A suggestion is doubtful whose chance to be right is at least this, and as far from 1."""

LIKELY_MISS = 0.25
"""A hidden suggestion is a likely miss from this chance on."""

RARE = 0.2
"""A category is rare that has less than this part of what the categories have on average."""

SPREAD_OUT = 1_000
"""So many pictures at the front are spread out over what the network sees; those behind follow by their gain."""

_OUTLINE = 0.2  # of a found object: its outline is seldom right to the pixel
_PRIOR = 20  # answers that a score by itself is worth, before people answered
_NOTHING = 0.1  # what a picture without any suggestion may bring, so that these come in some order


@dataclass(frozen=True, eq=False)
class Material:
    """What an order is made of.

    threshold: from which on suggestions are shown. own: of categories that have one of their own. pictures: ids of
    those that are not reviewed. seen_besides: by picture how many objects a copy of it shows that it did not itself.
    looks: by picture what the network sees on it, a vector of length 1; also of reviewed ones.
    """

    waiting: Waiting
    pictures: Integers
    threshold: float
    own: Mapping[int, float]
    accepted: Mapping[int, int]
    seen_besides: Mapping[int, int]
    looks: Mapping[int, NDArray[np.floating[Any]]]


@dataclass(frozen=True, eq=False)
class Ordered:
    """Pictures that are not reviewed, those with most to gain first; each column is (n,).

    doubtful, misses, apart, rare: how many of its suggestions are of each kind. unlike: whether it is unlike all that
    were reviewed or come before it.
    """

    ids: Integers
    gains: Floats
    doubtful: Integers
    misses: Integers
    apart: Integers
    rare: Integers
    unlike: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def most_to_gain(evidence: Evidence, material: Material) -> Ordered:
    """The pictures that are not reviewed in the order in which their truth tells most."""
    waiting = material.waiting
    chances = chances_of(waiting, evidence)
    shown = waiting.scores >= _thresholds(waiting, material) - 1e-6
    rarity = _rarity(waiting, material.accepted)
    rows = _rows_of(waiting.images, material.pictures)
    here = rows >= 0

    def summed(values: Floats) -> Floats:
        return np.bincount(rows[here], weights=values[here], minlength=len(material.pictures)).astype(np.float64)

    def counted(which: NDArray[np.bool_]) -> Integers:
        return summed(which.astype(float)).astype(np.int64)

    besides = np.array([material.seen_besides.get(id, 0) for id in material.pictures.tolist()], np.int64)
    apart = _apart(waiting, shown, rows, len(material.pictures))
    likely = ~shown & (chances >= LIKELY_MISS)
    worth = np.where(shown, entropy(chances) + _OUTLINE * chances, chances) + chances * rarity
    gains = summed(worth) + besides * 0.5 + apart * 0.5
    distance = Distances.of(material)
    order, unlike = _spread_out(gains, distance)
    doubtful = shown & (chances >= DOUBTFUL) & (chances <= 1 - DOUBTFUL)
    return Ordered(
        material.pictures[order],
        gains[order],
        counted(doubtful)[order],
        (counted(likely) + besides)[order],
        apart[order],
        counted((rarity > 0) & (shown | likely))[order],
        unlike[order],
    )


def entropy(chances: Floats) -> Floats:
    """How uncertain an answer of yes or no is, in bits: 1 at a chance of 0.5, 0 where it is sure."""
    inside = np.clip(chances, 1e-9, 1 - 1e-9)
    return np.asarray(-inside * np.log2(inside) - (1 - inside) * np.log2(1 - inside), np.float64)


def chances_of(waiting: Waiting, evidence: Evidence) -> Floats:
    """How likely each open suggestion is right: what was answered at its score, and its score itself as so many more.

    By network and category where enough were answered, else by network; the score alone where nothing is known.
    Below the lowest score that was answered the chance falls in proportion to the score.
    """
    found = waiting.scores.astype(float).copy()
    answers = evidence.answers.where(evidence.answers.seen)
    index = {name: place for place, name in enumerate(evidence.networks)}
    for network, name in enumerate(waiting.networks_by_name):
        mine = answers.where(answers.networks == index.get(name, -1))
        of_network = waiting.networks == network
        for category in np.unique(waiting.categories[of_network]).tolist():
            chosen = of_network & (waiting.categories == category)
            own = mine.where(mine.categories == category)
            asked = own if len(own) >= ENOUGH_ANSWERS else mine
            if len(asked) >= ENOUGH_ANSWERS:
                found[chosen] = _chance(waiting.scores[chosen], asked)
    return found


def _chance(scores: Floats, answers: Answers) -> Floats:
    lowest = float(answers.scores.min())
    share = isotonic(answers.scores, answers.is_right).at(scores) * np.minimum(1.0, scores / max(lowest, 1e-6))
    return np.asarray((len(answers) * share + _PRIOR * scores) / (len(answers) + _PRIOR), np.float64)


def _thresholds(waiting: Waiting, material: Material) -> Floats:
    found = np.full(len(waiting), material.threshold)
    for category, own in material.own.items():
        found[waiting.categories == category] = own
    return found


def _rarity(waiting: Waiting, accepted: Mapping[int, int]) -> Floats:
    """0 for a usual category, up to 1 for one that nothing was accepted of."""
    known = sorted({*accepted, *np.unique(waiting.categories).tolist()})
    if len(known) < 2 or not sum(accepted.values()):
        return np.zeros(len(waiting))
    usual = RARE * sum(accepted.values()) / len(known)
    found = np.zeros(len(waiting))
    for category in known:
        found[waiting.categories == category] = max(0.0, 1 - accepted.get(category, 0) / usual)
    return found


def _apart(waiting: Waiting, shown: NDArray[np.bool_], rows: Integers, pictures: int) -> Integers:
    """By how many objects two networks differ on each picture: what they were found to, where they were compared.

    Else, where several suggested something on it, at least: of each category, most of them against fewest.
    """
    found = np.zeros(pictures, np.int64)
    inside = rows >= 0
    np.add.at(found, rows[inside & shown & (waiting.votes == 1)], 1)
    compared = np.zeros(pictures, bool)
    compared[rows[inside & (waiting.votes >= 0)]] = True
    networks = len(waiting.networks_by_name)
    if networks < 2 or not pictures:
        return found
    here = inside & ~compared[rows]
    has = np.zeros((pictures, networks), bool)
    has[rows[here], waiting.networks[here]] = True
    for category in np.unique(waiting.categories).tolist():
        chosen = here & shown & (waiting.categories == category)
        counts = np.zeros((pictures, networks), np.int64)
        np.add.at(counts, (rows[chosen], waiting.networks[chosen]), 1)
        most = counts.max(axis=1)
        fewest = np.where(has, counts, np.iinfo(np.int64).max).min(axis=1)
        found += np.where(has.sum(axis=1) > 1, most - np.minimum(fewest, most), 0)
    return found


def _rows_of(images: Integers, pictures: Integers) -> Integers:
    """The row of each suggestion's picture, -1 where it is not among these. pictures: ascending."""
    if not len(pictures):
        return np.full(len(images), -1)
    place = np.minimum(np.searchsorted(pictures, images), len(pictures) - 1)
    return np.where(pictures[place] == images, place, -1)


# --- spreading out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Distances:
    """vectors: of the pictures, (n, d), zeros where nothing is known. known: whether it is. to_reviewed: how far each
    is from the nearest reviewed one, 1 - cosine, (n,). far: how far two pictures are from each other in the middle.
    """

    vectors: NDArray[np.float32]
    known: NDArray[np.bool_]
    to_reviewed: NDArray[np.float32]
    far: float

    @classmethod
    def of(cls, material: Material) -> Distances | None:
        """None where nothing is known of any of these pictures."""
        looks, wanted = material.looks, material.pictures.tolist()
        known = np.array([id in looks for id in wanted], bool)
        if not known.any():
            return None
        size = len(next(iter(looks.values())))
        vectors = np.zeros((len(wanted), size), np.float32)
        vectors[known] = [looks[id] for id in wanted if id in looks]
        others = set(looks) - set(wanted)
        reviewed = np.array([looks[id] for id in sorted(others)], np.float32).reshape(-1, size)
        nearest = np.full(len(wanted), np.inf, np.float32)
        for start in range(0, len(reviewed), 500):
            some = 1 - vectors @ reviewed[start : start + 500].T
            nearest = np.minimum(nearest, some.min(axis=1))
        sample = vectors[known][:: max(1, int(known.sum()) // 300)]
        between = (1 - sample @ sample.T)[np.triu_indices(len(sample), 1)]
        far = max(float(np.median(between)) if len(between) else 1.0, 1e-6)
        return cls(vectors, known, np.minimum(nearest, far), far)


def _spread_out(gains: Floats, distances: Distances | None) -> tuple[Integers, NDArray[np.bool_]]:
    """The order, and which of the pictures are unlike all before them. Greedy: the best one, then the best beside it.

    A picture counts in full where it is `far` from everything before it, and half where it is the same again.
    """
    base = gains + _NOTHING
    count = len(base)
    unlike = np.zeros(count, bool)
    if distances is None:
        return np.lexsort((np.arange(count), -base)), unlike
    nearest = np.where(distances.known, distances.to_reviewed, distances.far).astype(np.float32)
    left = np.ones(count, bool)
    chosen: list[int] = []
    for _ in range(min(SPREAD_OUT, count)):
        value = np.where(left, base * (1 + nearest / distances.far), -1.0)
        best = int(np.argmax(value))
        chosen.append(best)
        left[best] = False
        if distances.known[best]:
            unlike[best] = nearest[best] >= distances.far * 0.9
            nearest = np.minimum(nearest, 1 - distances.vectors @ distances.vectors[best])
    rest = np.flatnonzero(left)
    behind = rest[np.lexsort((rest, -(base[rest] * (1 + nearest[rest] / distances.far))))]
    return np.concatenate((np.array(chosen, np.int64), behind)), unlike
