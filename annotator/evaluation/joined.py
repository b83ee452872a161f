"""The matches of many pictures in few arrays: one array for each would take more memory than what is in it.

Tests: tests/evaluation/test_joined.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from annotator.evaluation.matching import Matches

TOGETHER = 500
"""So many pictures are joined at a time."""

PER_DETECTION = ("categories", "scores", "hits", "ignored", "in_crowd")
PER_OBJECT = ("object_categories", "counted")
PER_PAIR = ("pairs", "pair_ious")
GROUPS = (PER_DETECTION, PER_OBJECT, PER_PAIR)
"""The fields of `Matches` of which each group has as many rows."""


class JoinedMatches(Sequence[Matches]):
    """Matches in the order in which they were added."""

    def __init__(self) -> None:
        self._joined: list[_Many] = []
        self._fresh: list[Matches] = []

    def append(self, one: Matches) -> None:
        self._fresh.append(one)
        if len(self._fresh) == TOGETHER:
            self._joined.append(_Many(self._fresh))
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


class _Many:
    """Matches of which each field is one array."""

    def __init__(self, some: Sequence[Matches]) -> None:
        self._arrays = {
            name: np.concatenate([getattr(one, name) for one in some]) for group in GROUPS for name in group
        }
        self._ends = {
            group: np.cumsum([0, *(len(getattr(one, group[0])) for one in some)], dtype=np.int64) for group in GROUPS
        }

    def get(self, place: int) -> Matches:
        """As views."""
        found = {}
        for group in GROUPS:
            rows = slice(*self._ends[group][place : place + 2])
            found.update({name: self._arrays[name][rows] for name in group})
        return Matches(**found)
