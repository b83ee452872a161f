"""The simulated hands that train and measure starter-click."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).resolve().parents[2] / "models" / "starter-click" / "clicks.py"
SPEC = importlib.util.spec_from_file_location("starter_click_clicks", PATH)
assert SPEC is not None
assert SPEC.loader is not None
clicks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(clicks)


def disk(x: float, y: float, radius: float, *, size: int = 100) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] + 0.5
    return np.hypot(columns - x, rows - y) <= radius


def test_the_first_click_goes_to_the_middle_of_the_object() -> None:
    x, y, belongs = clicks.next_click(disk(40.5, 60.5, 20), np.zeros((100, 100), bool))
    assert (x, y) == pytest.approx((40.5, 60.5), abs=1)
    assert belongs


def test_the_next_click_goes_to_the_widest_error_of_either_kind() -> None:
    target = disk(30, 30, 20)
    missing_more, wrong_more = target & ~disk(30, 20, 9) | disk(80, 80, 6), target | disk(70, 70, 25)
    assert clicks.next_click(target, missing_more)[2]
    x, y, belongs = clicks.next_click(target, wrong_more)
    assert not belongs
    assert np.hypot(x - 70, y - 70) < 8


def test_a_mask_at_the_border_is_clicked_inside_and_a_right_one_not_at_all() -> None:
    corner = np.zeros((50, 50), bool)
    corner[:20, :20] = True
    x, y, _ = clicks.next_click(corner, np.zeros_like(corner))
    assert (x, y) == pytest.approx((10, 10), abs=1.5)  # the picture's border counts as an edge
    assert clicks.next_click(corner, corner) is None
    assert clicks.noisy_click(corner, corner, random.Random(0)) is None


def test_noisy_clicks_lie_on_an_error_and_say_which() -> None:
    target, guess, rng = disk(30, 30, 20), disk(60, 60, 20), random.Random(1)
    for _ in range(50):
        x, y, belongs = clicks.noisy_click(target, guess, rng)
        assert target[int(y), int(x)] == belongs
        assert guess[int(y), int(x)] != belongs


def test_a_spoilt_mask_has_the_overlap_that_was_asked_for() -> None:
    target = np.asfortranarray(disk(50, 50, 30))  # as pycocotools decodes
    overlaps = [clicks.iou(clicks.spoil(target, random.Random(seed), 0.5, 0.8), target) for seed in range(40)]
    assert sum(0.5 <= value <= 0.8 for value in overlaps) >= 36
    assert min(overlaps) > 0.2
