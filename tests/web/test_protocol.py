"""What the editor and the server say to each other about one image."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from annotator.core.dataset import Category, Image, Instance, State
from annotator.core.errors import GestureError
from annotator.core.heatmap import HALF, LEVELS
from annotator.core.masks import Rle
from annotator.core.polygons import Part
from annotator.core.prompt import Point, Prompt, Prompted, prompted_to_json
from annotator.core.review import VERBS, require_well_formed
from annotator.core.settings import DEFAULT_THRESHOLD, THRESHOLD
from annotator.core.vote import Agreement, Vote
from annotator.storage.images import FIRST_SCORE
from annotator.storage.store import Store
from annotator.vision.networks.zoo import BUNDLED_MODEL
from annotator.web.assistant import GRABCUT
from annotator.web.protocol import document_to_json, gesture_from_json, instance_to_json, parts_to_json
from tests.storage.builders import HEIGHT, WIDTH, add_image, block

# The editor's tests read this file too (frontend/tests/document/protocol.test.ts): both sides say and mean the same.
GOLDEN = json.loads((Path(__file__).parent / "golden/wire.json").read_text(encoding="utf-8"))
SIDE = 40
MODEL = "starter-person@3"


def said(**change):
    body = {"client": "tab", "number": 0, "revision": 0, "verb": "relabel"}
    changes = [{"key": "n", "category": 1, "state": "accepted", **change}]
    return gesture_from_json(body | {"changes": changes}, image_id=1, who="me", height=HEIGHT, width=WIDTH)


@pytest.mark.parametrize(("crowd", "expected"), [({}, None), ({"crowd": True}, True), ({"crowd": False}, False)])
def test_a_change_says_whether_it_is_a_crowd_or_leaves_that_as_it_is(crowd, expected):
    assert said(**crowd).changes[0].crowd is expected


def test_a_crowd_that_is_no_boolean_is_refused_with_its_place():
    with pytest.raises(GestureError, match=r"gesture\.changes\[0\]\.crowd: 1, expected true or false"):
        said(crowd=1)


@pytest.mark.parametrize("crowd", [True, False])
def test_an_instance_says_whether_it_is_a_crowd(crowd):
    instance = Instance(1, "n", 1, 1, State.ACCEPTED, block(), crowd=crowd)
    assert instance_to_json(instance)["crowd"] is crowd


def rle_of(key):
    return Rle(SIDE, SIDE, next(one["rle"] for one in GOLDEN["document"]["instances"] if one["key"] == key))


def instance(key, category_id, state, **more):
    return Instance(1, key, 7, category_id, state, rle_of(key), **more)


def ring(*points):
    return np.array(points, np.float64)


EDITED = (
    Part(
        ring((10, 10), (30, 10), (30, 30), (10, 30)),
        (ring((14, 14), (18, 14), (18, 18.25), (14, 18)),),
    ),
    Part(ring((34, 34), (36.5, 34), (36, 36))),
)


PROMPTED = Prompted(
    Prompt((Point(13.5, 6), Point(30, 30, belongs=False)), (11.0, 3.0, 17.0, 9.0)), "starter-click@0123456789ab"
)
VOTE = Vote(Agreement.CONFLICT, "security-0002@2023.0", 0.71, 0.875, 91)
SAID = {"flags": ("difficult", "头"), "note": "a note", "locked": True}


def test_the_server_says_the_golden_document():
    store = SimpleNamespace(
        image=lambda _: Image(
            7, "straße 7.jpg", SIDE, SIDE, "0" * 64, prelabelled=True, revision=12, note="front door\nask Anna"
        ),
        setting=lambda _: 0.4,
        blind=SimpleNamespace(is_hidden=lambda _: False),
        twice=SimpleNamespace(take_of=lambda _: None),
        category_manager=SimpleNamespace(version=lambda: "5-2"),
        categories=lambda: [
            Category(1, "person", "person"),
            Category(91, "头盔", "", color="#ff8000", position=0, digit=7, threshold=0.25, also=(3,)),
        ],
        instances=lambda _: [
            instance("suggested", 1, State.SUGGESTED, score=0.84, source=MODEL, vote=VOTE),
            instance("edited", 1, State.ACCEPTED, score=0.61, source=MODEL, edited=True, parts=EDITED),
            instance("drawn", 91, State.ACCEPTED, prompted=PROMPTED),
            instance("imported", 1, State.ACCEPTED, source="import", crowd=True, **SAID),
            instance("rejected", 1, State.REJECTED, score=0.42, source=MODEL),
        ],
    )
    assert document_to_json(store, 7, url="pictures/7") == GOLDEN["document"]


def test_the_server_reads_the_golden_gesture():
    sent = GOLDEN["gesture"]
    gesture = gesture_from_json(sent, image_id=7, who="me", height=SIDE, width=SIDE)
    require_well_formed(gesture)
    names = ("client", "number", "revision", "verb", "reviewed", "threshold", "seconds", "tool", "clicks")
    assert {name: getattr(gesture, name) for name in names} == {name: sent[name] for name in names}
    plain = copy.deepcopy(sent["changes"])
    # Compared as values: they may be packed in more than one way.
    region = plain[4].pop("heatmap")["region"]
    assert [_change_to_json(change) for change in gesture.changes] == plain
    assert [change.heatmap for change in gesture.changes[:4]] == [None] * 4
    assert list(gesture.changes[4].heatmap.region) == region
    assert gesture.changes[4].heatmap.values.tolist() == [[100]]


def test_the_server_means_the_golden_words_and_numbers():
    assert GOLDEN["constants"] == {
        "verbs": sorted(VERBS),
        "states": sorted(State),
        "bundled_model": BUNDLED_MODEL,
        "grabcut": GRABCUT,
        "half": HALF,
        "lowest_level": LEVELS[0],
        "highest_level": LEVELS[-1],
        "first_score": FIRST_SCORE,
    }


def _change_to_json(change):
    said = {
        "key": change.key,
        "category": change.category_id,
        "state": change.state,
        "rle": None if change.rle is None else change.rle.counts,
        "parts": None if change.parts is None else parts_to_json(change.parts),
        "cut": change.level,
        "crowd": change.crowd,
        "prompt": None if change.prompted is None else prompted_to_json(change.prompted),
        "flags": None if change.flags is None else list(change.flags),
        "note": change.note,
        "locked": change.locked,
    }
    return {name: value for name, value in said.items() if value is not None}


@pytest.mark.parametrize("threshold", [0.0, 0.35])
def test_the_threshold_of_a_network_is_the_pages_also_where_it_shows_everything(tmp_path, threshold):
    with Store.open(tmp_path / "project") as store:
        image = add_image(store)
        assert document_to_json(store, image.id, url="x")["threshold"] == DEFAULT_THRESHOLD
        store.set_setting(THRESHOLD, threshold)
        assert document_to_json(store, image.id, url="x")["threshold"] == threshold


def test_a_prompt_is_left_alone_taken_away_or_said():
    assert said().changes[0].prompted is None
    assert said(prompt=None).changes[0].prompted == Prompted()
    assert said(prompt=prompted_to_json(PROMPTED)).changes[0].prompted == PROMPTED


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        (5, "gesture.changes[0].prompt: int, expected an object"),
        ({"by": "a b@1", "points": [[1, 1, 1]]}, "prompt.by: 'a b@1', expected a network's name@hash"),
        ({"by": "a@1"}, "prompt: expected a point or a box"),
        ({"by": "a@1", "points": [[1, 1, 1]] * 201}, "prompt.points: expected a list of at most 200"),
        ({"by": "a@1", "box": [1, 2, 3]}, "prompt.box: expected [x0, y0, x1, y1]"),
    ],
)
def test_a_malformed_prompt_is_refused_with_its_place(prompt, line):
    with pytest.raises(GestureError) as error:
        said(prompt=prompt)
    assert line in str(error.value)
