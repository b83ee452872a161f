"""Clicks and boxes over HTTP: what is answered, and what is refused in one line."""

from __future__ import annotations

import base64
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from annotator.core.heatmap import unpack
from annotator.core.masks import Rle, rle_area, rle_to_mask
from annotator.vision.networks import zoo
from tests.vision.networks.prompts import graphs
from tests.web.conftest import upload

WIDTH, HEIGHT = 600, 400


@pytest.fixture(autouse=True)
def networks(tmp_path, monkeypatch):
    """`disks` answers with disks around clicks; `broken` with what is no number, `empty` with nothing."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    for name, answer in (("disks", None), ("broken", float("nan")), ("empty", -5.0)):
        folder = tmp_path / "models" / name
        graphs.encoder(folder)
        graphs.decoder(folder, answer=answer)
        (folder / "model.toml").write_text(f'kind = "prompt"\nname = "{name}"\n')


@pytest.fixture
def image_id(client, base):
    return upload(client, base, width=WIDTH, height=HEIGHT)


@pytest.fixture
def ask(client, base, image_id):
    def answered(status=200, image_id=image_id, **asked):
        said = {name: value for name, value in ({"model": "disks"} | asked).items() if value is not None}
        answer = client.post(f"{base}/images/{image_id}/prompt", json=said)
        assert answer.status_code == status, answer.text
        return answer.json()

    return answered


def mask_of(answer):
    return rle_to_mask(Rle(HEIGHT, WIDTH, answer["rle"]))


def test_a_click_is_answered_with_mask_heatmap_and_who_made_it(ask):
    answer = ask(points=[[450, 100, 1]], number=7)
    assert answer["number"] == 7
    assert re.fullmatch("disks@[0-9a-f]{12}", answer["by"])
    assert answer["score"] == pytest.approx(0.9)
    mask = mask_of(answer)
    assert mask[100, 450]
    assert not mask[300, 100]
    heatmap = answer["heatmap"]
    assert heatmap["half"] in (None, answer["rle"])
    values = unpack(base64.b64decode(heatmap["values"]), size=heatmap["size"])
    assert values.max() > 95


def test_a_later_click_corrects_what_the_answer_before_it_was(ask):
    first = ask(points=[[450, 100, 1]])
    points = [[450, 100, 1], [100, 300, 1]]
    for earlier in ({"heatmap": first["heatmap"]}, {"rle": first["rle"]}, {}):
        mask = mask_of(ask(points=points, **earlier))
        assert mask[100, 450]
        assert mask[300, 100]


def test_a_mask_alone_can_be_asked_about(ask):
    first = ask(points=[[450, 100, 1]])
    again = ask(rle=first["rle"])
    overlap = mask_of(first) & mask_of(again)
    assert overlap.sum() > 0.9 * rle_area(Rle(HEIGHT, WIDTH, first["rle"]))


def test_a_box_is_answered(ask):
    mask = mask_of(ask(box=[100, 100, 300, 200]))
    assert mask[150, 200]
    assert not mask[150, 330]


def test_asked_for_soon_it_only_gets_ready(ask):
    answer = ask(soon=True, number=3)
    assert (answer["number"], answer["ready"], answer["by"][:6]) == (3, True, "disks@")


def test_without_a_name_the_network_that_somebody_added_is_asked(ask, tmp_path):
    shutil.rmtree(tmp_path / "models" / "broken")
    shutil.rmtree(tmp_path / "models" / "empty")
    assert ask(model=None, points=[[450, 100, 1]])["by"].startswith("disks@")


def test_the_networks_that_are_here_are_named(client, base):
    answer = client.get(f"{base}/prompts").json()
    assert {"disks", "broken", "empty"} <= {one["name"] for one in answer["networks"]}
    assert answer["offered"] in {"disks", "broken", "empty"}, "what somebody added comes before the bundled one"
    assert "mobile-sam" not in {one["name"] for one in answer["networks"]}


def test_where_no_network_answers_clicks_it_is_said(ask, monkeypatch):
    monkeypatch.setattr(zoo, "list_prompts", tuple)
    assert ask(model=None, soon=True) == {"number": 0, "ready": False, "by": None}
    assert "no network that answers clicks is here" in ask(400, model=None, points=[[5, 5, 1]])["error"]


def test_nothing_found_is_no_error(ask):
    answer = ask(model="empty", points=[[5, 5, 1]])
    assert (answer["rle"], answer["heatmap"]) == (None, None)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"points": [[700, 20, 1]]}, "points[0] [700, 20] lies outside the picture of 600 x 400"),
        ({"points": [[1, 2]]}, "prompt.points[0]: expected [x, y, 1 where it belongs"),
        ({"points": [[1, 2, 3]]}, "prompt.points[0]: expected [x, y, 1 where it belongs"),
        ({"points": [["1", 2, 1]]}, "prompt.points[0]: expected"),
        ({"points": {"x": 1}}, "prompt.points: expected a list of at most 200"),
        ({"points": [[1, 2, 1]] * 201}, "prompt.points: expected a list of at most 200"),
        ({"box": [10, 10, 10, 50]}, "box [10.0, 10.0, 10.0, 50.0] holds nothing"),
        ({"box": [1, 2, 3]}, "prompt.box: expected [x0, y0, x1, y1]"),
        ({"box": [0, 0, 1e9, 1e9]}, "prompt.box: expected [x0, y0, x1, y1]"),
        ({}, "nothing is said of the object"),
        ({"points": [[5, 5, 1]], "rle": "zzzz"}, "prompt.rle: "),
        ({"points": [[5, 5, 1]], "rle": 5}, "prompt.rle: expected COCO's compressed counts"),
        ({"points": [[5, 5, 1]], "heatmap": []}, "prompt.heatmap: list, expected an object"),
        ({"points": [[5, 5, 1]], "model": "unknown"}, "model 'unknown': not known, there are "),
        ({"points": [[5, 5, 1]], "model": "starter-person"}, "'starter-person': finds objects by itself"),
        ({"points": [[5, 5, 1]], "model": "mobile-sam"}, "mobile-sam: not here yet, fetch it first"),
        ({"points": [[5, 5, 1]], "model": "broken"}, "broken: answers with values that are no numbers"),
        ({"points": [[5, 5, 1]], "number": -1}, "prompt.number: -1, expected a whole number"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_cannot_be_answered_is_refused_in_one_line(ask, asked, said):
    error = ask(400, **asked)["error"]
    assert said in error
    assert "\n" not in error


def test_a_picture_that_is_not_there_is_not_found(ask):
    ask(404, image_id=77, points=[[1, 1, 1]])


def test_whoever_clicks_faster_than_the_server_answers_is_told_so_and_the_rest_is_answered(client, base, image_id, ask):
    asked = {"model": "disks", "points": [[450, 100, 1]]}

    def click(_):
        return client.post(f"{base}/images/{image_id}/prompt", json=asked).status_code

    with client, ThreadPoolExecutor(60) as pool:  # one event loop for all of them, as a server has
        ask(soon=True)
        answers = list(pool.map(click, range(60)))
    assert set(answers) <= {200, 507}
    assert answers.count(200) >= 20
