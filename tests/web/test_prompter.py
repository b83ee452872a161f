"""Promptable networks over projects: what is looked at, and when."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from annotator.core.errors import ModelError
from annotator.core.masks import rle_box_xyxy
from annotator.core.prompt import Point, Prompt
from annotator.storage.store import Store
from annotator.vision.networks.prompts.asking import Earlier
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.web import pictures
from annotator.web.prompter import Prompter
from tests.vision.networks.prompts import graphs
from tests.vision.networks.prompts.test_contracts import EXPORTS

PROMPT = Prompt((Point(300, 200),))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A project, and the networks `slow` and `quick` to ask in it."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    for name, export in (("slow", {}), ("quick", EXPORTS["starter-click"])):
        folder = tmp_path / "models" / name
        graphs.encoder(folder, **export.get("encoder", {}))
        graphs.decoder(folder, **{key: value for key, value in export.items() if key != "encoder"})
        (folder / "model.toml").write_text(f'kind = "prompt"\nname = "{name}"\n')
    with Store.open(tmp_path / "project") as opened:
        yield opened


@pytest.fixture
def image(store):
    content = cv2.imencode(".png", np.full((400, 600, 3), 96, np.uint8))[1].tobytes()
    return store.add_image(content, file_name="grey.png", width=600, height=400)


@pytest.fixture
def looks(monkeypatch):
    """A list that grows with each run of an encoder, by what it looked at."""
    seen = []
    features = PromptNetwork.features
    monkeypatch.setattr(
        PromptNetwork, "features", lambda net, photo, crop=None: (seen.append(crop), features(net, photo, crop))[1]
    )
    return seen


def test_a_picture_is_looked_at_once_and_each_click_is_answered_from_that(store, image, looks):
    prompter = Prompter()
    assert not prompter.is_ready(store, image, model="slow")
    prompter.prepare(store, image, model="slow")
    assert prompter.is_ready(store, image, model="slow")
    for _ in range(3):
        answer = prompter.answer(store, image, PROMPT, model="slow")
        x0, y0, x1, y1 = rle_box_xyxy(answer.rle)
        assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((300, 200), abs=3)
    assert looks == [None]


def test_the_next_server_takes_up_what_was_looked_at(store, image, looks):
    first = Prompter()
    first.prepare(store, image, model="slow")
    before = first.answer(store, image, PROMPT, model="slow")
    second = Prompter()
    second.prepare(store, image, model="slow")
    after = second.answer(store, image, PROMPT, model="slow", earlier=Earlier(before.rle, before.heatmap))
    assert looks == [None]
    assert after.rle == before.rle


def test_a_deleted_picture_takes_its_features_along(store, image):
    Prompter().prepare(store, image, model="slow")
    assert len(list((store.folder / "features").iterdir())) == 1
    pictures.forget(store, [image])
    assert list((store.folder / "features").iterdir()) == []


def test_a_crop_is_kept_for_the_next_click(store, image, looks):
    prompter = Prompter()
    box = Prompt(box_xyxy=(290, 190, 310, 210))
    prompter.answer(store, image, box, model="quick")
    prompter.answer(store, image, box, model="quick")
    assert len(looks) == 1
    assert looks[0] is not None


def test_a_slow_look_holds_up_no_click_on_another_picture(store, image, monkeypatch):
    prompter = Prompter()
    prompter.prepare(store, image, model="slow")
    content = cv2.imencode(".png", np.full((40, 60, 3), 7, np.uint8))[1].tobytes()
    other = store.add_image(content, file_name="other.png", width=60, height=40)
    looking, go_on = threading.Event(), threading.Event()
    features = PromptNetwork.features

    def slow(network, photo, crop=None):
        looking.set()
        assert go_on.wait(20)
        return features(network, photo, crop)

    monkeypatch.setattr(PromptNetwork, "features", slow)
    thread = threading.Thread(target=prompter.prepare, args=(store, other), kwargs={"model": "slow"})
    thread.start()
    assert looking.wait(20)
    assert prompter.answer(store, image, PROMPT, model="slow") is not None
    go_on.set()
    thread.join()
    assert prompter.is_ready(store, other, model="slow")


def test_a_network_that_is_not_here_says_how_to_fetch_it(store, image):
    with pytest.raises(ModelError, match="mobile-sam: not here yet, fetch it first: annotator models fetch mobile-sam"):
        Prompter().prepare(store, image, model="mobile-sam")
