"""A network's soft mask as it is kept, so that the level at which it becomes a mask can be moved later.

All of it is whole numbers, values and levels in hundredths: the editor computes the same
(frontend/src/document/heatmap.ts), and the two agree on every pixel at every level. A higher level's mask lies within a
lower one's.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotator.core.errors import GeometryError
from annotator.core.masks import Rle, mask_to_rle, window_to_rle
from annotator.core.paste import landing

LEVELS = range(1, 100)
"""Where a heatmap may become a mask, in hundredths."""

HALF = 50
"""The level of every mask that nobody has moved."""

MAX_SIZE = 256
"""Samples a side; the networks at hand have 28 to 224."""

_PIXELS_A_STEP = 32  # of a WorkBudget: the largest picture is within what one mask may take

MAX_REGION = 2**20
"""Pixels a side, and how far off the picture. A browser counts up to 2 ** 53: more than 400 * MAX_REGION ** 2."""


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Hundredths (s, s) uint8 over a region of the picture, in whole image pixels, possibly beyond its borders.

    The region is where the heatmap lands together with a border of one sample of zeros, as it is pasted.
    `half` is the mask at 0.5 where it was pasted from the network's own floating point numbers: a model's suggestion,
    which stays as it is to the pixel.
    """

    values: NDArray[np.uint8]
    left: int
    top: int
    width: int
    height: int
    half: Rle | None = None

    def __post_init__(self) -> None:
        """Raises GeometryError for what cannot become a mask exactly."""
        shape = self.values.shape
        if len(shape) != 2 or shape[0] != shape[1] or not 1 <= shape[0] <= MAX_SIZE or self.values.max() > 100:
            raise GeometryError(f"heatmap of shape {shape}, expected hundredths of at most {MAX_SIZE} a side")
        if min(self.width, self.height) < 1 or max(*map(abs, self.region)) > MAX_REGION:
            raise GeometryError(f"heatmap over {list(self.region)}, expected 1 to {MAX_REGION} pixels a side")
        self.values.setflags(write=False)

    @classmethod
    def of(cls, soft: NDArray[np.float32], box_xyxy: Sequence[float]) -> Heatmap | None:
        """A network's heatmap (s, s) in 0..1 over a box in image pixels; None where it is too large to be kept."""
        return cls.of_all(soft[None], [box_xyxy])[0]

    @classmethod
    def of_all(cls, soft: NDArray[np.float32], boxes_xyxy: ArrayLike) -> list[Heatmap | None]:
        """Heatmaps (n, s, s) over boxes (n, 4): each as `of` has it, faster together."""
        if not len(soft):
            return []
        begin, end = landing(boxes_xyxy, size=soft.shape[1] + 2)
        places = np.hstack((begin, np.maximum(end - begin, 1))).tolist()
        kept: list[Heatmap | None] = []
        for one, (left, top, width, height) in zip(soft, places, strict=True):
            try:
                kept.append(cls(_hundredths(one), left, top, width, height))
            except GeometryError:
                kept.append(None)
        return kept

    @property
    def region(self) -> tuple[int, int, int, int]:
        """Left, top, width, height."""
        return self.left, self.top, self.width, self.height

    def at(self, level: int, *, height: int, width: int) -> Rle:
        """The pixels of a picture of height x width whose value is above the level; there may be none.

        Bilinear between the samples' centres, as the paste of a suggestion, with one rounding only: of the samples.
        """
        if level == HALF and self.half is not None:
            return self.half
        left, top, right, bottom = self._shown(height=height, width=width)
        if left >= right or top >= bottom:
            return mask_to_rle(np.zeros((height, width), bool))
        samples = np.pad(self.values.astype(np.int64), 1)
        x_low, x_high, x_part = _taps(len(samples), self.width, left - self.left, right - self.left)
        y_low, y_high, y_part = _taps(len(samples), self.height, top - self.top, bottom - self.top)
        columns = samples[:, x_low] * (2 * self.width - x_part) + samples[:, x_high] * x_part
        above = columns > level * 2 * self.width
        limit = level * 4 * self.width * self.height
        window = np.empty((bottom - top, right - left), bool)
        bands = np.flatnonzero(np.diff(y_low, prepend=-1, append=-1))
        for start, end in itertools.pairwise(bands.tolist()):
            # Between two rows of samples a column runs straight: only where it crosses the level, pixels differ.
            low, high = y_low[start], y_high[start]
            band = window[start:end]
            band[:] = above[low] & above[high]
            crossing = np.flatnonzero(above[low] != above[high])
            part = y_part[start:end, None]
            value = columns[low, crossing] * (2 * self.height - part) + columns[high, crossing] * part
            band[:, crossing] = value > limit
        return window_to_rle(window, left=left, top=top, height=height, width=width)

    def steps(self, *, height: int, width: int) -> float:
        """What its mask in a picture of height x width takes of a WorkBudget."""
        left, top, right, bottom = self._shown(height=height, width=width)
        return max(right - left, 0) * max(bottom - top, 0) / _PIXELS_A_STEP

    def _shown(self, *, height: int, width: int) -> tuple[int, int, int, int]:
        """The part of the region that the picture shows: left, top, right, bottom."""
        right, bottom = min(self.left + self.width, width), min(self.top + self.height, height)
        return max(self.left, 0), max(self.top, 0), right, bottom


def _hundredths(soft: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Values in 0..1, or what a network gave instead -> whole hundredths, the nearest, halves to the even one."""
    shares = np.fmin(np.fmax(soft, np.float32(0)), np.float32(1))  # what is not a number becomes 0
    return np.asarray(cv2.convertScaleAbs(shares, alpha=100), np.uint8)


def _taps(
    size: int, length: int, begin: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For the pixels from `begin` to `end` of `length`: the samples before and after, and the share of the second.

    Shares are in 2 * length-ths: pixel i lies at (i + 1/2) * size / length - 1/2 samples, within the samples.
    """
    place = (2 * np.arange(begin, end, dtype=np.int64) + 1) * size - length
    low, part = np.divmod(np.clip(place, 0, (size - 1) * 2 * length), 2 * length)
    return low, np.minimum(low + 1, size - 1), part


def pack(values: NDArray[np.uint8]) -> bytes:
    """Hundredths (s, s) -> bytes, as the database and the wire have them: differences along both axes, deflated.

    A heatmap of 28 x 28 takes some 450 bytes.
    """
    across = values.copy()
    across[:, 1:] -= values[:, :-1]
    differences = across.copy()
    differences[1:] -= across[:-1]
    # Looking for runs alone takes a tenth of the time, and noisy heatmaps come out no larger.
    deflated = zlib.compressobj(strategy=zlib.Z_RLE)
    return deflated.compress(differences.tobytes()) + deflated.flush()


def unpack(content: bytes, *, size: int) -> NDArray[np.uint8]:
    """The inverse of `pack`. Raises GeometryError for bytes that are not size * size packed values."""
    if not 1 <= size <= MAX_SIZE:
        raise GeometryError(f"heatmap: {size} samples a side, expected 1 to {MAX_SIZE}")
    opened = zlib.decompressobj()
    try:
        differences = opened.decompress(content, size * size + 1)
    except zlib.error as error:
        raise GeometryError("heatmap: not in the packed form") from error
    if len(differences) != size * size or not opened.eof or opened.unused_data:
        raise GeometryError(f"heatmap: not {size} x {size} values")
    across = np.cumsum(np.frombuffer(differences, np.uint8).reshape(size, size), axis=0, dtype=np.uint8)
    return np.cumsum(across, axis=1, dtype=np.uint8)
