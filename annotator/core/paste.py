"""A network's soft masks over their boxes -> RLE of the picture, without ever making the picture's own mask.

The truth is the mask paste of the Open Model Zoo's accuracy checker, with which the published AP was measured: pad the
heatmap by 1 px of zeros, expand the box about its centre by (s + 2) / s, truncate it to whole pixels, resize
bilinearly, keep what exceeds the level, clip to the picture. What comes out here is that, bit for bit.

Between two rows of the padded heatmap a resized column runs straight, so it is resized sideways only, and where it
crosses the level is solved. A crossing too close to a pixel's centre for the resize's own rounding to be foreseen sends
its column through the resize. All instances of a picture take each step together: what costs is the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotator.core.budget import slices
from annotator.core.masks import Rle, Runs, flips, pixel_changes, runs_to_rles

FloatMap = NDArray[np.float32]

# Beyond this many pixels a pasted heatmap is no longer made whole and then cropped: 4 times the largest picture.
MAX_PASTE = 160_000_000

# Instances are taken together as long as their numbers stay in the processor's cache: 2 MB.
_MOST_TOGETHER = 500_000

# What float32 may make of a value in -2..2, and of a place in the heatmap for each of its rows.
_VALUE_ERROR = 5e-7
_PLACE_ERROR = 1.2e-7


@dataclass(frozen=True)
class _Region:
    """Where a padded heatmap lands, in whole image pixels: unclipped, and the part that the picture shows."""

    x0: int
    y0: int
    w: int
    h: int
    left: int
    top: int
    right: int
    bottom: int

    @property
    def columns(self) -> slice:
        """The picture's columns among those of the region."""
        return slice(self.left - self.x0, self.right - self.x0)

    @property
    def rows(self) -> slice:
        """The picture's rows among those of the region."""
        return slice(self.top - self.y0, self.bottom - self.y0)


def heatmaps_to_rles(
    heatmaps: FloatMap, boxes_xyxy: ArrayLike, *, height: int, width: int, level: float = 0.5
) -> list[Rle]:
    """Heatmaps (n, s, s) over their boxes -> n RLEs of the picture; a mask may come out empty.

    boxes_xyxy: (n, 4) finite, in image pixels, possibly beyond the borders. level: 0..1.
    """
    if not len(heatmaps):
        return []
    size = heatmaps.shape[1] + 2
    regions = _regions(boxes_xyxy, size=size, height=height, width=width)
    rles = []
    for some in slices([max(region.right - region.left, 0) * size for region in regions], most=_MOST_TOGETHER):
        padded = np.zeros((some.stop - some.start, size, size), np.float32)
        padded[:, 1:-1, 1:-1] = heatmaps[some]
        rles += _to_rles(padded, regions[some], height=height, width=width, level=level)
    return rles


def maps_to_rles(maps: FloatMap, windows: ArrayLike, *, height: int, width: int, level: float) -> list[Rle]:
    """Maps (n, h, w) over the whole picture, enlarged bilinearly to it -> n RLEs of what exceeds the level.

    windows: (n, 4) whole left, top, right, bottom inside the picture: what lies outside its window is not in a mask.
    Values may be logits; the level is one of them.
    """
    if not len(maps):
        return []
    # Divided by a power of two, which changes no digit, values lie where their rounding is foreseen.
    largest = max(float(np.abs(maps).max()), abs(level))
    power = 2.0 ** max(np.ceil(np.log2(largest / 2)), 0) if 2 < largest < np.inf else 1.0
    maps, level = np.asarray(maps / np.float32(power), np.float32), level / power
    regions = [_Region(0, 0, width, height, *row) for row in np.asarray(windows, np.int64).tolist()]
    rles = []
    for some in slices([max(region.right - region.left, 0) * maps.shape[1] for region in regions], most=_MOST_TOGETHER):
        rles += _to_rles(maps[some], regions[some], height=height, width=width, level=level)
    return rles


def _to_rles(padded: FloatMap, regions: Sequence[_Region], *, height: int, width: int, level: float) -> list[Rle]:
    """Padded heatmaps (n, h, w), each over all of its region -> n RLEs."""
    size = padded.shape[1]
    tame = ((padded.min(axis=(1, 2)) >= -2) & (padded.max(axis=(1, 2)) <= 2)).tolist()
    # A change of level at pixel (x, y) of instance i is one number, in the order that runs have: the end of a picture
    # is not the beginning of the next.
    stride = height * width + 1
    changes: list[Runs] = [np.empty(0, np.int64)]
    tall = []
    for index, region in enumerate(regions):
        if region.left >= region.right or region.top >= region.bottom:
            continue
        if region.w * region.h > MAX_PASTE:
            window = _bilinear_window(padded[index], region)
        elif region.h > 2 * size and region.w > 1 and size > 1 and tame[index]:
            tall.append(index)
            continue
        else:
            window = cv2.resize(padded[index], (region.w, region.h))[region.rows, region.columns]
        bases = np.arange(region.left, region.right) * height + (index * stride + region.top)
        changes.append(pixel_changes(window > level, bases))
    if tall:
        changes += _crossings(padded, regions, tall, level=level, height=height, stride=stride)
    return _changes_to_rles(np.concatenate(changes), len(padded), height=height, width=width)


def landing(boxes_xyxy: ArrayLike, *, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Boxes (n, 4) -> where heatmaps of `size` padded rows begin and end: left and top, right and bottom, each (n, 2).

    In whole image pixels, unclipped, the end exclusive: before the beginning where a box is inverted.
    """
    # Far beyond every picture and every resize, whole numbers end.
    first, last = np.split(np.clip(np.asarray(boxes_xyxy, np.float64), -1e9, 1e9), 2, axis=1)
    half, center = (last - first) * 0.5 * (size / (size - 2)), (first + last) * 0.5
    begin, end = (center - half).astype(np.int64), (center + half).astype(np.int64)
    return begin, end + 1


def _regions(boxes_xyxy: ArrayLike, *, size: int, height: int, width: int) -> list[_Region]:
    """Boxes (n, 4) -> where their heatmaps of `size` padded rows land: nowhere if inverted."""
    begin, end = landing(boxes_xyxy, size=size)
    sides = np.maximum(end - begin, 1)
    shown = np.maximum(begin, 0), np.minimum(end, [width, height])
    return [_Region(*row) for row in np.hstack((begin, sides, *shown)).tolist()]


def _crossings(
    padded: FloatMap, regions: Sequence[_Region], indices: Sequence[int], *, level: float, height: int, stride: int
) -> list[Runs]:
    """The changes of level of instances that are enlarged: solved, or looked up where rounding might decide."""
    size = padded.shape[1]
    chosen = [regions[index] for index in indices]
    counts = np.array([region.right - region.left for region in chosen])
    ends = np.cumsum(counts)
    profiles = np.empty((size, ends[-1]), np.float32)
    for index, region, end in zip(indices, chosen, ends.tolist(), strict=True):
        # Resized to its own height, the other direction is left exactly as it is.
        columns = cv2.resize(padded[index], (region.w, size))[:, region.columns]
        profiles[:, end - columns.shape[1] : end] = columns
    above = profiles > level + _VALUE_ERROR
    looked_up = (above != (profiles > level - _VALUE_ERROR)).any(axis=0)

    column, row = flips(above)
    low = profiles[row, column].astype(np.float64)
    rise = profiles[row + 1, column] - low
    of_column = np.repeat(np.arange(len(chosen)), counts)
    owner = of_column[column]
    scale = np.array([region.h / size for region in chosen])[owner]
    y = (row + (level - low) / rise + 0.5) * scale - 0.5
    slack = scale * (_VALUE_ERROR / np.abs(rise) + _PLACE_ERROR * size)
    looked_up[column[np.abs(y - np.rint(y)) <= slack]] = True

    y0, top, bottom = np.array([(region.y0, region.top, region.bottom) for region in chosen]).T
    pixel = np.ceil(y).astype(np.int64) + y0[owner]
    pixel = np.minimum(np.maximum(pixel, top[owner]), bottom[owner])
    before = np.array([region.left for region in chosen]) - (ends - counts)
    bases = (np.arange(ends[-1]) + before[of_column]) * height + np.array(indices)[of_column] * stride
    solved = ~looked_up[column]
    found = [(bases[column] + pixel)[solved]]
    # Before the first row and behind the last one, their values go on: a mask may begin and end with the region.
    found += [(bases + edge[of_column])[on & ~looked_up] for edge, on in ((top, above[0]), (bottom, above[-1]))]

    rest = np.flatnonzero(looked_up)
    for some in np.split(rest, np.searchsorted(rest, ends[:-1])):
        if some.size:
            region = chosen[of_column[some[0]]]
            # A picture one column wide is resized with other rounding: two at least.
            columns = profiles[:, np.resize(some, max(some.size, 2))]
            window = cv2.resize(columns, (columns.shape[1], region.h))[region.rows, : some.size]
            found.append(pixel_changes(window > level, bases[some] + region.top))
    return found


def _bilinear_window(padded: FloatMap, region: _Region) -> FloatMap:
    """The window of cv2.resize(padded, (w, h)) that the picture shows, for boxes far larger than the picture.

    Equal to cv2 up to float rounding; never more memory than the picture's own size.
    """

    def taps(size: int, length: int, shown: slice) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatMap]:
        place = np.clip((np.arange(shown.start, shown.stop) + 0.5) * (size / length) - 0.5, 0, size - 1)
        low = np.floor(place).astype(np.intp)
        return low, np.minimum(low + 1, size - 1), (place - low).astype(np.float32)

    x_low, x_high, x_part = taps(padded.shape[1], region.w, region.columns)
    y_low, y_high, y_part = taps(padded.shape[0], region.h, region.rows)
    rows = padded[:, x_low] * (1 - x_part) + padded[:, x_high] * x_part
    return np.asarray(rows[y_low] * (1 - y_part)[:, None] + rows[y_high] * y_part[:, None], np.float32)


def _changes_to_rles(changes: Runs, count: int, *, height: int, width: int) -> list[Rle]:
    """Numbers of changes, in any order -> RLEs. Two at one place cancel, as where a column ends and the next begins."""
    total = height * width
    # They come nearly in order, which the stable sort makes use of.
    changes = np.sort(changes, kind="stable")
    first = np.flatnonzero(np.diff(changes, prepend=-1))
    odd = np.diff(first, append=len(changes)) & 1 == 1
    changes = changes[first[odd]]
    changes = changes[changes % (total + 1) != total]
    begins = np.arange(count) * (total + 1)
    edges = np.sort(np.concatenate((changes, begins, begins + total)), kind="stable")
    lengths = np.diff(np.searchsorted(changes, begins), append=len(changes)) + 1
    runs = np.delete(np.diff(edges), np.cumsum(lengths + 1)[:-1] - 1)
    return runs_to_rles(runs, lengths, height=height, width=width)
