"""Masks of the picture on the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.heatmap import Heatmap
from annotator.core.masks import mask_to_rle
from annotator.core.prompt import Prompt
from annotator.vision.networks.prompts.answers import answer_of
from annotator.vision.networks.prompts.contracts import Lay
from annotator.vision.networks.prompts.view import SUREST, View


def view_of(crop: tuple[int, int, int, int], picture: tuple[int, int], lay: Lay = "fit") -> View:
    return View.plan(crop, picture=picture, side=1024, lay=lay)


def test_a_mask_goes_in_where_it_lies_and_as_logits() -> None:
    mask = np.zeros((300, 600), bool)
    mask[100:200, 300:500] = True
    logits = view_of((0, 0, 600, 300), (600, 300)).logits_of_mask(mask_to_rle(mask), side=256)
    assert logits.shape == (256, 256)
    assert logits.max() == pytest.approx(SUREST)
    assert logits.min() == pytest.approx(-SUREST)
    down, across = np.nonzero(logits > 0)
    assert (down.min(), across.min()) == (43, 128)  # 100 and 300 pixels by 256 / 600
    assert (down.max(), across.max()) == (84, 212)


def test_a_mask_beside_a_crop_is_nothing_there() -> None:
    mask = np.zeros((300, 600), bool)
    mask[:50, :50] = True
    logits = view_of((200, 100, 400, 300), (600, 300)).logits_of_mask(mask_to_rle(mask), side=96)
    assert (logits == -np.float32(SUREST)).all()


@given(
    width=st.integers(40, 700),
    height=st.integers(40, 700),
    lay=st.sampled_from(["fit", "stretch"]),
    seed=st.integers(0, 99),
)
def test_an_answer_comes_back_as_the_logits_that_it_was(width: int, height: int, lay: Lay, seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = view_of((0, 0, width, height), (width, height), lay)
    columns, rows = view.cells(256)
    y, x = np.mgrid[:256, :256] + 0.5
    middle, spread = rng.uniform(0.3, 0.7, 2) * [columns, rows], rng.uniform(0.15, 0.25, 2) * [columns, rows]
    logits = np.float32(4 - 4 * (((x - middle[0]) / spread[0]) ** 2 + ((y - middle[1]) / spread[1]) ** 2)).clip(-5, 5)
    answer = answer_of(logits, Prompt(), view, score=None)
    assert answer is not None
    back = view.logits_of_heatmap(answer.heatmap, side=256)
    first, second = logits[:rows, :columns] > 0, back[:rows, :columns] > 0
    assert (first & second).sum() / (first | second).sum() > 0.93
    sure = np.abs(logits[:rows, :columns]) < 2
    assert np.abs(back[:rows, :columns] - logits[:rows, :columns])[sure].mean() < 0.5


def test_a_heatmap_of_the_whole_picture_covers_a_crop_too() -> None:
    heatmap = Heatmap(np.full((16, 16), 100, np.uint8), 0, 0, 600, 300)
    logits = view_of((200, 100, 400, 300), (600, 300)).logits_of_heatmap(heatmap, side=96)
    assert (logits[:80] > 4).all()
