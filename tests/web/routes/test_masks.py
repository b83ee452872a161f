"""Who answers a box: the mask head that knows its category, else a network that answers any box, else GrabCut."""

from __future__ import annotations

import pytest

from annotator.core.masks import Rle, rle_to_mask
from annotator.vision.networks import zoo
from annotator.web.assistant import GRABCUT
from tests.vision.networks.prompts import graphs
from tests.web.conftest import upload

WIDTH, HEIGHT = 600, 400
KNOWN, UNKNOWN = 1, 99


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def ask(client, base):
    image_id = upload(client, base, width=WIDTH, height=HEIGHT)

    def answered(category, box=(100, 100, 300, 200)):
        asked = {"model": "starter-person", "category": category, "box": list(box)}
        answer = client.post(f"{base}/images/{image_id}/mask", json=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return answered


def put(models, **answer):
    """A network that answers any box with what is inside it, or with `answer` everywhere."""
    folder = models / "boxes"
    graphs.encoder(folder)
    graphs.decoder(folder, **answer)
    (folder / "model.toml").write_text('kind = "prompt"\nname = "boxes"\n')


def test_a_category_that_no_mask_head_knows_is_answered_by_a_network_that_answers_any_box(ask, models):
    put(models)
    answer = ask(UNKNOWN)
    assert answer["by"] == "boxes"
    mask = rle_to_mask(Rle(HEIGHT, WIDTH, answer["rle"]))
    assert mask[150, 200]
    assert not mask[150, 330]
    assert answer["heatmap"]["size"] > 20


def test_a_mask_head_that_knows_the_category_is_asked_first(ask, models):
    put(models)
    assert ask(KNOWN)["by"] != GRABCUT


def test_without_one_of_ones_own_it_is_the_bundled_one(ask):
    assert ask(UNKNOWN)["by"] == "starter-click"


def test_without_any_such_network_it_is_grabcut(ask, monkeypatch):
    monkeypatch.setattr(zoo, "list_prompts", tuple)
    assert ask(UNKNOWN)["by"] == GRABCUT


@pytest.mark.parametrize("answer", [float("nan"), -5.0], ids=["no number", "nothing"])
def test_where_it_fails_or_finds_nothing_it_is_grabcut_too(ask, models, answer):
    put(models, answer=answer)
    assert ask(UNKNOWN)["by"] == GRABCUT


def test_a_box_beside_the_picture_is_answered_as_before(ask, models):
    put(models)
    assert ask(UNKNOWN, box=(5000, 5000, 5100, 5100))["by"] == GRABCUT
