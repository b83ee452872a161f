"""The matches of many pictures in few arrays: one array for each would take more memory than what is in it.

Tests: tests/evaluation/test_joined.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from annotator.evaluation.matching import Matches

TOGETHER = 500
"""So many pictures are joined at a time."""

Group: TypeAlias = tuple[str, ...]

PER_DETECTION: Group = ("categories", "scores", "hits", "ignored", "in_crowd")
PER_OBJECT: Group = ("object_categories", "counted")
PER_PAIR: Group = ("pairs", "pair_ious")
GROUPS: tuple[Group, ...] = (PER_DETECTION, PER_OBJECT, PER_PAIR)
"""The fields of `Matches` of which each group has as many rows."""


class JoinedMatches(Sequence[Matches]):
    """Matches in the order in which they were added."""

    def __init__(self) -> None:
        self._joined: list[ManyMatches] = []
        self._fresh: list[Matches] = []

    def append(self, one: Matches) -> None:
        self._fresh.append(one)
        if len(self._fresh) == TOGETHER:
            self._joined.append(ManyMatches.of(self._fresh))
            self._fresh = []

    def __len__(self) -> int:
        return TOGETHER * len(self._joined) + len(self._fresh)

    @overload
    def __getitem__(self, index: int) -> Matches: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Matches]: ...

    def __getitem__(self, index: int | slice) -> Matches | Sequence[Matches]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        many, place = divmod(range(len(self))[index], TOGETHER)
        return self._joined[many].get(place) if many < len(self._joined) else self._fresh[place]


class ManyMatches:
    """Matches of which each field is one array.

    arrays: by field. counts: by group, the rows of each picture.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], counts: Mapping[Group, NDArray[np.int64]]) -> None:
        self.arrays, self.counts = arrays, counts
        self._ends = {group: np.concatenate(([0], counts[group].cumsum())) for group in GROUPS}

    def is_whole(self) -> bool:
        """Whether the arrays have as many rows as the counts say, and these are of as many pictures."""
        filled = all(len(self.arrays[name]) == self._ends[group][-1] for group in GROUPS for name in group)
        return filled and len({len(one) for one in self.counts.values()}) == 1

    def __len__(self) -> int:
        """How many pictures they are of."""
        return len(self.counts[PER_DETECTION])

    @classmethod
    def of(cls, some: Sequence[Matches]) -> ManyMatches:
        return cls(
            {name: np.concatenate([getattr(one, name) for one in some]) for group in GROUPS for name in group},
            {group: np.array([len(getattr(one, group[0])) for one in some], np.int64) for group in GROUPS},
        )

    def get(self, place: int) -> Matches:
        """As views."""
        found = {}
        for group in GROUPS:
            rows = slice(*self._ends[group][place : place + 2].tolist())
            found.update({name: self.arrays[name][rows] for name in group})
        return Matches(**found)
