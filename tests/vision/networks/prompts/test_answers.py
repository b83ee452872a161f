"""From logits to a mask and its heatmap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.masks import rle_area, rle_box_xyxy, rle_to_mask
from annotator.core.prompt import Point, Prompt
from annotator.vision.networks.prompts.answers import answer_of
from annotator.vision.networks.prompts.contracts import Lay
from annotator.vision.networks.prompts.view import View


def blank() -> np.ndarray:
    return np.full((256, 256), -8, np.float32)


def view_of(width: int, height: int, *, lay: Lay = "fit") -> View:
    return View.plan((0, 0, width, height), picture=(width, height), side=1024, lay=lay)


@given(width=st.integers(30, 1500), height=st.integers(30, 1500), lay=st.sampled_from(["fit", "stretch"]),
       shares=st.tuples(*[st.floats(0.05, 0.45)] * 2, *[st.floats(0.55, 0.95)] * 2))  # fmt: skip
def test_a_mask_lies_where_the_canvas_has_it_to_a_cell(
    width: int, height: int, lay: Lay, shares: tuple[float, float, float, float]
) -> None:
    view = view_of(width, height, lay=lay)
    columns, rows = view.cells(256)
    x0, y0, x1, y1 = (np.array(shares) * [columns, rows, columns, rows]).astype(int).tolist()
    if x1 - x0 < 4 or y1 - y0 < 4:
        return
    logits = blank()
    logits[y0:y1, x0:x1] = 8
    answer = answer_of(logits, Prompt(), view, score=0.5)
    assert answer is not None
    corners = view.to_image(np.array([[x0, y0], [x1, y1]]) * 4.0).reshape(-1)
    cell = 4 / view.scale.min() + 1
    assert np.abs(np.array(rle_box_xyxy(answer.rle)) - corners).max() <= cell
    assert answer.score == 0.5


def test_a_mask_reaches_the_border_of_the_picture() -> None:
    logits = blank()
    logits[:, :] = 8
    answer = answer_of(logits, Prompt(), view_of(333, 211), score=None)
    assert answer is not None
    assert rle_area(answer.rle) == 333 * 211


def test_a_mask_ends_at_a_crop_that_ends_inside_the_picture() -> None:
    view = View.plan((100, 50, 300, 250), picture=(640, 480), side=1024, lay="fit")
    answer = answer_of(np.full((256, 256), 8, np.float32), Prompt(), view, score=None)
    assert answer is not None
    box = np.array(rle_box_xyxy(answer.rle))
    assert np.abs(box - [100, 50, 300, 250]).max() <= 2


def test_specks_are_dropped_and_holes_stay() -> None:
    logits = blank()
    logits[50:150, 50:150] = 8
    logits[90:95, 90:95] = -8
    logits[200:203, 200:203] = 8
    answer = answer_of(logits, Prompt(), view_of(256, 256), score=None)
    assert answer is not None
    mask = rle_to_mask(answer.rle)
    assert not mask[198:206, 198:206].any()
    assert not mask[92, 92]
    assert mask[60:80, 60:80].all()
    clicked = answer_of(logits, Prompt((Point(201.5, 201.5),)), view_of(256, 256), score=None)
    assert clicked is not None
    assert rle_to_mask(clicked.rle)[201, 201]


def test_a_higher_level_gives_less() -> None:
    y, x = np.mgrid[:256, :256] - 128.0
    logits = np.float32(6 - np.hypot(x, y) / 8)
    answer = answer_of(logits, Prompt(), view_of(512, 512), score=None)
    assert answer is not None
    areas = [rle_area(answer.heatmap.at(level, height=512, width=512)) for level in (10, 50, 90)]
    assert areas[0] > areas[1] > areas[2] > 0
    assert rle_area(answer.rle) == areas[1]
    assert areas[1] == pytest.approx(np.pi * 96**2, rel=0.02)


def test_nothing_found_and_no_numbers_are_no_answer() -> None:
    assert answer_of(blank(), Prompt(), view_of(64, 64), score=None) is None
    assert answer_of(np.full((256, 256), np.nan, np.float32), Prompt(), view_of(64, 64), score=None) is None
    below = blank()
    below[200:] = 8  # in the padding
    assert answer_of(below, Prompt(), view_of(640, 320), score=None) is None
