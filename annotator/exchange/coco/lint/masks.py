"""Segmentations: sound ones are rasterised and compared with the area and the box of their annotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from annotator.core import masks
from annotator.core.errors import GeometryError
from annotator.core.masks import Rle
from annotator.core.measures import areas_of, boxes_of
from annotator.core.numbers import is_finite, is_id
from annotator.core.polygons import Ring, polygons_to_rle
from annotator.core.problems import Findings
from annotator.exchange.coco.lint.boxes import FAR_PX
from annotator.exchange.coco.lint.inspection import Inspection
from annotator.exchange.coco.values import named_by_id, polygons_of, rle_of


def inspect_mask(
    inspection: Inspection, path: str, value: object, *, size: tuple[int, int] | None, named: str
) -> Rle | None:
    """A segmentation, rasterised; None where it is wrong, or where its size is not known.

    size: the image's height and width.
    """
    findings = inspection.findings
    try:
        if not isinstance(value, list):
            return rle_of(value, size=size)
        rings = polygons_of(value)
        if size is None:
            return None
        _warn_beyond(findings, path, rings, size=size, named=named)
        rle = polygons_to_rle(rings, height=size[0], width=size[1], budget=inspection.budget)
        masks.require_storable(rle)
        _note_crossing(findings, path, rings, rle, named=named)
        return rle
    except GeometryError as error:
        findings.error(f"{path}{error.path}", f"{error.message}{named}")
        return None


def _warn_beyond(findings: Findings, path: str, rings: list[Ring], *, size: tuple[int, int], named: str) -> None:
    limits = np.array([size[1], size[0]]) + FAR_PX
    for index, ring in enumerate(rings):
        if ((ring < -FAR_PX) | (ring > limits)).any():
            findings.warn(f"{path}[{index}]", f"leaves the image of {size[1]} x {size[0]} px{named}")
            return


def _note_crossing(findings: Findings, path: str, rings: list[Ring], rle: Rle, *, named: str) -> None:
    """Outlines that enclose more or less than is filled: whoever fills by another rule sees another mask."""
    outlined, filled = sum(map(_outlined_px2, rings)), masks.rle_area(rle)
    if abs(outlined - filled) <= 2:
        return
    size = np.array([rle.width, rle.height])
    if any(((ring < 0) | (ring > size)).any() for ring in rings):
        return
    # Outlines that do not cross fill what they enclose, but for some pixels along them.
    around = sum(float(np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).sum()) for ring in rings)
    if abs(outlined - filled) > around / 4 + 2:
        areas = f"outlines of {outlined:g} px2 fill {filled} pixels{named}"
        if len(rings) == 1:
            findings.warn(path, f"crosses itself: {areas}")
        else:  # COCO's own files have some
            findings.note(path, f"polygons overlap or lie in each other, which makes no hole: {areas}")


def _outlined_px2(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1])) / 2


Masked = tuple[int, Mapping[str, Any], Rle]
"""An annotation's index, the annotation, and its mask."""


class MaskComparison:
    """Areas and boxes beside those of the decoded masks, empty masks, and the same mask twice."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._seen: dict[bytes, int] = {}  # a hash of image, category and mask, because the masks are too many

    def compare(self, masked: Sequence[Masked]) -> None:
        """Some annotations; all come in the order of their indices."""
        findings, rles = self._findings, [rle for _, _, rle in masked]
        for (index, annotation, rle), pixels, tight in zip(masked, areas_of(rles), boxes_of(rles), strict=True):
            path, named = f"annotations[{index}]", named_by_id(annotation)
            if pixels == 0:
                guess = "; from 0 to 1, as if they were shares of the image" if _in_shares(annotation) else ""
                findings.warn(f"{path}.segmentation", f"covers no pixel{guess}{named}")
                continue
            _compare_area(findings, path, annotation, pixels=pixels, tight=tight, named=named)
            _compare_box(findings, path, annotation, tight=tight, named=named)
            if is_id(annotation.get("category_id")):
                said = f"{annotation['image_id']} {annotation['category_id']} {rle.counts}"
                first = self._seen.setdefault(blake2b(said.encode("ascii"), digest_size=16).digest(), index)
                if first != index:
                    findings.warn(path, f"the same object as annotations[{first}]: image, category and mask{named}")


def _compare_area(
    findings: Findings, path: str, annotation: Mapping[str, Any], *, pixels: float, tight: list[float], named: str
) -> None:
    area = annotation.get("area")
    if is_finite(area) and area >= 0:  # type: ignore[operator]
        # In COCO it is the polygons: half a pixel along the border off. Its crowds are rougher.
        rough = 0.5 if annotation.get("iscrowd") == 1 else 0.1
        if abs(area - pixels) > max(tight[2] + tight[3], rough * pixels):  # type: ignore[operator]
            findings.warn(f"{path}.area", f"is {area:g}, the mask has {pixels:g} pixels{named}")


def _compare_box(
    findings: Findings, path: str, annotation: Mapping[str, Any], *, tight: list[float], named: str
) -> None:
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4 and all(is_finite(value) for value in box):
        x, y, w, h = box
        if w >= 0 and h >= 0 and _apart((x, y, x + w, y + h), tight) > FAR_PX:
            guess = "" if _apart((x, y, w, h), tight) > FAR_PX else "; it looks like x0, y0, x1, y1"
            findings.warn(f"{path}.bbox", f"is {box}, the mask's is {tight}{guess}{named}")


def _apart(corners: tuple[float, float, float, float], box_xywh: list[float]) -> float:
    """How far the corners of two boxes lie apart at most, in pixels."""
    x, y, w, h = box_xywh
    return max(abs(a - b) for a, b in zip(corners, (x, y, x + w, y + h), strict=True))


def _in_shares(annotation: Mapping[str, Any]) -> bool:
    """Whether an annotation's polygons have no coordinate beyond 1."""
    found = annotation.get("segmentation")
    return isinstance(found, list) and all(0 <= value <= 1 for ring in found for value in ring)
