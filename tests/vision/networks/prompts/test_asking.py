"""What a click means, from the whole picture or from close by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annotator.core.errors import GeometryError, ModelError
from annotator.core.masks import mask_to_rle, rle_area, rle_box_xyxy, rle_to_mask
from annotator.core.prompt import MAX_POINTS, Point, Prompt
from annotator.vision.networks.prompts.asking import Earlier, ask, close_crop
from tests.vision.networks.prompts.conftest import Made, ask_anew, photo_of
from tests.vision.networks.prompts.test_contracts import EXPORTS

CLOSE: dict[str, Any] = EXPORTS["starter-click"]


def test_a_click_is_answered_around_it(made: Made) -> None:
    answer = ask_anew(made(), photo_of(800, 600), Prompt((Point(500, 200),)))
    assert answer is not None
    x0, y0, x1, y1 = rle_box_xyxy(answer.rle)
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((500, 200), abs=3)


def test_a_box_is_answered_inside_it(made: Made) -> None:
    answer = ask_anew(made(), photo_of(800, 600), Prompt(box_xyxy=(100, 150, 300, 450)))
    assert answer is not None
    assert rle_box_xyxy(answer.rle) == pytest.approx((100, 150, 300, 450), abs=4)


def test_an_earlier_mask_and_its_heatmap_are_part_of_the_answer(made: Made) -> None:
    network, photo = made(), photo_of(512, 512)
    first = ask_anew(network, photo, Prompt((Point(400, 100),)))
    assert first is not None
    prompt = Prompt((Point(100, 400),))
    for earlier in (Earlier(first.rle), Earlier(first.rle, first.heatmap)):
        second = ask_anew(network, photo, prompt, earlier=earlier)
        assert second is not None
        mask = rle_to_mask(second.rle)
        assert mask[100, 400]
        assert mask[400, 100]


def test_a_quick_encoder_looks_again_from_close_by(made: Made) -> None:
    network, photo = made(**CLOSE), photo_of(1920, 1080)
    looked: list[Any] = []

    def features_of(crop: Any) -> Any:
        looked.append(crop)
        return network.features(photo, crop)

    mask = np.zeros((1080, 1920), bool)
    mask[500:540, 900:960] = True
    prompt = Prompt((Point(930, 520),))
    answer = ask(network, photo, prompt, earlier=Earlier(mask_to_rle(mask)), features_of=features_of)
    assert answer is not None
    [(left, top, right, bottom)] = looked
    assert left < 900 < 960 < right
    assert top < 500 < 540 < bottom
    assert right - left < 200
    looked.clear()
    ask(network, photo, prompt, features_of=features_of)
    assert looked[0] is None  # nothing is known of the size of what was clicked


def test_a_mask_that_changes_a_little_is_looked_at_in_the_same_crop(made: Made) -> None:
    network, picture = made(**CLOSE), photo_of(1920, 1080)
    crops = {close_crop(network, picture, (900 + shift, 500, 960 + 2 * shift, 540)) for shift in (0, 1, 2)}
    assert len(crops) == 1


def test_a_lone_first_click_is_answered_with_caution(made: Made) -> None:
    network, photo = made(**CLOSE, answer=0.2), photo_of(64, 64)
    first = ask_anew(network, photo, Prompt((Point(30, 30),)))
    assert first is not None
    boxed = ask_anew(network, photo, Prompt((Point(30, 30),), (10, 10, 50, 50)))
    assert boxed is not None
    assert rle_area(first.rle) < rle_area(boxed.rle) == 64 * 64


def test_a_slow_encoder_looks_once(made: Made) -> None:
    looked: list[Any] = []
    network, photo = made(), photo_of(1920, 1080)

    def features_of(crop: Any) -> Any:
        looked.append(crop)
        return network.features(photo, crop)

    ask(network, photo, Prompt(box_xyxy=(900, 500, 960, 540)), features_of=features_of)
    assert looked == [None]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (Prompt((Point(5, 5), Point(700, 20))), r"points\[1\] \[700, 20\] lies outside the picture of 640 x 480"),
        (Prompt((Point(-1, 5),)), r"points\[0\] \[-1, 5\] lies outside"),
        (Prompt((Point(float("nan"), 5),)), r"points\[0\] \[nan, 5\] lies outside"),
        (Prompt(box_xyxy=(10, 10, 10, 50)), r"box \[10, 10, 10, 50\] holds nothing"),
        (Prompt(box_xyxy=(700, 10, 800, 50)), r"box .* holds nothing of the picture of 640 x 480"),
        (Prompt((Point(1, 1),) * (MAX_POINTS + 1)), f"points {MAX_POINTS + 1} points, expected at most {MAX_POINTS}"),
        (Prompt(), "prompt nothing is said of the object"),
    ],
)
def test_what_the_picture_cannot_hold_is_refused(prompt: Prompt, said: str, made: Made) -> None:
    with pytest.raises(GeometryError, match=said):
        ask_anew(made(), photo_of(640, 480), prompt)


def test_many_and_contradicting_points_are_answered(made: Made) -> None:
    network, photo = made(), photo_of(640, 480)
    points = tuple(Point(100 + 2 * index, 200) for index in range(100))
    answer = ask_anew(network, photo, Prompt(points))
    assert answer is not None
    assert rle_area(answer.rle) > 198 * 30
    here = Point(50, 50), Point(50, 50, belongs=False)
    assert ask_anew(network, photo, Prompt(here)) is None


def test_a_network_that_answers_no_number_is_an_error_and_an_empty_mask_is_not(made: Made) -> None:
    photo, prompt = photo_of(64, 64), Prompt((Point(5, 5),))
    with pytest.raises(ModelError, match="broken: answers with values that are no numbers"):
        ask_anew(made("broken", answer=float("nan")), photo, prompt)
    assert ask_anew(made("empty", answer=-3.0), photo, prompt) is None


def test_an_earlier_mask_without_a_pixel_is_none(made: Made) -> None:
    photo = photo_of(64, 64)
    nothing = Earlier(mask_to_rle(np.zeros((64, 64), bool)))
    assert ask_anew(made(), photo, Prompt((Point(30, 30),)), earlier=nothing) is not None


def test_what_a_small_network_forgets_of_a_repaired_mask_stays(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    network, photo = made(**CLOSE), photo_of(512, 512)
    side = network.mask_side
    logits = np.full((side, side), -3, np.float32)
    logits[: side // 4, : side // 4] = logits[-side // 4 :, -side // 4 :] = 3
    monkeypatch.setattr(network, "decode", lambda *said: (logits, None))
    mask = np.zeros((512, 512), bool)
    mask[150:350, 150:350] = True
    prompt = Prompt((Point(20, 20),))
    areas = []
    for is_repaired in (False, True):
        answer = ask_anew(network, photo, prompt, earlier=Earlier(mask_to_rle(mask), is_repaired=is_repaired))
        assert answer is not None
        found = rle_to_mask(answer.rle)
        areas.append([found[20, 20], found[450, 450], found[250, 250]])
    assert areas == [[True, True, False], [True, False, True]]
