"""The effort ledger: what accepting, adjusting, rejecting and drawing cost, and what a network saves by that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from annotator.core.answers import TOOLS, Answers, Drawings, Evidence, Floats, Pictures, Repairs, Verdict

ENOUGH = 10
"""Instances of a kind from which on its cost counts as measured."""

ENOUGH_ANSWERS = 20
"""Answers from which on a network is judged."""

RECENT = 50
"""Reviewed pictures that the pace is taken from, the last ones: people become faster."""

_Z90 = 1.645  # one-sided 95 %


class Worth(StrEnum):
    """Whether a network's suggestions cost less than drawing the same objects by hand."""

    SAVES = "saves"
    COSTS = "costs"
    EVEN = "even"
    """Within the error of what was measured."""
    UNKNOWN = "unknown"
    """Too few answers, or too few own drawings to compare with."""


@dataclass(frozen=True)
class Spent:
    """What `count` instances took together."""

    count: int = 0
    seconds: float = 0.0
    gestures: float = 0.0

    @property
    def each(self) -> float | None:
        """Seconds, None without any instance."""
        return self.seconds / self.count if self.count else None


@dataclass(frozen=True)
class Costs:
    """Seconds for one instance. measured: the names of those that are this project's own, not typical ones."""

    accept: float = 1.5
    adjust: float = 8.0
    reject: float = 1.2
    draw: float = 25.0
    measured: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """A line of the ledger: a network's suggestions of a category, and what is drawn of it by hand.

    by_hand: seconds of a drawing that the network is compared with, None where there are too few. saved: seconds that
    the network has saved so far, negative where it cost some; None as `by_hand`.
    """

    network: str
    category: int
    accepted: Spent
    adjusted: Spent
    rejected: Spent
    drawn: Spent
    by_hand: float | None
    saved: float | None
    worth: Worth


@dataclass(frozen=True)
class Pace:
    """How long what is left takes at the pace of the last `pictures` reviewed ones: seconds, with a 95 % interval."""

    left: int
    pictures: int
    each: float
    seconds: float
    low: float
    high: float


@dataclass(frozen=True)
class Ledger:
    """entries: by network and category, those with most answers first. pace: None with too few reviewed pictures."""

    accepted: Spent
    adjusted: Spent
    rejected: Spent
    drawn: Spent
    pictures: Spent
    entries: tuple[Entry, ...]
    pace: Pace | None
    tools: tuple[ToolSpent, ...] = ()


def ledger(evidence: Evidence) -> Ledger:
    """What the work on a project has cost so far."""
    answers, drawings, pictures = evidence.answers, evidence.drawings, evidence.pictures
    entries = [
        _entry(mine, drawings, network=evidence.networks[network], category=category)
        for network, category, mine in answers.by_network_and_category()
    ]
    entries.sort(key=lambda one: (-one.accepted.count - one.adjusted.count - one.rejected.count, one.category))
    return Ledger(
        accepted=spent_on(answers, Verdict.AS_IT_IS),
        adjusted=spent_on(answers, Verdict.ADJUSTED),
        rejected=spent_on(answers, Verdict.WRONG),
        drawn=_spent(drawings.seconds, drawings.gestures),
        pictures=_spent(pictures.seconds[pictures.reviewed], pictures.gestures[pictures.reviewed].astype(float)),
        entries=tuple(entries),
        pace=pace(pictures, left=evidence.waiting),
        tools=by_tool(evidence.repairs),
    )


@dataclass(frozen=True)
class ToolSpent:
    """What a tool took on suggestions that were adjusted, or on instances that were drawn.

    spent: of so many instances that it was used on; several tools may have worked on one. clicks: on the picture.
    """

    tool: str
    drawn: bool
    spent: Spent
    clicks: float


def by_tool(repairs: Repairs) -> tuple[ToolSpent, ...]:
    """Of adjusting first, then of drawing; the tools that took most time first."""
    found = []
    for drawn in (False, True):
        mine = repairs.where(repairs.drawn == drawn)
        for tool in np.unique(mine.tools).tolist():
            rows = mine.where(mine.tools == tool)
            found.append(ToolSpent(TOOLS[tool], drawn, _spent(rows.seconds, rows.gestures), float(rows.clicks.sum())))
    return tuple(sorted(found, key=lambda one: (one.drawn, -one.spent.seconds, one.tool)))


def spent_on(answers: Answers, verdict: Verdict) -> Spent:
    """What the suggestions with this outcome took."""
    chosen = answers.verdicts == verdict
    return _spent(answers.seconds[chosen], answers.gestures[chosen])


def costs(answers: Answers, drawings: Drawings, *, category: int | None = None) -> Costs:
    """The costs of a category: its own where it has enough, else those of all categories, else typical ones."""
    found: dict[str, float] = {}
    names = {Verdict.AS_IT_IS: "accept", Verdict.ADJUSTED: "adjust", Verdict.WRONG: "reject"}
    of_category = answers.where(answers.categories == category)
    for verdict, name in names.items():
        for some in (of_category, answers):
            spent = spent_on(some, verdict)
            if spent.each is not None and spent.count >= ENOUGH:
                found.setdefault(name, spent.each)
    by_hand = _by_hand(drawings, category)
    if len(by_hand):
        found["draw"] = float(by_hand.mean())
    return Costs(**found, measured=frozenset(found))


def pace(pictures: Pictures, *, left: int) -> Pace | None:
    """None where fewer than five reviewed pictures say how long they took."""
    timed = np.flatnonzero(pictures.reviewed & (pictures.seconds > 0))
    last = timed[np.argsort(pictures.latest[timed])][-RECENT:]
    if len(last) < 5:
        return None
    seconds = pictures.seconds[last]
    each = float(seconds.mean())
    total = each * left
    # The mean is known as far as its pictures say, and those to come differ as much. In logarithms, as times are
    # skewed: a few pictures take very long.
    varies = float(seconds.std(ddof=1)) / each
    error = _student(len(last) - 1) * varies * math.sqrt(1 / len(last) + (1 / left if left else 0))
    return Pace(left, len(last), each, total, total * math.exp(-error), total * math.exp(error))


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's distribution, to a hundredth from 4 on. Source: Abramowitz, Stegun, 26.7.5."""
    z = 1.959964
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _entry(answers: Answers, drawings: Drawings, *, network: str, category: int) -> Entry:
    by_hand = _by_hand(drawings, category)
    mine = drawings.where(drawings.categories == category)
    worth, saved = Worth.UNKNOWN, None
    if len(by_hand):
        gains = np.where(answers.is_right, by_hand.mean(), 0.0) - answers.seconds
        saved = float(gains.sum())
        if len(answers) >= ENOUGH_ANSWERS:
            worth = _judge(gains, share_right=float(answers.is_right.mean()), by_hand=by_hand)
    return Entry(
        network,
        category,
        accepted=spent_on(answers, Verdict.AS_IT_IS),
        adjusted=spent_on(answers, Verdict.ADJUSTED),
        rejected=spent_on(answers, Verdict.WRONG),
        drawn=_spent(mine.seconds, mine.gestures),
        by_hand=float(by_hand.mean()) if len(by_hand) else None,
        saved=saved,
        worth=worth,
    )


def _judge(gains: Floats, *, share_right: float, by_hand: Floats) -> Worth:
    """gains: seconds that each answer saved. The error of the mean drawing counts as well."""
    of_answers = float(gains.var(ddof=1)) / len(gains)
    of_drawings = share_right**2 * float(by_hand.var(ddof=1)) / len(by_hand)
    error = _Z90 * math.sqrt(of_answers + of_drawings)
    mean = float(gains.mean())
    if abs(mean) <= error:
        return Worth.EVEN
    return Worth.SAVES if mean > 0 else Worth.COSTS


def _by_hand(drawings: Drawings, category: int | None) -> Floats:
    """Seconds of the drawings to compare with: the category's own, else all; empty with too few."""
    for seconds in (drawings.seconds[drawings.categories == category], drawings.seconds):
        if len(seconds) >= ENOUGH:
            return seconds
    return np.zeros(0)


def _spent(seconds: Floats, gestures: Floats) -> Spent:
    return Spent(len(seconds), float(seconds.sum()), float(gestures.sum()))
