"""Masks, run-length encodings and polygons, and the exact ways between them.

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

BoolMask = NDArray[np.bool_]
Ring = NDArray[np.float64]
Runs = NDArray[np.int64]

# pycocotools crashes on vertices beyond 4.3e8 and on polygons of huge perimeter (5 Mpx take it 0.4 GB); pictures end
# far below both.
MAX_SIDE = 65_500
MAX_PERIMETER = 5_000_000.0

MAX_GROUPS = 10
"""Of one compressed count: what 64 bits hold beyond the sign."""


@dataclass(frozen=True)
class Rle:
    """A mask of `height` x `width` pixels as COCO's compressed counts."""

    height: int
    width: int
    counts: str

    def to_coco(self) -> dict[str, Any]:
        """The object that pycocotools reads."""
        return {"size": [self.height, self.width], "counts": self.counts.encode("ascii")}


@dataclass(frozen=True, eq=False)
class Part:
    """One polygon of an instance: an outer ring and its holes, each (N >= 3, 2) float64, xy in image pixels."""

    outer: Ring
    holes: tuple[Ring, ...] = ()


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
    return runs_to_rle(_joined(runs), height=height, width=width)


def are_normal(counts: Sequence[str], *, height: int, width: int) -> bool:
    """Whether `checked_rle` would take each of these counts as it is: asked of all at once, in a tenth of the time."""
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
    # Each mask's first run stands alone, those at odd places are a chain of differences, and so are the others.
    firsts = np.searchsorted(ends, heads[:-1])
    lengths = np.diff(firsts, append=len(ends))
    place = np.arange(len(ends)) - np.repeat(firsts, lengths)
    chain = 3 * np.repeat(np.arange(len(counts)), lengths) + np.where(place == 0, 0, 2 - place % 2)
    order = np.argsort(chain, kind="stable")  # keeps the masks apart
    sums = np.cumsum(values[order])
    begins = np.flatnonzero(np.diff(chain[order], prepend=-1))
    before = np.where(begins > 0, sums[begins - 1], 0)
    runs = sums - np.repeat(before, np.diff(begins, append=len(sums)))
    return bool((runs >= (place[order] > 0)).all() and (np.add.reduceat(runs, firsts) == total).all())


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
    """Whether no value is written with a last group that its sign alone would have said."""
    longer = ends[np.diff(ends, prepend=-1) > 1]
    said = np.where(codes[longer - 1] & 16, 31, 0)
    return not (codes[longer] == said).any()


def _joined(runs: Runs) -> Runs:
    """Equal masks get equal runs: changes of level that cancel at one position are dropped."""
    changes, count = np.unique(np.cumsum(runs)[:-1], return_counts=True)
    changes = changes[count % 2 == 1]
    total = int(runs.sum())
    return np.diff(np.concatenate(([0], changes[changes < total], [total])))


# --- masks -----------------------------------------------------------------------------------------------------------


def mask_to_rle(mask: BoolMask) -> Rle:
    """Mask (H, W) bool -> RLE."""
    coded = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return Rle(mask.shape[0], mask.shape[1], coded["counts"].decode("ascii"))


def rle_to_mask(rle: Rle) -> BoolMask:
    """RLE -> mask (H, W) bool."""
    mask: BoolMask = coco_mask.decode(rle.to_coco()).astype(bool)
    return mask


def rle_area(rle: Rle) -> int:
    """Number of pixels of the mask."""
    return int(coco_mask.area(rle.to_coco()))


def rle_box_xyxy(rle: Rle) -> tuple[float, float, float, float]:
    """The tight box around the mask in image pixels; all zeros where the mask is empty."""
    x, y, w, h = (float(value) for value in coco_mask.toBbox(rle.to_coco()))
    return x, y, x + w, y + h


def rle_iou(first: Rle, second: Rle) -> float:
    """Intersection over union of two masks of one image; 1.0 where both are empty."""
    if rle_area(first) == rle_area(second) == 0:
        return 1.0
    return float(coco_mask.iou([first.to_coco()], [second.to_coco()], [0])[0, 0])


# --- polygons --------------------------------------------------------------------------------------------------------


def polygons_to_rle(polygons: Sequence[Ring], *, height: int, width: int) -> Rle:
    """Union one instance's polygons into a single RLE.

    polygons: each (N >= 3, 2) float64, xy in image pixels.
    Raises GeometryError if a polygon has fewer than 3 points, a value that is not finite or one far off the picture.
    Source: pycocotools.mask.frPyObjects, merge.
    """
    if not polygons:
        return runs_to_rle(np.array([height * width]), height=height, width=width)
    for polygon in polygons:
        _require_ring(polygon, height=height, width=width)
    coded = coco_mask.frPyObjects([polygon.ravel().tolist() for polygon in polygons], height, width)
    return Rle(height, width, coco_mask.merge(coded)["counts"].decode("ascii"))


def parts_to_rle(parts: Sequence[Part], *, height: int, width: int) -> Rle:
    """Union of each part's outer ring without its holes. Raises GeometryError as `polygons_to_rle` does."""
    if not any(part.holes for part in parts):
        return polygons_to_rle([part.outer for part in parts], height=height, width=width)
    mask = np.zeros((height, width), bool)
    for part in parts:
        filled = rle_to_mask(polygons_to_rle([part.outer], height=height, width=width))
        mask |= filled & ~rle_to_mask(polygons_to_rle(part.holes, height=height, width=width))
    return mask_to_rle(mask)


def _require_ring(ring: Ring, *, height: int, width: int) -> None:
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
        raise GeometryError(f"polygon of shape {ring.shape}, expected (N >= 3, 2)")
    if not np.isfinite(ring).all():
        raise GeometryError("polygon has a coordinate that is not a finite number")
    low, high = -MAX_SIDE, 2 * MAX_SIDE
    if ring.min() < low or ring.max() > high:
        raise GeometryError(f"polygon reaches {float(np.abs(ring).max()):g} px, the image is {width} x {height}")
    perimeter = float(np.abs(np.diff(ring, axis=0, append=ring[:1])).sum())
    if perimeter > MAX_PERIMETER:
        raise GeometryError(f"polygon has a perimeter of {perimeter:g} px, expected at most {MAX_PERIMETER:g}")


def rle_to_parts(rle: Rle) -> tuple[Part, ...]:
    """RLE -> parts traced along the pixels' edges, which decode to that very mask.

    Pixels that touch at a corner only belong to different parts, so that no outer ring crosses itself.
    """
    rings, region, left, top = _trace(rle)
    outers = [ring for ring in rings if _signed_area(ring) > 0]
    if len(outers) == len(rings):
        return tuple(Part(_placed(ring, left, top)) for ring in outers)
    _, labels = cv2.connectedComponents(region, connectivity=4)
    holes: dict[int, list[Ring]] = {}
    for ring in rings:
        if _signed_area(ring) < 0:
            holes.setdefault(_label_at(labels, ring), []).append(_placed(ring, left, top))
    return tuple(Part(_placed(ring, left, top), tuple(holes.get(_label_at(labels, ring), ()))) for ring in outers)


def rle_to_polygons(rle: Rle) -> list[Ring] | None:
    """RLE -> polygons traced along the pixels' edges, or None where a hole forbids plain polygons."""
    rings, _, left, top = _trace(rle)
    if any(_signed_area(ring) < 0 for ring in rings):
        return None
    return [_placed(ring, left, top) for ring in rings]


def _placed(ring: NDArray[np.int64], left: int, top: int) -> Ring:
    return ring.astype(np.float64) + np.array([left, top], np.float64)


def _signed_area(ring: NDArray[np.int64]) -> int:
    """Twice the area, positive for outer rings: each corner's x by how far its upright edge leads down."""
    x, y = ring[:, 0], ring[:, 1]
    return int(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1])


def _label_at(labels: NDArray[np.int32], ring: NDArray[np.int64]) -> int:
    """The component that a ring runs around: the pixel below any edge that runs to the right."""
    start = int(np.argmax(np.roll(ring[:, 0], -1) > ring[:, 0]))
    return int(labels[ring[start, 1], ring[start, 0]])


def _trace(rle: Rle) -> tuple[list[NDArray[np.int64]], NDArray[np.uint8], int, int]:
    """Rings of corners around the mask, the mask at the right hand; with the mask cut to its columns and rows.

    Returns rings (n, 2) in pixels of the cut, the cut (h, w) of 0 and 1, and the place of its first pixel in the image.
    Corners where the boundary turns, in order along a line, are the ends of that line's edges by turns. Where two
    pixels touch diagonally lie two corners; each takes the edges of one of the pixels, which keeps the rings apart.
    """
    region, left, top = _cut(rle)
    if not region.size:
        return [], region, left, top
    h, w = region.shape
    padded = np.zeros((w + 2, h + 2), np.uint8)  # in column order, as the runs are
    padded[1:-1, 1:-1] = region.T
    level = padded[:, 1:] ^ padded[:, :-1]  # whether a boundary runs level across a column at a height
    turns = level[1:] ^ level[:-1]
    upright = padded[1:] ^ padded[:-1]
    both = level[1:] & level[:-1] & upright[:, 1:] & upright[:, :-1]  # two pixels touch diagonally
    x, y = np.divmod(np.flatnonzero((turns | both).view(bool)), h + 1)
    twice = both[x, y] == 1
    above = np.zeros(len(x) + int(np.count_nonzero(twice)), np.int64)
    if len(above) > len(x):
        above[len(x) :] = 1
        x, y = np.concatenate((x, x[twice])), np.concatenate((y, y[twice]))
    # From the left above to the right below: the upper corner turns to the left; else the lower one does.
    beside = np.where(padded[x, y] == 1, above, 1 - above)
    across = np.lexsort((beside, x, y))
    along = np.lexsort((above, y, x))
    following = np.empty(len(x), np.int64)
    first, second = across[::2], across[1::2]
    rightwards = padded[x[first] + 1, y[first] + 1] == 1  # the mask lies below
    following[np.where(rightwards, first, second)] = np.where(rightwards, second, first)
    first, second = along[::2], along[1::2]
    downwards = padded[x[first], y[first] + 1] == 1  # the mask lies to the left
    following[np.where(downwards, first, second)] = np.where(downwards, second, first)
    corners = np.stack((x, y), axis=1)
    return [corners[ring] for ring in _cycles(following.tolist())], region, left, top


def _cut(rle: Rle) -> tuple[NDArray[np.uint8], int, int]:
    """The mask cut to its own box, as (h, w) of 0 and 1, and the place of its first pixel: left, top."""
    left, top, right, bottom = (int(value) for value in rle_box_xyxy(rle))
    if left == right:
        return np.zeros((0, 0), np.uint8), 0, 0
    runs = rle_to_runs(rle)
    runs[0] -= left * rle.height
    values = (np.arange(len(runs)) & 1).astype(np.uint8)
    columns = np.repeat(values, runs)[: (right - left) * rle.height].reshape(right - left, rle.height)
    if columns.size < (right - left) * rle.height:
        raise GeometryError("RLE: runs end before the image does")
    return columns[:, top:bottom].T, left, top


def _cycles(following: list[int]) -> list[list[int]]:
    """The cycles of a permutation, each from its lowest index on."""
    cycles = []
    for start, there in enumerate(following):
        if there < 0:
            continue
        cycle = []
        here = start
        while following[here] >= 0:
            cycle.append(here)
            following[here], here = -1, following[here]
        cycles.append(cycle)
    return cycles
