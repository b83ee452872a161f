"""Prompts and pictures as the graphs take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.errors import ModelError
from annotator.core.prompt import Point, Prompt
from annotator.vision.networks.foreign_graph import read_foreign_graph
from annotator.vision.networks.prompts.contracts import Lay
from annotator.vision.networks.prompts.network import spell
from annotator.vision.networks.prompts.ports import keep_outputs
from annotator.vision.networks.prompts.view import View
from tests.vision.networks.prompts import graphs
from tests.vision.networks.prompts.conftest import Made, photo_of

SIDES = st.integers(1, 9000)


def reference(points: np.ndarray, *, width: int, height: int, lay: str) -> np.ndarray:
    """apply_coords of segment-anything's ResizeLongestSide, and transform_coords of sam2, as they stand there."""
    if lay == "stretch":
        return points / [width, height] * 1024
    scale = 1024 * 1.0 / max(height, width)
    new_height, new_width = int(height * scale + 0.5), int(width * scale + 0.5)
    return np.stack([points[:, 0] * (new_width / width), points[:, 1] * (new_height / height)], axis=-1)


@given(width=SIDES, height=SIDES, shares=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5),
       lay=st.sampled_from(["fit", "stretch"]))  # fmt: skip
def test_points_of_a_picture_of_any_size_land_where_the_publishers_put_them(
    width: int, height: int, shares: list[tuple[float, float]], lay: Lay
) -> None:
    points = np.array(shares) * [width, height]
    view = View.plan((0, 0, width, height), picture=(width, height), side=1024, lay=lay)
    if min(view.content_width, view.content_height) > 1:  # a line of a picture has no content of its own there
        prompt = Prompt(tuple(Point(x, y) for x, y in points.tolist()))
        spelt, labels = spell(prompt, view, pads=False)
        np.testing.assert_allclose(
            spelt[0], reference(points, width=width, height=height, lay=lay), rtol=1e-5, atol=1e-3
        )
        assert labels.tolist() == [[1.0] * len(points)]
    np.testing.assert_allclose(view.to_image(view.to_canvas(points)), points, atol=1e-6)


def test_a_box_is_two_points_and_a_missing_one_is_padded_where_the_contract_says_so() -> None:
    view = View.plan((0, 0, 512, 512), picture=(512, 512), side=1024, lay="fit")
    prompt = Prompt((Point(10, 20), Point(30, 40, belongs=False)), box_xyxy=(1, 2, 3, 4))
    points, labels = spell(prompt, view, pads=True)
    assert points.tolist() == [[[20, 40], [60, 80], [2, 4], [6, 8]]]
    assert labels.tolist() == [[1, 0, 2, 3]]
    points, labels = spell(Prompt((Point(10, 20),)), view, pads=True)
    assert points.tolist() == [[[20, 40], [0, 0]]]
    assert labels.tolist() == [[1, -1]]
    assert spell(Prompt(), view, pads=False)[1].tolist() == [[-1]]


def test_a_picture_is_laid_in_by_its_long_side_normalised_and_padded_with_nothing(made: Made) -> None:
    network = made()
    canvas = network._picture(photo_of(200, 100, 255), network.view(photo_of(200, 100)))
    assert canvas.shape == (1, 3, 1024, 1024)
    white = (255 - np.array([123.675, 116.28, 103.53])) / [58.395, 57.12, 57.375]
    np.testing.assert_allclose(canvas[0, :, 511, 1023], white, rtol=1e-5)
    assert not canvas[:, :, 512:].any()


def test_an_encoder_that_normalises_by_itself_gets_the_picture_as_it_is(made: Made) -> None:
    network = made(encoder={"image": [-1, -1, 3]})
    canvas = network._picture(photo_of(200, 100, 7), network.view(photo_of(200, 100)))
    assert canvas.shape == (1024, 1024, 3)
    assert (canvas[:512] == 7).all()
    np.testing.assert_allclose(canvas[1000, 5], [123.675, 116.28, 103.53], rtol=1e-6)


def test_sam_answers_one_click_with_its_best_guess_and_more_with_its_first_mask(made: Made) -> None:
    network = made(masks=4, scores=(0.5, 0.7, 0.9, 0.8))
    features = network.features(photo_of(512, 512))
    one, score = network.decode(features, Prompt((Point(256, 256),)))
    assert score == pytest.approx(0.9)
    two, score = network.decode(features, Prompt((Point(256, 256), Point(256, 256))))
    assert score == pytest.approx(0.5)
    # Each mask of the made-up network is one lower than the one before it.
    np.testing.assert_allclose(two - one, 2.0)
    _, score = network.decode(features, Prompt(box_xyxy=(10, 10, 90, 90)))
    assert score == pytest.approx(0.9)


def test_a_score_that_is_no_number_is_none(made: Made) -> None:
    network = made(scores=(float("nan"),))
    assert network.decode(network.features(photo_of(64, 64)), Prompt((Point(5, 5),)))[1] is None


def test_an_earlier_mask_goes_in_as_logits_and_is_otherwise_said_to_be_missing(made: Made) -> None:
    network = made(kinds={"has_mask": np.float32})
    features = network.features(photo_of(512, 512))
    earlier = np.full((256, 256), -4, np.float32)
    earlier[200:220, 200:220] = 5
    prompt = Prompt((Point(20, 20),))
    without, _ = network.decode(features, prompt)
    logits, _ = network.decode(features, prompt, earlier)
    assert (without[200:220, 200:220] < 0).all()
    assert (logits[200:220, 200:220] == 5).all()


def test_the_mask_in_the_size_of_the_picture_is_never_computed(tmp_path: Path) -> None:
    decoder = read_foreign_graph(graphs.decoder(tmp_path))
    kept = keep_outputs(decoder, [decoder.output("low_res_masks"), decoder.output("iou_predictions")])
    assert [sorted(port.get_names()) for port in kept.outputs] == [["low_res_masks"], ["iou_predictions"]]
    assert "Interpolate" not in {node.get_type_name() for node in kept.get_ordered_ops()}


def test_a_graph_that_fails_says_so_in_one_line(made: Made) -> None:
    network = made()
    features = network.features(photo_of(64, 64))
    with pytest.raises(ModelError, match=r"^decoder: mask_input takes \[1, 1, 256, 256\], found \[1, 1, 3, 3\]$"):
        network.decode(features, Prompt((Point(5, 5),)), np.zeros((3, 3), np.float32))
