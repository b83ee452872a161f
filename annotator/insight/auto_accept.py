"""Accepting many suggestions unseen: from which score on that is safe, and a random sample that watches over it.

The promise: of what is accepted, at least the target's share would have been accepted by a person as it is. What would
have been adjusted counts as wrong. A network may change its ways on other pictures; only the sample finds that, so
nothing is held to be safe before all of it is answered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotator.core.answers import Answers, Evidence, Floats, Verdict
from annotator.insight.advice import THRESHOLDS, step_of
from annotator.insight.intervals import Interval, is_above, lower_bound, spread_of, wilson

TARGET = 0.98

SAMPLE = 150
"""Suggestions of a batch that a person looks at. With 95 % right instead of 98 %, 95 of 100 such samples find it."""

LEAST_BATCH = 2 * SAMPLE
"""Below it, looking at all of them is little more work than the sample."""

_LEVEL = 0.95
_STARTS = (0.125, 0.25, 0.5, 1.0)
"""Shares of the answers, the surest first, at which a search begins; fixed before any answer is looked at."""


@dataclass(frozen=True)
class Border:
    """The score from which on suggestions may be accepted unseen, and what its answers said.

    precision: of the answers from there on, those that were accepted as they are. at_least: the true share is above
    this in 95 of 100 cases, the search for the border included.
    """

    score: float
    precision: Interval
    at_least: float


def needed_answers(target: float = TARGET) -> int:
    """The fewest answers that can show the target, all of them right.

    >>> needed_answers(0.98)
    217
    """
    return math.ceil(math.log((1 - _LEVEL) / len(_STARTS)) / math.log(target))


def find_border(answers: Answers, *, target: float = TARGET) -> Border | None:
    """The lowest score whose answers show the target; None where no score's do.

    From each start the border moves down as long as the lower bound stays above the target, and never past a failure:
    so that a wrong border is found in at most 5 of 100 cases, however the shares run with the score.
    Source: A. N. Angelopoulos et al., Learn then Test (2021), fixed sequence testing with several starts.
    """
    seen = answers.where(answers.seen)
    steps = step_of(seen.scores)
    order = np.argsort(-steps, kind="stable")
    scores, images = THRESHOLDS[steps[order]], seen.images[order]
    right = seen.verdicts[order] == Verdict.AS_IT_IS
    total = len(scores)
    if total < needed_answers(target):
        return None
    spread, good, ends = spread_of(right, images), right.cumsum(), _ends(scores)
    level = 1 - (1 - _LEVEL) / len(_STARTS)
    lowest = 0
    for start in _STARTS:
        for end in ends[ends >= round(total * start)].tolist():
            if not is_above(target, float(good[end - 1]) / spread, end / spread, level=level):
                break
            lowest = max(lowest, end)
    if not lowest:
        return None
    right_ones = int(good[lowest - 1])
    at_least = lower_bound(right_ones / spread, lowest / spread, level=level)
    return Border(float(scores[lowest - 1]), wilson(right_ones, lowest, spread=spread), at_least)


@dataclass(frozen=True)
class Offer:
    """What of a network's suggestions of a category may be accepted unseen.

    border: None where the answers do not show any. waiting: suggestions from it on, on pictures that are not reviewed.
    """

    network: str
    category: int
    answers: int
    border: Border | None
    waiting: int


def find_offers(evidence: Evidence, *, target: float = TARGET) -> tuple[Offer, ...]:
    """For each network and category with an answer; those with most answers first."""
    found, undecided = [], evidence.open
    for network, category, mine in evidence.answers.by_network_and_category():
        border = find_border(mine, target=target)
        least = 2.0 if border is None else border.score - 1e-6
        here = (undecided.networks == network) & (undecided.categories == category) & ~undecided.reviewed
        waiting = int(undecided.counts[here & (undecided.scores >= least)].sum())
        found.append(Offer(evidence.networks[network], category, int(mine.seen.sum()), border, waiting))
    return tuple(sorted(found, key=lambda one: -one.answers))


def _ends(scores: Floats) -> NDArray[np.int64]:
    """How many suggestions are shown at each score where another one follows, in steps of a tenth more each."""
    total = len(scores)
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)) + 1
    wanted = np.unique(np.round(np.geomspace(total / 10, total, 60)))
    return np.unique(last[np.minimum(np.searchsorted(last, wanted), len(last) - 1)])


def draw_sample(count: int, *, seed: int, size: int = SAMPLE) -> NDArray[np.int64]:
    """Indices of a random sample of so many, ascending. Any of them is as likely as any other."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:size])


class Outcome(StrEnum):
    """What a sample says of its batch."""

    OPEN = "open"
    HOLDS = "holds"
    FAILS = "fails"


@dataclass(frozen=True)
class Audit:
    """A batch's sample as far as it is answered. left: of the sample. allowed: wrong ones that it may have."""

    outcome: Outcome
    right: Interval
    wrong: int
    left: int
    allowed: int


def allowed_wrong(size: int, *, target: float = TARGET) -> int:
    """How many of a sample of this size may be wrong."""
    return math.floor((1 - target) * size + 1e-9)


def judge(*, right: int, wrong: int, left: int, target: float = TARGET) -> Audit:
    """A batch holds once its whole sample is answered with few enough wrong ones; the first one too many fails it."""
    size = right + wrong + left
    allowed = allowed_wrong(size, target=target)
    outcome = Outcome.OPEN if left else Outcome.HOLDS
    if wrong > allowed:
        outcome = Outcome.FAILS
    return Audit(outcome, wilson(right, right + wrong), wrong, left, allowed)
