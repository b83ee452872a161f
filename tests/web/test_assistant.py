"""The mask inside a dragged box: what is computed before it is asked for."""

import cv2
import numpy as np
import pytest

from annotator.storage.store import Store
from annotator.system import paths
from annotator.vision.networks.mask_head import MaskHead
from annotator.vision.pictures import decode
from annotator.web.assistant import GRABCUT, MaskAssistant

MODEL = "starter-person"
BOX = (2100.0, 1210.0, 2270.0, 1380.0)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    with Store.open(tmp_path / "project") as store:
        yield store


@pytest.fixture
def image(store):
    """A large grey picture with people 180 pixels high."""
    people = decode.read(paths.EXAMPLES / "apollo-11-crew.jpg").pixels
    large = np.full((1800, 2400, 3), 96, np.uint8)
    large[1200:1380, 2100:2280] = cv2.resize(people, (180, 180), interpolation=cv2.INTER_AREA)
    content = cv2.imencode(".png", large[..., ::-1])[1].tobytes()
    return store.add_image(content, file_name="large.png", width=2400, height=1800)


@pytest.fixture
def runs(monkeypatch):
    """A list that grows with every run of a backbone."""
    seen = []
    features = MaskHead.features
    monkeypatch.setattr(
        MaskHead, "features", lambda head, photo: (seen.append(photo.pixels.shape), features(head, photo))[1]
    )
    return seen


def mask(assistant, store, image, box, *, category_id, model):
    """As a page is answered where no promptable network is here."""
    found = assistant.by_head(store, image, box, category_id=category_id, model=model)
    return found or assistant.by_grabcut(store, image, box)


def test_a_box_that_was_prepared_for_waits_for_no_backbone(store, image, runs):
    assistant = MaskAssistant()
    assistant.prepare(store, image, model=MODEL)
    assistant.prepare(store, image, model=MODEL, box_xyxy=(2110, 1220, 2260, 1370))
    assert len(runs) == 2
    found = mask(assistant, store, image, BOX, category_id=1, model=MODEL)
    assert (found.by, len(runs)) == (MODEL, 2)
    alone = mask(MaskAssistant(), store, image, BOX, category_id=1, model=MODEL)
    apart = np.abs(found.heatmap.values.astype(int) - alone.heatmap.values).mean()
    assert apart < 12


def test_a_box_elsewhere_or_on_another_picture_has_its_own(store, image, runs):
    assistant = MaskAssistant()
    mask(assistant, store, image, BOX, category_id=1, model=MODEL)
    mask(assistant, store, image, (300, 300, 470, 470), category_id=1, model=MODEL)
    content = cv2.imencode(".png", np.full((1800, 2400, 3), 7, np.uint8))[1].tobytes()
    other = store.add_image(content, file_name="other.png", width=2400, height=1800)
    mask(assistant, store, other, BOX, category_id=1, model=MODEL)
    assert len(runs) == 3


def test_what_no_network_knows_needs_none(store, image, runs):
    assistant = MaskAssistant()
    assert mask(assistant, store, image, BOX, category_id=99, model=MODEL).by == GRABCUT
    assert runs == []
