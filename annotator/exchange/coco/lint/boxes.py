"""The boxes of annotations and results."""

from __future__ import annotations

from annotator.core.numbers import is_finite
from annotator.core.problems import Findings
from annotator.exchange.coco.values import shown

FAR_PX = 3.0
"""A box or polygon may leave the image, or miss the mask's box, by rounding only."""


def inspect_box(findings: Findings, path: str, box: object, *, size: tuple[int, int] | None, named: str) -> bool:
    """Whether there is a sound box; an absent one is a warning, a wrong one an error.

    size: the image's height and width, where they are known.
    """
    if box is None:
        findings.warn(path, f"absent{named}")
        return False
    if not (isinstance(box, list) and len(box) == 4 and all(is_finite(value) for value in box)):
        findings.error(path, f"is {shown(box)}, expected 4 finite numbers x, y, width, height{named}")
        return False
    x, y, w, h = box
    if w < 0 or h < 0:
        findings.error(path, f"has a width of {w:g} and a height of {h:g}, expected from 0 on{named}")
        return False
    if w == 0 or h == 0:
        findings.warn(path, f"has a width of {w:g} and a height of {h:g}; some trainers fail on it{named}")
    if size is not None and (min(x, y) < -FAR_PX or x + w > size[1] + FAR_PX or y + h > size[0] + FAR_PX):
        findings.warn(path, f"leaves the image of {size[1]} x {size[0]} px{named}")
    return True
