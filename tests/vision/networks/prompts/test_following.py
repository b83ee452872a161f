"""What a click says by its place, whatever the network makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.prompt import Point, Prompt
from annotator.vision.networks.prompts.following import change_there_alone, follow_clicks
from annotator.vision.networks.prompts.view import FloatMap, View

SIDE = 48
VIEW = View.plan((0, 0, 96, 64), picture=(96, 64), side=96, lay="fit")
"""Two pixels of the picture to a cell, and a third of the canvas empty."""


def everywhere(value: float) -> FloatMap:
    return np.full((SIDE, SIDE), value, np.float32)


def followed(logits: FloatMap, *points: Point, earlier: FloatMap | None = None) -> FloatMap:
    return follow_clicks(logits, Prompt(points), VIEW, earlier=earlier, push=0.7)


@given(x=st.floats(0, 96), y=st.floats(0, 64), belongs=st.booleans(), value=st.floats(-6, 6, width=32))
def test_the_place_of_a_click_obeys_it(x: float, y: float, belongs: bool, value: float) -> None:
    found = followed(everywhere(value), Point(x, y, belongs))
    assert (found[min(int(y / 2), 31), min(int(x / 2), 47)] > 0) == belongs


def test_a_click_off_the_earlier_mask_speaks_as_far_as_its_border() -> None:
    earlier = everywhere(-2)
    earlier[:, :20] = 2
    far = followed(everywhere(-0.3), Point(81, 33), earlier=earlier)
    near = followed(everywhere(-0.3), Point(45, 33), earlier=earlier)
    assert np.count_nonzero(far > 0) > 4 * np.count_nonzero(near > 0) > 0


def test_a_click_that_is_obeyed_already_moves_nothing() -> None:
    logits = everywhere(2)
    assert followed(logits, Point(40, 40), earlier=everywhere(2)) == pytest.approx(logits)


def test_clicks_beside_the_crop_move_nothing() -> None:
    view = View.plan((0, 0, 96, 64), picture=(300, 300), side=96, lay="fit")
    logits, prompt = everywhere(-2), Prompt((Point(200, 10), Point(10, 200)))
    assert follow_clicks(logits, prompt, view, earlier=everywhere(-2), push=0.7) == pytest.approx(logits)


def test_a_click_on_a_repaired_mask_changes_it_in_one_place_alone() -> None:
    earlier, logits = everywhere(-2), everywhere(-2)
    earlier[5:25, 5:25] = 2
    logits[5:25, 10:30] = 2
    # Too much was missing on the right, and the network gave up some on the left for it.
    repaired = change_there_alone(logits, Prompt((Point(55, 30),)), VIEW, earlier=earlier)
    expected = np.zeros((SIDE, SIDE), bool)
    expected[5:25, 5:30] = True
    np.testing.assert_array_equal(repaired > 0, expected)
    for prompt in (Prompt((Point(30, 30),)), Prompt(box_xyxy=(20, 10, 60, 50))):
        np.testing.assert_array_equal(change_there_alone(logits, prompt, VIEW, earlier=earlier), logits)
