"""One picture's journey past two networks: both see it, and what they suggest is merged.

Each network has its own way to the picture, so that each gets it in its own size; both ways are walked side by side.

Tests: tests/prelabel/test_pair.py
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Generic

from annotator.core.errors import AnnotatorError
from annotator.core.two_networks import Voter, merge
from annotator.prelabel.journey import Failed, Failure, Item, Journey, Outcome
from annotator.vision.networks.model_info import ModelInfo


def voter_of(info: ModelInfo, categories: Collection[int]) -> Voter:
    """categories: the project's ids of those that the network knows."""
    return Voter(info.source, frozenset(categories), info.threshold, info.most, info.has_masks)


@dataclass(frozen=True, eq=False)
class PairJourney(Generic[Item]):
    """What happens to each picture that two networks see. voters: of `first` and `second`.

    Suggestions of a category that neither voter knows, as one that somebody removed, are left out before the merge.
    """

    first: Journey[Item]
    second: Journey[Item]
    voters: tuple[Voter, Voter]

    @property
    def name(self) -> Callable[[Item], str]:
        return self.first.name

    @property
    def sources(self) -> tuple[str, ...]:
        return self.voters[0].source, self.voters[1].source

    def outcomes(self, items: Sequence[Item], *, patience: int) -> Generator[Outcome[Item]]:
        """What came of each item, in their order; one that a network fails on has failed.

        Raises ModelError where one of them fails on `patience` pictures in a row.
        """
        ways = [one.outcomes(items, patience=patience) for one in (self.first, self.second)]
        with closing(ways[0]), closing(ways[1]):
            for first, second in zip(*ways, strict=True):
                yield self._merged(first, second)

    def _merged(self, first: Outcome[Item], second: Outcome[Item]) -> Outcome[Item]:
        if isinstance(first, Failed):
            return first
        if isinstance(second, Failed):
            return second
        known = self.voters[0].categories | self.voters[1].categories
        both = [[one for one in of.suggestions if one.category_id in known] for of in (first, second)]
        try:
            merged = merge(both[0], both[1], voters=self.voters)
        except AnnotatorError as error:
            return Failed(first.item, Failure.of(self.name(first.item), error))
        return replace(first, suggestions=merged.kept, others=merged.others)
