"""Instances of one picture that get in each other's way: the same object twice, one inside another, masks that overlap.

Wherever they come from: drawn, imported, suggested by one network or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from annotator.core.masks import Rle, rle_union
from annotator.core.measures import areas_of
from annotator.core.overlap import overlaps
from annotator.core.repair import Kind, Repair

_ANY = 1e-7  # an IoU that no two masks with a pixel in common are below, in pictures of up to 10 million pixels


class Clash(StrEnum):
    """What two instances are to each other; the first that holds."""

    DUPLICATE = "duplicate"
    """Of one category, with masks that are much the same: the IoU counts."""
    CONTAINED = "contained"
    """Of one category, one of them mostly inside the other: the share of the smaller one counts."""
    OVERLAP = "overlap"
    """Pixels of both: the share of the smaller one counts, whatever their categories are."""


@dataclass(frozen=True)
class Bounds:
    """From which share on, 0 to 1, two instances are held to be each of these."""

    duplicate: float = 0.8
    contained: float = 0.9
    overlap: float = 0.1


@dataclass(frozen=True)
class Pair:
    """Two instances of a picture by their indices, the larger one first, and the share that counts."""

    kind: Clash
    larger: int
    smaller: int
    share: float


def find_clashes(rles: Sequence[Rle], categories: Sequence[int], bounds: Bounds) -> list[Pair]:
    """The pairs of one picture's instances that clash, by index, those of a kind together, the worst first.

    Raises GeometryError where too many masks lie over each other.
    """
    areas = np.array(areas_of(rles), np.float64)
    found = []
    for index, others, ious in overlaps(rles, rles, least=_ANY):
        for other, iou in zip(others.tolist(), ious.tolist(), strict=True):
            # Each pair once: the larger one first, of equal ones the earlier.
            if (areas[index], -index) <= (areas[other], -other):
                continue
            common = round(iou * (areas[index] + areas[other]) / (1 + iou))
            inside = float(common / areas[other])
            same = categories[index] == categories[other]
            if same and iou >= bounds.duplicate:
                found.append(Pair(Clash.DUPLICATE, index, other, iou))
            elif same and inside >= bounds.contained:
                found.append(Pair(Clash.CONTAINED, index, other, inside))
            elif inside >= bounds.overlap:
                found.append(Pair(Clash.OVERLAP, index, other, inside))
    order = list(Clash)
    return sorted(found, key=lambda pair: (order.index(pair.kind), -pair.share, pair.larger, pair.smaller))


@dataclass(frozen=True)
class Placed:
    """An instance among the others of its picture. standing: of two, the one with more of it stays. may_change: whether
    the repair is about it.
    """

    rle: Rle
    category_id: int
    standing: tuple[bool, bool, float, int]
    may_change: bool


def settle(placed: Sequence[Placed], repair: Repair) -> dict[int, Rle | None]:
    """What becomes of those of a picture's instances that a repair of clashes changes, by index: another mask, or None
    for one that goes. Raises GeometryError where too many masks lie over each other.
    """
    found: dict[int, Rle | None] = {}
    least, never = repair.pixels / 100, 2.0
    bounds = Bounds(least, never, never) if repair.kind is Kind.DUPLICATES else Bounds(never, least, never)
    for pair in find_clashes([one.rle for one in placed], [one.category_id for one in placed], bounds):
        ends = sorted((pair.larger, pair.smaller), key=lambda index: placed[index].standing)
        goes, stays = ends
        if repair.kind is Kind.CONTAINED and placed[goes].standing[0] == placed[stays].standing[0]:
            goes, stays = pair.smaller, pair.larger
        if not placed[goes].may_change or any(index in found and found[index] is None for index in ends):
            continue
        if repair.kind is Kind.MERGE:
            if not placed[stays].may_change:
                continue
            found[stays] = rle_union([found.get(stays) or placed[stays].rle, found.get(goes) or placed[goes].rle])
        found[goes] = None
    return found
