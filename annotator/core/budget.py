"""A bound on the work with masks that one gesture or one file may cause. The work is counted before it is done.

The unit is a step: a pixel along a polygon's edge, which takes the rasteriser some 25 ns.

Tests: tests/core/test_polygons.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from annotator.core.errors import GeometryError

MASK_STEPS = 2_000_000
"""Of one mask. A ragged outline in 40 megapixels has some hundred thousand."""

GESTURE_STEPS = 10_000_000
"""Of everything that one gesture changes."""

FILE_STEPS = 50_000_000
MASK_OF_FILE_STEPS = 20_000
"""Of a file: so many, and so many more for each of its masks. The outline of 40 megapixels has 26,000."""


class WorkBudget:
    """What one gesture, or one file, has left to ask for."""

    def __init__(self, steps: int, *, of: str) -> None:
        """of: whose budget it is, in words for a message."""
        self._all = steps
        self._left = float(steps)
        self._of = of

    @classmethod
    def of_gesture(cls) -> WorkBudget:
        return cls(GESTURE_STEPS, of="one gesture")

    @classmethod
    def of_file(cls, masks: int) -> WorkBudget:
        """masks: how many the file has."""
        return cls(FILE_STEPS + masks * MASK_OF_FILE_STEPS, of=f"a file of {masks} masks")

    def spend(self, steps: float) -> None:
        """Take the steps of one mask. Raises GeometryError where they are too many for a mask or for what is left."""
        if steps > MASK_STEPS:
            raise GeometryError(f"an outline of {steps:.0f} px, expected at most {MASK_STEPS} px in one mask")
        self._left -= steps
        if self._left < 0:
            spent = self._all - self._left
            raise GeometryError(
                f"outlines of {spent:.0f} px with those before, expected at most {self._all} px in {self._of}"
            )


def slices(sizes: Sequence[float], *, most: float) -> Iterator[slice]:
    """Neighbours whose sizes add up to at most `most`, or single ones that are larger.

    >>> list(slices([3, 4, 9, 1], most=7))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    begin, held = 0, 0.0
    for index, size in enumerate(sizes):
        if index > begin and held + size > most:
            yield slice(begin, index)
            begin, held = index, 0.0
        held += size
    if begin < len(sizes):
        yield slice(begin, len(sizes))
