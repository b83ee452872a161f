"""Masks, boxes and sizes for the property tests."""

import os

import numpy as np
from hypothesis import strategies as st

FULL = bool(os.environ.get("ANNOTATOR_FULL_TESTS"))
"""Set: the figures that the project promises are tested at their full size."""


def examples(few, many):
    """How many examples a property is tried on: few on every run, many at full size."""
    return many if FULL else few


@st.composite
def masks(draw, max_side=24, min_pixels=0):
    """(H, W) bool: noise of any density, full, empty, single pixels, rings; nothing is rare."""
    height, width = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    kind = draw(st.sampled_from(["noise", "full", "empty", "pixel", "ring", "blocks"]))
    mask = np.zeros((height, width), bool)
    if kind == "noise":
        density = draw(st.sampled_from([0.05, 0.3, 0.5, 0.7, 0.95]))
        mask = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random((height, width)) < density
    elif kind == "full":
        mask[:] = True
    elif kind == "pixel":
        mask[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))] = True
    elif kind == "ring":
        mask[:] = True
        mask[1:-1, 1:-1] = False
    elif kind == "blocks":
        for _ in range(draw(st.integers(1, 4))):
            y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
            mask[y : y + draw(st.integers(1, height)), x : x + draw(st.integers(1, width))] ^= True
    if mask.sum() < min_pixels:
        mask.flat[:min_pixels] = True
    return mask
