"""Which masks are pieces of one that is known: some tools make an instance of each piece (YOLO, Label Studio)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotator.core.masks import Rle, rle_union
from annotator.core.same_objects import Shapes, same_objects

_INSIDE = 0.8  # of a piece's pixels, in the mask that it is a piece of
_APART = 0.2  # of a piece's pixels, at most, in another piece
_TRACED_PX = 5.0  # that tracing anew moves a piece's box beyond the whole's
_MOST_PAIRS = 100_000_000  # of boxes
_WHOLES, _PIECES = 8, 64  # masks that one may be a piece of, and pieces of one mask, that are looked at


def pieces_of(found: Sequence[Rle], known: Sequence[Rle], matches: Mapping[int, int]) -> dict[int, int]:
    """For masks of one picture and category, by index: which of `found` is a piece of which of `known`.

    matches: what `same_objects` says of them; a known mask's largest piece may stand there. Pieces lie in the known
    mask and apart from one another, and together they show the same object. The larger ones come first. Where there are
    too many masks to look at, none is a piece.
    """
    left = [index for index in range(len(found)) if index not in matches]
    if len(left) * len(known) > _MOST_PAIRS:
        return {}
    ours, theirs = Shapes.of([found[index] for index in left]), Shapes.of(known)
    candidates: dict[int, list[int]] = {}
    for index in np.argsort(-ours.areas, kind="stable").tolist():
        around = _around(ours, index, theirs)
        shares = ours.overlaps(index, theirs, around, inside=True)
        if len(around) and shares.max() >= _INSIDE:
            candidates.setdefault(theirs.indices[int(around[shares.argmax()])], []).append(left[ours.indices[index]])
    first = {other: index for index, other in matches.items()}
    torn: dict[int, int] = {}
    for other, places in candidates.items():
        matched = [found[first[other]]] if other in first else []
        pieces = _apart(found, places[:_PIECES], beside=matched)
        whole = matched + [found[place] for place in pieces]
        if len(whole) > 1 and same_objects([rle_union(whole)], [known[other]]):
            torn |= dict.fromkeys(pieces, other)
    return torn


def _around(shapes: Shapes, index: int, others: Shapes) -> NDArray[np.intp]:
    """The larger masks whose boxes hold this one's, the smallest first."""
    (x, y, w, h), (a, b, c, d) = shapes.boxes_xywh[index], others.boxes_xywh.T
    slack = _TRACED_PX
    holds = (a <= x + slack) & (b <= y + slack) & (a + c >= x + w - slack) & (b + d >= y + h - slack)
    found = np.flatnonzero(holds & (others.areas > shapes.areas[index]))
    return found[np.argsort(others.areas[found], kind="stable")][:_WHOLES]


def _apart(found: Sequence[Rle], places: Sequence[int], *, beside: Sequence[Rle]) -> list[int]:
    """Those that lie apart from the masks before them."""
    kept: list[int] = []
    before = [rle.to_coco() for rle in beside]
    for place in places:
        coded = found[place].to_coco()
        if not before or coco_mask.iou([coded], before, [1] * len(before)).max() <= _APART:
            kept.append(place)
            before.append(coded)
    return kept
