"""Which of a decoder's masks is meant. Source of the cases: select of segment-anything's SamOnnxModel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotator.core.errors import ModelError
from annotator.vision.networks.foreign_graph import read_foreign_graph
from annotator.vision.networks.prompts.outputs import Choice, find_outputs
from annotator.vision.networks.prompts.ports import keep_outputs
from tests.vision.networks.prompts import graphs


def reference(scores: np.ndarray, prompts: int) -> int:
    """The publisher's own: the first mask's score is raised or lowered by (prompts - 2.5) * 1000."""
    weights = np.array([1000.0] + [0.0] * (len(scores) - 1))
    return int((scores + (prompts - 2.5) * weights).argmax())


@pytest.mark.parametrize("prompts", [1, 2, 3, 4, 9])
def test_sam_chooses_as_its_publisher_does(prompts: int) -> None:
    scores = np.float32([0.7, 0.2, 0.9, 0.6])
    index, score = Choice(has_single=True).of(4, scores[None], prompts=prompts)
    assert index == reference(scores, prompts)
    assert score == pytest.approx(scores[index])


def test_sam_2_chooses_the_surest_of_three_whatever_the_prompts_are() -> None:
    scores = np.float32([0.7, 0.9, 0.2])
    assert [Choice(has_single=False).of(3, scores, prompts=count)[0] for count in (1, 2, 9)] == [1, 1, 1]


def test_scores_that_are_no_numbers_lose() -> None:
    scores = np.float32([np.nan, np.nan, 0.1])
    assert Choice(has_single=False).of(3, scores, prompts=1) == (2, pytest.approx(0.1))
    assert Choice(has_single=True).of(1, None, prompts=1) == (0, None)


def test_small_masks_are_known_by_name_or_by_the_fixed_size(tmp_path: Path) -> None:
    named = find_outputs(read_foreign_graph(graphs.decoder(tmp_path / "a")))
    assert [sorted(port.get_names()) for port in named] == [["low_res_masks"], ["iou_predictions"]]
    unnamed = find_outputs(read_foreign_graph(graphs.decoder(tmp_path / "b", outputs=("", "x", "y"))))
    assert [port.get_partial_shape()[-1].is_static for port in unnamed] == [True, True]


def test_a_decoder_without_masks_of_its_own_size_is_refused(tmp_path: Path) -> None:
    decoder = read_foreign_graph(graphs.decoder(tmp_path))
    scores_alone = keep_outputs(decoder, [decoder.output("iou_predictions")])
    with pytest.raises(ModelError, match=r"expected masks in the network's own size \(low_res_masks\)"):
        find_outputs(scores_alone)
