"""Polygons, and the masks that they fill.

pycocotools fills them, so that a trainer who reads them has the same mask to the pixel. It walks every edge in steps of
a fifth of a pixel and keeps the interpreter all the while, so polygons are measured first, pulled in to the picture,
and walked in slices. Somebody else who saves meanwhile waits for one slice at most.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotator.core.budget import WorkBudget, slices
from annotator.core.errors import GeometryError
from annotator.core.limits import MAX_SIDE
from annotator.core.masks import Rle, changes_to_runs, normal_to_runs, rle_to_runs, runs_to_rle, runs_to_rles

Ring = NDArray[np.float64]
Coded = dict[str, Any]
"""A mask as pycocotools has it: size and compressed counts."""

# pycocotools crashes on vertices beyond 4.3e8. An edge has at most FAR - NEAR pixels a side.
NEAR, FAR = -MAX_SIDE, 2 * MAX_SIDE

SLICE_STEPS = 500_000
"""Of one call: more than twice the longest edge, so that a ring in pieces has fewer of them than edges."""

RING_STEPS = 100
"""What a ring costs beside its length."""

MOST_BRIDGED = 200_000_000
"""Holes times corners of one part that are bridged: some seconds of work."""

_LOOKS = 8  # back and forth, for the end of a bridge

_MERGED = 8  # masks that are united in one call: it begins again from the first one for each of them

# Threads that walk at the same time would only wait for each other's interpreter, and others for all of them.
_walking = threading.Lock()


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """One polygon of an instance: an outer ring and its holes, each (N >= 3, 2) float64, xy in image pixels."""

    outer: Ring
    holes: tuple[Ring, ...] = ()


def polygons_to_rle(polygons: Sequence[Ring], *, height: int, width: int, budget: WorkBudget | None = None) -> Rle:
    """Union one instance's polygons into a single RLE.

    polygons: each (N >= 3, 2) float64, xy in image pixels.
    budget: what the gesture or the file has left for this mask and others.
    Raises GeometryError if a polygon has fewer than 3 points, a value that is not finite or one far off the picture, or
    if their outlines together are too long.
    Source: pycocotools.mask.frPyObjects, merge.

    >>> polygons_to_rle([np.array([[1.0, 0], [3, 0], [3, 2], [1, 2]])], height=3, width=4)
    Rle(height=3, width=4, counts='32103')
    """
    return parts_to_rle([Part(polygon) for polygon in polygons], height=height, width=width, budget=budget)


def parts_to_rle(parts: Sequence[Part], *, height: int, width: int, budget: WorkBudget | None = None) -> Rle:
    """Union of each part's outer ring without its holes. Raises GeometryError as `polygons_to_rle` does."""
    if not parts:
        return runs_to_rle(np.array([height * width]), height=height, width=width)
    rings = [_checked(ring, height=height, width=width) for part in parts for ring in (part.outer, *part.holes)]
    steps = [_steps(ring) for ring in rings]
    (budget or WorkBudget.of_gesture()).spend(sum(steps))
    filled = iter(_fill(rings, steps, height=height, width=width))
    whole, outers, holes = [], [], []
    for part in parts:
        outer = next(filled)
        if part.holes:
            outers.append(outer)
            holes.append(_united(list(itertools.islice(filled, len(part.holes)))))
        else:
            whole.append(outer)
    pierced = [_merge(pair, intersect=True) for pair in zip(outers, _inverted(holes), strict=True)]
    return _rle(_united([*whole, *pierced]))


def bridge_holes(part: Part) -> Ring:
    """One ring around the part and its holes: a bridge of no width, walked there and back, leads to each hole.

    Readers that fill by crossing count, as pycocotools does, see the holes; a bridge's two ways cancel.
    Raises GeometryError where holes and corners are too many.

    >>> outer, hole = [[0, 0], [9, 0], [9, 9], [0, 9]], [[2, 2], [2, 4], [4, 4], [4, 2]]
    >>> bridge_holes(Part(np.array(outer, float), (np.array(hole, float),))).astype(int).tolist()
    [[0, 0], [2, 2], [2, 4], [4, 4], [4, 2], [2, 2], [0, 0], [9, 0], [9, 9], [0, 9]]
    """
    corners = sum(map(len, (part.outer, *part.holes)))
    if len(part.holes) * corners > MOST_BRIDGED:
        raise GeometryError(
            f"a part with {len(part.holes)} holes and {corners} corners is too much to become one polygon, "
            f"expected at most {MOST_BRIDGED} holes times corners"
        )
    ring = part.outer
    for hole in part.holes:
        here, there = _near_corners(ring, hole)
        around = np.concatenate((hole[there:], hole[: there + 1]))
        ring = np.concatenate((ring[: here + 1], around, ring[here:]))
    return ring


def _near_corners(ring: Ring, hole: Ring) -> tuple[int, int]:
    """Where a corner of the ring and one of the hole are nearest to each other; there may be a nearer pair elsewhere.

    From the hole's first corner to the nearest one, from there back to the nearest, until it gets no nearer, a few
    times at most: each step looks at every corner once, not at every pair of them.
    """
    here, there, apart = 0, 0, math.inf
    for _ in range(_LOOKS):
        here, _ = _nearest(ring, hole[there])
        there, found = _nearest(hole, ring[here])
        if found >= apart:
            break
        apart = found
    return here, there


def _nearest(corners: Ring, place: NDArray[np.float64]) -> tuple[int, float]:
    apart = np.abs(corners - place) @ (1.0, 1.0)
    index = int(np.argmin(apart))
    return index, float(apart[index])


def _checked(ring: Ring, *, height: int, width: int) -> Ring:
    """The ring, with what is far off the picture pulled in. Raises GeometryError."""
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
        raise GeometryError(f"polygon of shape {ring.shape}, expected (N >= 3, 2)")
    if ring.min() >= -1 and ring[:, 0].max() <= width + 1 and ring[:, 1].max() <= height + 1:
        return ring
    if not np.isfinite(ring).all():
        raise GeometryError("polygon has a coordinate that is not a finite number")
    if ring.min() < NEAR or ring.max() > FAR:
        raise GeometryError(f"polygon reaches {np.abs(ring).max():g} px, the image is {width} x {height}")
    return _pulled_in(ring, height=height, width=width)


def _pulled_in(ring: Ring, *, height: int, width: int) -> Ring:
    """The ring with its vertices at most a pixel off the picture, but for those of edges that may cross the picture.

    It fills the same pixels. Take an edge whose two ends lie beyond the same side: only the columns that it passes
    matter. Beyond the left and right sides there are none; above or below, it fills its columns from that side on,
    however far away it is.
    """
    size = np.array([width, height])
    beyond = [far & np.roll(far, -1, axis=0) for far in (ring <= -1, ring >= size + 1)]
    edge_is_off = (beyond[0] | beyond[1]).any(axis=1)
    is_free = edge_is_off & np.roll(edge_is_off, 1)
    return np.where(is_free[:, None], np.clip(ring, -1, size + 1), ring)


def _edge_steps(ring: Ring) -> NDArray[np.float64]:
    """How many pixels each edge is walked along: (N,), the longer of its two sides."""
    across, down = np.abs(ring - np.concatenate((ring[1:], ring[:1]))).T
    steps: NDArray[np.float64] = np.maximum(across, down)
    return steps


def _steps(ring: Ring) -> float:
    return float(_edge_steps(ring).sum()) + len(ring) + RING_STEPS


def _fill(rings: Sequence[Ring], steps: Sequence[float], *, height: int, width: int) -> list[Coded]:
    """What each ring fills."""
    coded: list[Coded] = []
    for some in slices(steps, most=SLICE_STEPS):
        if steps[some.start] > SLICE_STEPS:
            coded.append(_fill_in_pieces(rings[some.start], height=height, width=width))
        else:
            coded += _walk(rings[some], height=height, width=width)
    return coded


def _fill_in_pieces(ring: Ring, *, height: int, width: int) -> Coded:
    """What a ring fills that is too long for one slice."""
    changes = []
    for piece in _pieces(ring):
        (coded,) = _walk([piece], height=height, width=width)
        changes.append(np.cumsum(rle_to_runs(_rle(coded)))[:-1])
    runs = changes_to_runs(np.concatenate(changes), total=height * width)
    return runs_to_rle(runs, height=height, width=width).to_coco()


def _pieces(ring: Ring) -> Iterator[Ring]:
    """Shorter rings; a pixel lies in the ring where it lies in an odd number of them.

    Each is a stretch of the ring, closed by a chord, and the chords make up one more ring. A chord is walked twice, to
    the same points in either direction, so that it cancels.
    """
    stretch = np.cumsum(_edge_steps(ring)) // SLICE_STEPS
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    if len(starts) == 1:
        yield ring
        return
    closed = np.concatenate((ring, ring[:1]))
    for begin, end in itertools.pairwise([*starts.tolist(), len(ring)]):
        if end - begin > 1:  # a single edge and its chord are nothing
            yield closed[begin : end + 1]
    if len(starts) > 2:
        yield from _pieces(ring[starts])


def _walk(rings: Sequence[Ring], *, height: int, width: int) -> list[Coded]:
    with _walking:
        coded: list[Coded] = coco_mask.frPyObjects([ring.ravel() for ring in rings], height, width)
    return coded


def _united(coded: Sequence[Coded]) -> Coded:
    """The union, made a few masks at a time: the time grows with all runs together, not with runs times masks."""
    while len(coded) > 1:
        coded = [_merge(coded[begin : begin + _MERGED]) for begin in range(0, len(coded), _MERGED)]
    return coded[0]


def _merge(coded: Sequence[Coded], *, intersect: bool = False) -> Coded:
    with _walking:
        merged: Coded = coco_mask.merge(list(coded), intersect=intersect)
    return merged


def _inverted(coded: Sequence[Coded]) -> list[Coded]:
    """Each mask's other pixels."""
    if not coded:
        return []
    height, width = coded[0]["size"]
    runs, lengths = normal_to_runs([one["counts"].decode("ascii") for one in coded])
    # A run of no pixels comes before the first one, or goes together with it where that has none either.
    firsts = np.cumsum(lengths) - lengths
    are_none = runs[firsts] == 0
    begins = (firsts + np.arange(len(firsts)))[are_none]
    others = np.delete(np.insert(runs, firsts, 0), np.concatenate((begins, begins + 1)))
    rles = runs_to_rles(others, lengths + np.where(are_none, -1, 1), height=height, width=width)
    return [rle.to_coco() for rle in rles]


def _rle(coded: Coded) -> Rle:
    height, width = coded["size"]
    return Rle(height, width, coded["counts"].decode("ascii"))
