"""One picture's document, and the gestures that change it."""

import json

import numpy as np
import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from tests.web.conftest import upload


def suggest(projects, image_id, *, score=0.9):
    store = projects.get(projects.welcome(None))
    mask = np.zeros((48, 64), bool)
    mask[10:20, 10:30] = True
    store.add_category("person")
    store.set_suggestions(image_id, [Suggestion(1, score, mask_to_rle(mask), "known@1")])


def gesture(document, number, verb="accept", state="accepted", **change):
    changes = [
        {"key": item["key"], "category": item["category"], "state": state} | change for item in document["instances"]
    ]
    return {
        "client": "tab",
        "number": number,
        "revision": document["revision"],
        "verb": verb,
        "changes": changes,
    }


def test_a_gesture_is_saved_once_and_shown_again(client, base, projects):
    image_id = upload(client, base)
    suggest(projects, image_id)
    document = client.get(f"{base}/images/{image_id}").json()
    assert document["instances"][0]["state"] == "suggested"
    sent = gesture(document, 1)
    answers = [client.post(f"{base}/images/{image_id}/gestures", json=sent) for _ in range(3)]
    assert [answer.json() for answer in answers] == [{"revision": 1}] * 3
    again = client.get(f"{base}/images/{image_id}").json()
    assert again["revision"] == 1
    assert again["instances"][0]["state"] == "accepted"
    assert again["instances"][0]["score"] == pytest.approx(0.9)


def test_a_stale_gesture_is_refused_with_the_revision_that_is_there(client, base, projects):
    image_id = upload(client, base)
    suggest(projects, image_id)
    document = client.get(f"{base}/images/{image_id}").json()
    client.post(f"{base}/images/{image_id}/gestures", json=gesture(document, 1))
    late = client.post(
        f"{base}/images/{image_id}/gestures", json=gesture(document, 1, "reject", "rejected") | {"client": "other tab"}
    )
    assert late.status_code == 409
    assert late.json()["revision"] == 1
    assert client.get(f"{base}/images/{image_id}").json()["instances"][0]["state"] == "accepted"


def test_a_drawn_polygon_comes_back_with_its_vertices(client, base):
    client.post(f"{base}/categories", json={"name": "person"})
    image_id = upload(client, base)
    document = client.get(f"{base}/images/{image_id}").json()
    parts = [[[[5, 5], [30, 5], [30, 40], [5, 40]], [[10, 10], [20, 10], [20, 20]]]]
    sent = gesture(document, 1, "add")
    sent["changes"] = [{"key": "new-1", "category": 1, "state": "accepted", "parts": parts}]
    assert client.post(f"{base}/images/{image_id}/gestures", json=sent).status_code == 200
    saved = client.get(f"{base}/images/{image_id}").json()["instances"][0]
    assert saved["parts"] == parts
    assert saved["source"] == "manual"
    assert saved["score"] is None


@pytest.mark.parametrize(
    "broken",
    [
        {"verb": "explode"},
        {"number": -1},
        {"number": "1"},
        {"seconds": 10**400},
        {"threshold": 10**400},
        {"threshold": 1.5},
        {"number": 2**53},
        {"client": "\ud800"},
        {"verb": "\ud800"},
        {"revision": None},
        {"client": ""},
        {"client": "x" * 1000},
        {"changes": {}},
        {"changes": [{"key": "k", "category": 1, "state": "accepted"}]},
        {"changes": [{"key": "k", "category": 99, "state": "accepted", "parts": [[[[0, 0], [9, 0], [9, 9]]]]}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "rle": "zzz"}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": [[[[0, 0], [1, "x"], [2, 2]]]]}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": [[[[0, 0], [1e300, 0], [2, 2]]]]}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": []}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": [[]]}]},
        {"changes": [{"key": "../../x", "category": 1, "state": "accepted", "parts": [[[[0, 0], [9, 0], [9, 9]]]]}]},
    ],
)
def test_a_malformed_gesture_changes_nothing(client, base, broken):
    client.post(f"{base}/categories", json={"name": "person"})
    image_id = upload(client, base)
    document = client.get(f"{base}/images/{image_id}").json()
    sent = json.dumps(gesture(document, 1) | broken)
    answer = client.post(f"{base}/images/{image_id}/gestures", content=sent)
    assert answer.status_code == 400, answer.text
    assert "\n" not in answer.json()["error"]
    assert client.get(f"{base}/images/{image_id}").json() == document


def test_a_body_that_is_not_json_is_refused(client, base):
    image_id = upload(client, base)
    answer = client.post(f"{base}/images/{image_id}/gestures", content=b"[" * 100_000)
    assert answer.status_code == 400


def test_an_image_that_was_removed_is_gone(client, base):
    image_id = upload(client, base)
    assert client.delete(f"{base}/images/{image_id}").status_code == 200
    assert client.get(f"{base}/images/{image_id}").status_code == 404
    assert client.get(f"{base}/queue").json()["images"] == []
