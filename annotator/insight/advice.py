"""Threshold advice: for a network's suggestions of a category, what each threshold would show, hide and cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotator.core.answers import Answers, Drawings, Evidence, Floats, Integers, Open, Pictures
from annotator.insight.calibration import isotonic
from annotator.insight.effort import ENOUGH_ANSWERS, Costs, costs
from annotator.insight.intervals import spread_of, wilson_bounds

THRESHOLDS = np.round(np.arange(101) / 100, 2)
"""Those that the slider knows."""

_SUPPORT = 5
"""So many of the lowest answered scores: below them a suggestion was rarely seen, and nothing is concluded."""


@dataclass(frozen=True, eq=False)
class Share:
    """At each of THRESHOLDS a share, of how many it is, and its 95 % interval; NaN where nothing is known. (101,)"""

    share: Floats
    low: Floats
    high: Floats
    total: Integers


@dataclass(frozen=True, eq=False)
class Advice:
    """What is known of a network's suggestions of a category.

    precision: of the answered suggestions from each threshold on, those that are an object. missed: of the objects on
    pictures that were reviewed with suggestions from that threshold or lower on, those that it hides or that nothing
    suggested; unknown where there are too few. work: expected seconds for the known suggestions, NaN where unknown.
    known_from: the lowest score that answers say something about, None with too few. advised: the threshold of least
    work, None with too few answers. suggestions: all known ones, answered or not.
    """

    network: str
    category: int
    answers: int
    suggestions: int
    precision: Share
    missed: Share
    work: Floats
    known_from: float | None
    advised: float | None
    costs: Costs

    @property
    def is_at_edge(self) -> bool:
        """Whether a still lower threshold, which nothing is known about, might be better."""
        return self.advised is not None and self.advised == self.known_from and self.known_from > 0


def advise(evidence: Evidence) -> tuple[Advice, ...]:
    """For each network and category with an answer; those with most answers first."""
    waiting, found = evidence.open, []
    for network, category, mine in evidence.answers.by_network_and_category():
        undecided = waiting.where((waiting.networks == network) & (waiting.categories == category))
        cost = costs(evidence.answers, evidence.drawings, category=category)
        drawn = evidence.drawings.where(evidence.drawings.categories == category)
        pictures = evidence.pictures.where(evidence.pictures.networks == network)
        others = evidence.answers.where(_found_by_others(evidence, network, category))
        missed = missed_share(mine, drawn, pictures, others=others, hidden_below=evidence.thresholds.get(category, 0.0))
        found.append(_advice(mine, undecided, cost, missed, network=evidence.networks[network], category=category))
    return tuple(sorted(found, key=lambda one: -one.answers))


def step_of(scores: Floats) -> Integers:
    """The index of the highest of THRESHOLDS that shows each score."""
    return np.clip(np.floor(scores * 100 + 1e-6), 0, 100).astype(np.int64)


def precision_share(answers: Answers) -> Share:
    """Of the answered suggestions from each threshold on, those that are right about the object."""
    seen = answers.where(answers.seen)
    steps = step_of(seen.scores)
    total, right = _from_each(steps), _from_each(steps[seen.is_right])
    return _share(right, total, spread=_spread_from_each(seen, steps, total))


def _found_by_others(evidence: Evidence, network: int, category: int) -> NDArray[np.bool_]:
    """Which answers are about objects that only a network found that saw the picture later."""
    pictures, answers = evidence.pictures, evidence.answers
    first = pictures.ids[(pictures.networks == network) & pictures.alone]
    others = (answers.networks != network) & (answers.categories == category) & answers.is_right
    return np.asarray(others & np.isin(answers.images, first), np.bool_)


def missed_share(
    answers: Answers, drawings: Drawings, pictures: Pictures, *, others: Answers, hidden_below: float = 0.0
) -> Share:
    """Of the objects of a category, those that each threshold would leave to be drawn.

    pictures: those that the network saw. others: objects that it did not suggest and another one did later. Only those
    count that were reviewed with suggestions from that threshold or lower on: where they were hidden, somebody drew
    what the network had found. hidden_below: the category's own threshold, which may have been there already.
    """
    objects = answers.where(answers.is_right)
    found_floors = np.maximum(_seen_from(objects.images, pictures), hidden_below)
    by_hand = np.concatenate((drawings.images, others.images))
    drawn_floors = np.maximum(_seen_from(by_hand, pictures), hidden_below)
    steps = step_of(objects.scores)
    total, missed = np.zeros(101, np.int64), np.zeros(101, np.int64)
    for index, threshold in enumerate(THRESHOLDS + 1e-6):
        counted, unseen = found_floors <= threshold, int((drawn_floors <= threshold).sum())
        total[index] = counted.sum() + unseen
        missed[index] = (counted & (steps < index)).sum() + unseen
    found = _share(missed, total)
    few = total < ENOUGH_ANSWERS
    share, low, high = (np.where(few, np.nan, one) for one in (found.share, found.low, found.high))
    return Share(share, low, high, total)


def _seen_from(images: Integers, pictures: Pictures) -> Floats:
    """Of each image the score from which on suggestions were shown; 2 where it is not reviewed, or not among these."""
    reviewed = pictures.where(pictures.reviewed)
    floors = dict(zip(reviewed.ids.tolist(), reviewed.seen_from.tolist(), strict=True))
    return np.array([floors.get(image, 2.0) for image in images.tolist()], float)


def expected_work(answers: Answers, undecided: Open, cost: Costs) -> Floats:
    """Seconds that the known suggestions take at each threshold; NaN below what answers say something about.

    What is shown is accepted, adjusted or rejected; an object that is hidden is drawn. How likely a suggestion is an
    object follows from the answers by its score, so that it does not matter which of them were answered first.
    """
    seen = answers.where(answers.seen)
    steps = step_of(seen.scores)
    chance = isotonic(steps.astype(float), seen.is_right).at(np.arange(101.0))
    count = np.bincount(steps, minlength=101).astype(float)
    count += np.bincount(step_of(undecided.scores), weights=undecided.counts, minlength=101)
    lowest = _lowest_known(steps)
    count[:lowest] = 0
    right = int(seen.is_right.sum())
    adjusted = (seen.is_right & (seen.verdicts == 1)).sum() / right if right else 0.0
    kept = (1 - adjusted) * cost.accept + adjusted * cost.adjust
    shown = count * (chance * kept + (1 - chance) * cost.reject)
    hidden = count * chance * cost.draw
    work = shown[::-1].cumsum()[::-1] + hidden.cumsum() - hidden
    work[:lowest] = np.nan
    return np.asarray(work, np.float64)


def least_work(work: Floats) -> int:
    """The index of the threshold of least work; the middle of several that do not differ."""
    first = last = int(np.nanargmin(work))
    least = work[first] + 1e-9 * max(1.0, work[first])
    while last + 1 < len(work) and work[last + 1] <= least:
        last += 1
    return (first + last) // 2


def _advice(answers: Answers, undecided: Open, cost: Costs, missed: Share, *, network: str, category: int) -> Advice:
    enough = int(answers.seen.sum()) >= ENOUGH_ANSWERS
    work = expected_work(answers, undecided, cost) if enough else np.full(101, np.nan)
    return Advice(
        network=network,
        category=category,
        answers=int(answers.seen.sum()),
        suggestions=len(answers) + int(undecided.counts.sum()),
        precision=precision_share(answers),
        missed=missed,
        work=work,
        known_from=float(THRESHOLDS[_lowest_known(step_of(answers.scores[answers.seen]))]) if enough else None,
        advised=float(THRESHOLDS[least_work(work)]) if enough else None,
        costs=cost,
    )


def _lowest_known(steps: Integers) -> int:
    return int(np.sort(steps)[min(_SUPPORT, len(steps)) - 1])


def _from_each(steps: Integers) -> Integers:
    """How many are at each step or above, (101,)."""
    return np.bincount(steps, minlength=101)[::-1].cumsum()[::-1]


def _spread_from_each(answers: Answers, steps: Integers, total: Integers) -> Floats:
    """`spread_of` at each threshold: it shrinks with the other answers that a picture has from there on, (101,)."""
    spread = spread_of(answers.is_right, answers.images)
    if spread == 1:
        return np.ones(101)
    _, group = np.unique(answers.images, return_inverse=True)
    shown = np.zeros((int(group.max()) + 1, 101), np.int32)  # of each picture, from each threshold on
    np.add.at(shown, (group, steps), 1)
    shown = shown[:, ::-1].cumsum(axis=1, dtype=np.int32)[:, ::-1]
    others = (shown.astype(np.float64) ** 2).sum(axis=0) / np.maximum(total, 1) - 1
    return np.asarray(1 + (spread - 1) * np.maximum(others, 0) / others[0], np.float64)


def _share(good: Integers, total: Integers, *, spread: Floats | float = 1.0) -> Share:
    low, high = wilson_bounds(good.astype(float), total.astype(float), spread=spread)
    share = np.divide(good, total, out=np.full(len(total), np.nan), where=total > 0)
    return Share(share, np.where(total > 0, low, np.nan), np.where(total > 0, high, np.nan), total)
