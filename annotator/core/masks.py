"""Masks and run-length encodings, and the exact ways between them.

A run-length encoding (RLE) is the truth about an instance; everything here keeps it to the pixel.
Runs count pixels in column order, starting with the background, as COCO has them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from annotator.core.errors import GeometryError
from annotator.core.limits import MAX_COUNTS, MAX_SIDE

BoolMask = NDArray[np.bool_]
Runs = NDArray[np.int64]

MAX_GROUPS = 10
"""Of one compressed count: what 64 bits hold beyond the sign."""


@dataclass(frozen=True, slots=True)
class Rle:
    """A mask of `height` x `width` pixels as COCO's compressed counts."""

    height: int
    width: int
    counts: str

    def to_coco(self) -> dict[str, Any]:
        """The object that pycocotools reads."""
        return {"size": [self.height, self.width], "counts": self.counts.encode("ascii")}


# --- runs ------------------------------------------------------------------------------------------------------------


def runs_to_rle(runs: Runs, *, height: int, width: int) -> Rle:
    """Runs, already adding up to height * width -> compressed RLE."""
    return runs_to_rles(runs, np.array([len(runs)]), height=height, width=width)[0]


def runs_to_rles(runs: Runs, lengths: Runs, *, height: int, width: int) -> list[Rle]:
    """The runs of several masks of one picture, one after the other -> their RLEs.

    lengths: (n,) how many runs each mask has; each mask's add up to height * width. Source: rleToString of pycocotools;
    the form is that which `rle_to_runs` describes.
    """
    ends = np.cumsum(lengths)
    values = runs.copy()
    values[2:] -= runs[:-2]
    heads = ((ends - lengths)[:, None] + [0, 1, 2])[np.arange(3) < lengths[:, None]]
    values[heads] = runs[heads]
    # The last group of a value holds 4 bits and a sign.
    groups = np.ones(len(runs), np.int64)
    left = (values ^ (values >> 63)) >> 4
    while left.any():
        groups += left > 0
        left >>= 5
    after = np.cumsum(groups)
    starts = after - groups
    codes = np.empty(int(after[-1]), np.uint8)
    for group in range(int(groups.max(initial=0))):
        longer = np.flatnonzero(groups > group)
        more = groups[longer] > group + 1
        codes[starts[longer] + group] = ((values[longer] >> (5 * group)) & 31) + 32 * more + 48
    text = codes.tobytes().decode("ascii")
    cuts = [0, *after[ends - 1].tolist()]
    return [Rle(height, width, text[begin:end]) for begin, end in itertools.pairwise(cuts)]


def rle_to_runs(rle: Rle) -> Runs:
    """Compressed RLE -> runs. Raises GeometryError unless they are well formed and add up to height * width.

    Each run is a little-endian sequence of 5-bit groups, offset by 48, bit 5 saying that another group follows, and
    from the fourth run on holds the difference to the run before the last. Source: rleFrString of pycocotools.
    """
    total = rle.height * rle.width
    if not (0 < rle.height <= MAX_SIDE and 0 < rle.width <= MAX_SIDE):
        raise GeometryError(f"RLE: size [{rle.height}, {rle.width}], expected 1 to {MAX_SIDE} pixels a side")
    codes = _codes(rle.counts)
    if not codes.size or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise GeometryError("RLE: counts are not COCO's compressed form")
    ends = np.flatnonzero(codes & 32 == 0)
    if np.diff(ends, prepend=-1).max() > MAX_GROUPS:
        raise GeometryError(f"RLE: a count of more than {MAX_GROUPS} groups, expected one that fits 64 bits")
    values = _values(codes, ends)
    if np.abs(values).max() > total:
        raise GeometryError(f"RLE: a run beyond the {total} pixels of the image")
    runs = values
    runs[1::2] = np.cumsum(values[1::2])
    # The first run stands alone and the third starts its own chain: only from the fourth on are there differences.
    runs[2::2] = np.cumsum(values[2::2])
    if runs.min() < 0 or int(runs.sum()) != total:
        raise GeometryError(f"RLE: runs add up to {int(runs.sum())}, expected {total} ({rle.height} x {rle.width})")
    return runs


def checked_rle(counts: str | Sequence[int], *, height: int, width: int) -> Rle:
    """Counts from outside, compressed or not -> RLE in its one normal form.

    Raises GeometryError where they are malformed, so that pycocotools only ever sees what it can take.
    """
    if isinstance(counts, str):
        rle = Rle(height, width, counts)
        runs = rle_to_runs(rle)
        codes = _codes(counts)
        if runs[1:].all() and _are_shortest(codes, np.flatnonzero(codes & 32 == 0)):
            return rle
    else:
        if not all(type(run) is int and 0 <= run <= height * width for run in counts):
            raise GeometryError(f"RLE: counts must be whole numbers from 0 to {height * width}")
        runs = np.array(counts, np.int64)
        if int(runs.sum()) != height * width:
            raise GeometryError(f"RLE: runs add up to {runs.sum()}, expected {height * width} ({height} x {width})")
    return runs_to_rle(changes_to_runs(np.cumsum(runs)[:-1], total=height * width), height=height, width=width)


def require_storable(rle: Rle) -> Rle:
    """The RLE. Raises GeometryError where its counts are longer than a project takes in."""
    if len(rle.counts) > MAX_COUNTS:
        raise GeometryError(f"RLE: counts of {len(rle.counts)} characters, expected at most {MAX_COUNTS} in one mask")
    return rle


def are_normal(counts: Sequence[str], *, height: int, width: int) -> bool:
    """Whether `checked_rle` would leave each of these counts as it is. One call for all takes a tenth of the time."""
    total = height * width
    codes = _codes("".join(counts))
    heads = np.cumsum([0, *map(len, counts)])
    if not all(counts) or not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE) or not codes.size:
        return False
    if codes.min() < 0 or codes.max() > 63 or (codes[heads[1:] - 1] & 32).any():
        return False
    ends = np.flatnonzero(codes & 32 == 0)
    if np.diff(ends, prepend=-1).max() > MAX_GROUPS or not _are_shortest(codes, ends):
        return False
    values = _values(codes, ends)
    if np.abs(values).max() > total:
        return False
    firsts = np.searchsorted(ends, heads[:-1])
    runs = _sum_differences(values, firsts)
    least = np.ones(len(runs), np.int64)
    least[firsts] = 0
    return bool((runs >= least).all() and (np.add.reduceat(runs, firsts) == total).all())


def normal_to_runs(counts: Sequence[str]) -> tuple[Runs, Runs]:
    """Counts of several masks that are known to be in the normal form -> their runs, one after the other, and how many
    each of them has, (n,). The inverse of `runs_to_rles`.

    >>> [found.tolist() for found in normal_to_runs(["2111", "6"])]
    [[2, 1, 1, 2, 6], [4, 1]]
    """
    codes = _codes("".join(counts))
    ends = np.flatnonzero(codes & 32 == 0)
    firsts = np.searchsorted(ends, np.cumsum([0, *map(len, counts[:-1])]))
    return _sum_differences(_values(codes, ends), firsts), np.diff(firsts, append=len(ends))


def _sum_differences(values: Runs, firsts: NDArray[np.intp]) -> Runs:
    """The values of several masks -> their runs. firsts: (n,) where each mask's values begin."""
    lengths = np.diff(firsts, append=len(values))
    # Each mask's first run stands alone, those at odd places are a chain of differences, and so are the others.
    place = np.arange(len(values)) - np.repeat(firsts, lengths)
    chain = 3 * np.repeat(np.arange(len(firsts)), lengths) + np.where(place == 0, 0, 2 - place % 2)
    order = np.argsort(chain, kind="stable")
    sums = np.cumsum(values[order])
    begins = np.flatnonzero(np.diff(chain[order], prepend=-1))
    before = np.where(begins > 0, sums[begins - 1], 0)
    runs = np.empty_like(values)
    runs[order] = sums - np.repeat(before, np.diff(begins, append=len(sums)))
    return runs


def _codes(counts: str) -> Runs:
    """The groups of compressed counts, 0..63 where they are any."""
    return np.frombuffer(counts.encode("utf-8", "surrogatepass"), np.uint8).astype(np.int64) - 48


def _values(codes: Runs, ends: NDArray[np.intp]) -> Runs:
    """Groups, and where each value's last one is -> the values: of a run, or of a difference of two."""
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    place = np.arange(codes.size) - np.repeat(starts, lengths)
    values: Runs = np.add.reduceat((codes & 31) << (5 * place), starts)
    negative = (codes[ends] & 16) != 0
    values[negative] -= np.int64(1) << np.minimum(5 * lengths[negative], 62)
    return values


def _are_shortest(codes: Runs, ends: NDArray[np.intp]) -> bool:
    """True if no value ends in a redundant group, one that only repeats the sign bit before it."""
    longer = ends[np.diff(ends, prepend=-1) > 1]
    said = np.where(codes[longer - 1] & 16, 31, 0)
    return not (codes[longer] == said).any()


def changes_to_runs(changes: Runs, *, total: int) -> Runs:
    """The positions where a mask of `total` pixels changes, in any order -> its runs. Two at one position cancel.

    >>> changes_to_runs(np.array([5, 2, 2, 3]), total=9).tolist()
    [3, 2, 4]
    """
    places, count = np.unique(changes, return_counts=True)
    places = places[(count % 2 == 1) & (places < total)]
    return np.diff(np.concatenate(([0], places, [total])))


# --- masks -----------------------------------------------------------------------------------------------------------


def mask_to_rle(mask: BoolMask) -> Rle:
    """Mask (H, W) bool -> RLE.

    >>> rle_to_runs(mask_to_rle(np.array([[0, 1, 1], [0, 0, 1]], bool))).tolist()  # down the columns
    [2, 1, 1, 2]
    """
    coded = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return Rle(mask.shape[0], mask.shape[1], coded["counts"].decode("ascii"))


def window_to_rle(window: BoolMask, *, left: int, top: int, height: int, width: int) -> Rle:
    """A mask (h, w) bool over the window of a picture that begins at left, top -> RLE of the picture.

    >>> rle_to_runs(window_to_rle(np.array([[True]]), left=1, top=2, height=4, width=3)).tolist()
    [6, 1, 5]
    """
    bases = np.arange(left, left + window.shape[1]) * height + top
    runs = changes_to_runs(pixel_changes(window, bases), total=height * width)
    return runs_to_rle(runs, height=height, width=width)


def pixel_changes(window: BoolMask, bases: Runs) -> Runs:
    """The pixels of a picture at which a window (h, w) of it changes, down its columns.

    bases: (w,) the numbers of the columns' first pixels, in the order of runs.
    """
    h, w = window.shape
    rows = np.zeros((h + 2, w), bool)
    rows[1:-1] = window
    x, y = flips(rows)
    return np.asarray(bases[x] + y, np.int64)


def flips(rows: BoolMask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where a value of (h, w) differs from the one below it: columns and rows, column by column."""
    differs = cv2.transpose((rows[1:] != rows[:-1]).view(np.uint8))
    return np.divmod(np.flatnonzero(differs.view(bool)), len(rows) - 1)


def rle_to_mask(rle: Rle) -> BoolMask:
    """RLE -> mask (H, W) bool."""
    mask: BoolMask = coco_mask.decode(rle.to_coco()).astype(bool)
    return mask


def rle_area(rle: Rle) -> int:
    """Number of pixels of the mask."""
    return int(coco_mask.area(rle.to_coco()))


def rle_box_xyxy(rle: Rle) -> tuple[float, float, float, float]:
    """The tight box around the mask in image pixels; all zeros where the mask is empty.

    >>> rle_box_xyxy(mask_to_rle(np.array([[0, 1, 1], [0, 0, 1]], bool)))
    (1.0, 0.0, 3.0, 2.0)
    """
    x, y, w, h = (float(value) for value in coco_mask.toBbox(rle.to_coco()))
    return x, y, x + w, y + h


def rle_iou(first: Rle, second: Rle) -> float:
    """Intersection over union of two masks of one image; 1.0 where both are empty."""
    if rle_area(first) == rle_area(second) == 0:
        return 1.0
    return float(coco_mask.iou([first.to_coco()], [second.to_coco()], [0])[0, 0])


def rle_union(rles: Sequence[Rle]) -> Rle:
    """The pixels of any of these masks of one image."""
    merged = coco_mask.merge([rle.to_coco() for rle in rles])
    return Rle(rles[0].height, rles[0].width, merged["counts"].decode("ascii"))
