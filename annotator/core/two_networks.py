"""Two networks, one review: what both suggest on a picture becomes one list, each object in it once.

An object that both suggest is kept from the one that is surer of it; what the other one says stays beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from annotator.core.dataset import Suggestion
from annotator.core.masks import Rle
from annotator.core.overlap import overlaps
from annotator.core.vote import Agreement, Vote


def source_of_both(first: str, second: str) -> str:
    """What an image notes that two networks, each model@version, have pre-labelled."""
    return f"{first}+{second}"


SAME_PLACE = 0.5
"""The IoU of two masks from which on they are about one object: COCO's own bar."""

_STEPS = 1_000_000_000  # IoUs that differ by less are alike, whichever network is named first


@dataclass(frozen=True)
class Voter:
    """One of two networks. source: model@version. categories: ids of those that it knows, in the project.

    threshold: the score from which on it is held to be sure. most: the objects that it finds in a picture at most, None
    where it is not bounded. has_masks: False where it finds boxes alone.
    """

    source: str
    categories: frozenset[int]
    threshold: float
    most: int | None = None
    has_masks: bool = True

    def sureness(self, score: float) -> float:
        """A score on a scale that networks share: 0 to 1, with the network's own threshold at one half.

        >>> voter = Voter("a@1", frozenset(), 0.2)
        >>> [round(voter.sureness(score), 3) for score in (0.0, 0.1, 0.2, 0.6, 1.0)]
        [0.0, 0.25, 0.5, 0.75, 1.0]
        """
        if score < self.threshold:
            return 0.5 * score / self.threshold
        return 1.0 if self.threshold == 1 else 0.5 + 0.5 * (score - self.threshold) / (1 - self.threshold)

    def is_sure(self, suggestion: Suggestion) -> bool:
        return suggestion.score >= self.threshold

    def is_full(self, suggestions: Sequence[Suggestion]) -> bool:
        """Whether it is sure of as many objects as it can name at all: it may have seen more."""
        return self.most is not None and sum(map(self.is_sure, suggestions)) >= self.most


class Outlined(Protocol):
    """An object, or a suggestion of one."""

    @property
    def category_id(self) -> int: ...

    @property
    def rle(self) -> Rle: ...


@dataclass(frozen=True)
class Pair:
    """Suggestions of two networks that are about one object, by their indices, and the IoU of their masks."""

    first: int
    second: int
    iou: float


def match(first: Sequence[Outlined], second: Sequence[Outlined]) -> list[Pair]:
    """Which suggestions, or objects, of one picture are the same object: one to one, the likest masks first.

    Those of one category come before those of different ones. The other order of the two gives the same pairs. Raises
    GeometryError where too many masks lie over each other.
    """
    near = [
        Pair(index, int(other), float(iou))
        for index, others, ious in overlaps([one.rle for one in first], [one.rle for one in second], least=SAME_PLACE)
        for other, iou in zip(others, ious, strict=True)
    ]

    def is_of_one_category(pair: Pair) -> bool:
        return first[pair.first].category_id == second[pair.second].category_id

    alike = _one_to_one(list(filter(is_of_one_category, near)), taken=())
    return alike + _one_to_one([pair for pair in near if not is_of_one_category(pair)], taken=alike)


@dataclass(frozen=True)
class Merged:
    """What two networks suggest on a picture. kept: each object once, with the other network's vote, those of the first
    network before those of the second. others: the partners of those, which are not kept.
    """

    kept: list[Suggestion]
    others: list[Suggestion]


def merge(first: Sequence[Suggestion], second: Sequence[Suggestion], *, voters: tuple[Voter, Voter]) -> Merged:
    """One list of what two networks suggest on a picture.

    Of a pair the one stays whose network is surer, by `Voter.sureness`; the first one's where they are as sure. A box
    is not kept in the place of a mask. Raises GeometryError as `match` does.
    """
    pairs = match(first, second)
    of_first, of_second = {pair.first: pair for pair in pairs}, {pair.second: pair for pair in pairs}
    one, other = voters
    judged = []
    for index, mine in enumerate(first):
        pair = of_first.get(index)
        theirs = None if pair is None else (second[pair.second], pair.iou)
        judged.append(_judged(mine, theirs, voters=(one, other), is_full=other.is_full(second), wins_ties=True))
    for index, mine in enumerate(second):
        pair = of_second.get(index)
        theirs = None if pair is None else (first[pair.first], pair.iou)
        judged.append(_judged(mine, theirs, voters=(other, one), is_full=one.is_full(first), wins_ties=False))
    both = zip((*first, *second), judged, strict=True)
    return Merged([kept for kept in judged if kept is not None], [mine for mine, kept in both if kept is None])


def _judged(
    mine: Suggestion,
    partner: tuple[Suggestion, float] | None,
    *,
    voters: tuple[Voter, Voter],
    is_full: bool,
    wins_ties: bool,
) -> Suggestion | None:
    """A suggestion with the other network's vote; None where the other one's stays instead.

    partner: the other network's suggestion in the same place, and their IoU. voters: its own network and the other one.
    is_full: whether the other one is.
    """
    its = voters[1]
    if partner is None:
        has_say = mine.category_id in its.categories and not is_full
        return replace(mine, vote=Vote(Agreement.ONE if has_say else Agreement.SILENT, its.source))
    other, iou = partner
    if not _stays(mine, other, voters=voters, wins_ties=wins_ties):
        return None
    same = mine.category_id == other.category_id
    agreement = (Agreement.BOTH if same else Agreement.CONFLICT) if its.is_sure(other) else Agreement.ONE
    return replace(mine, vote=Vote(agreement, its.source, other.score, iou, other.category_id))


def _stays(mine: Suggestion, other: Suggestion, *, voters: tuple[Voter, Voter], wins_ties: bool) -> bool:
    own, its = voters
    if own.has_masks is not its.has_masks:
        return own.has_masks
    ours, theirs = own.sureness(mine.score), its.sureness(other.score)
    return ours > theirs or (ours == theirs and wins_ties)


def _one_to_one(pairs: Sequence[Pair], *, taken: Collection[Pair]) -> list[Pair]:
    """The likest first, none of whose ends is taken.

    Two pairs that share an end and an IoU differ in the sum of their indices, which no order of networks changes.
    """

    def order(pair: Pair) -> tuple[int, int]:
        return -round(pair.iou * _STEPS), pair.first + pair.second

    ends = {pair.first for pair in taken}, {pair.second for pair in taken}
    found = []
    for pair in sorted(pairs, key=order):
        if pair.first not in ends[0] and pair.second not in ends[1]:
            found.append(pair)
            ends[0].add(pair.first)
            ends[1].add(pair.second)
    return found
