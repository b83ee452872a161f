"""Which pictures look alike, by a fingerprint of each.

Two fingerprints of 64 bits that differ in at most b of them, cut into b + 3 bands, are equal in three bands at least.
So only what shares three bands is compared: of 500,000 pictures nearly nothing, where every pair would take minutes.
Source: "multi-index hashing", M. Norouzi and others, "Fast Search in Hamming Space with Multi-Index Hashing", 2012.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

ALIKE_BITS = 5
"""How many of a fingerprint's 64 bits may differ between two pictures that count as near-duplicates."""

_BITS = 64
_EQUAL = 3  # bands that what is alike shares at least
_AT_ONCE = 256  # fingerprints compared with all others of their bucket in one step

Words = NDArray[np.uint64]


def fingerprint(pixels: NDArray[np.uint8]) -> int:
    """A perceptual hash of 64 bits: whether each of 8 x 8 fields is darker than its right neighbour.

    pixels: (H, W, 3) RGB. Scaled and recompressed copies differ in few bits.
    Source: "difference hash", N. Krawetz 2013.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    fields = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.packbits(fields[:, :-1] < fields[:, 1:])
    return int.from_bytes(bits.tobytes(), "big")


def near_duplicates(fingerprints: Mapping[int, int], *, bits: int = ALIKE_BITS) -> list[list[int]]:
    """Image ids whose pictures look alike, directly or through others, in groups of at least two."""
    ids = list(fingerprints)
    values, place_of = np.unique(np.array([fingerprints[id] for id in ids], np.uint64), return_inverse=True)
    leaders = _Leaders(len(values))
    for mask in _masks(bits):
        for bucket in _buckets(values & mask):
            leaders.join_all(bucket, _first_alike(values[bucket], bits))
    groups: dict[int, list[int]] = {}
    for id, place in zip(ids, place_of.tolist(), strict=True):
        groups.setdefault(leaders.of(place), []).append(id)
    return [group for group in groups.values() if len(group) > 1]


def _masks(bits: int) -> Iterator[np.uint64]:
    """Each choice of three bands, as the bits that they have."""
    edges = np.linspace(0, _BITS, bits + _EQUAL + 1).astype(int).tolist()
    bands = [(1 << end) - (1 << start) for start, end in pairwise(edges)]
    for chosen in combinations(bands, _EQUAL):
        yield np.uint64(sum(chosen))


def _buckets(keys: Words) -> Iterator[NDArray[np.intp]]:
    """Where equal keys are, of those that are there more than once."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.concatenate(([True], np.diff(keys[order]) != 0))) if len(keys) else np.zeros(0, np.intp)
    lengths = np.diff(starts, append=len(keys))
    for start, length in zip(starts[lengths > 1].tolist(), lengths[lengths > 1].tolist(), strict=True):
        yield order[start : start + length]


def _first_alike(values: Words, bits: int) -> NDArray[np.intp]:
    """For each value the place of the first that is like it, directly or through others of these."""
    first = np.arange(len(values))
    while True:
        before = first.copy()
        for start in range(0, len(values), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            alike = np.bitwise_count(values[rows, None] ^ values[None, :]) <= bits
            first[rows] = np.where(alike, first[None, :], len(values)).min(axis=1)
        first = first[first]
        if (first == before).all():
            return first


class _Leaders:
    """Groups that grow together: each place leads to another of its group, and in the end to one."""

    def __init__(self, count: int) -> None:
        self._next = list(range(count))

    def of(self, place: int) -> int:
        while self._next[place] != place:
            self._next[place] = self._next[self._next[place]]
            place = self._next[place]
        return place

    def join_all(self, places: NDArray[np.intp], first: NDArray[np.intp]) -> None:
        """Put each place into the group of the one that `first` names, by its place among these."""
        for index in np.flatnonzero(first != np.arange(len(first))).tolist():
            self._next[self.of(int(places[index]))] = self.of(int(places[first[index]]))
