"""Areas and boxes of many masks at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pycocotools import mask as coco_mask

from annotator.core.masks import Rle

AT_ONCE = 255
"""pycocotools 2.0.11 on NumPy 2 counts the masks of one call in a byte."""


def areas_of(rles: Sequence[Rle]) -> list[float]:
    """The number of pixels of each mask."""
    coded = (rle.to_coco() for rle in rles)
    return [float(area) for chunk in _chunks(coded) for area in coco_mask.area(chunk)]


def boxes_of(rles: Sequence[Rle]) -> list[list[float]]:
    """The tight box of each mask, xywh."""
    coded = (rle.to_coco() for rle in rles)
    return [box for chunk in _chunks(coded) for box in coco_mask.toBbox(chunk).tolist()]


def runs_of(rles: Iterable[Rle]) -> list[int]:
    """How many runs of pixels each mask has, counted down its columns: the more, the more ragged it is."""
    return [len(rle.counts.encode("ascii").translate(None, _GOES_ON)) // 2 for rle in rles]


_GOES_ON = bytes(range(48 + 32, 48 + 64))
"""Characters of COCO's compressed counts after which the same count goes on."""


def _chunks(items: Iterable[Any]) -> Iterable[list[Any]]:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
