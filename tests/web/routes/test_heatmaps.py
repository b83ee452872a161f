"""Heatmaps between editor and server: asked for one by one, brought by what a box found, cut and verified."""

import base64

import numpy as np
import pytest

from annotator.core.dataset import Suggestion
from annotator.core.heatmap import Heatmap, pack, unpack
from annotator.core.masks import Rle
from tests.web.conftest import png

WIDTH, HEIGHT = 64, 48
VALUES = np.minimum.outer(np.arange(10, 90, 10), np.arange(10, 90, 10)).astype(np.uint8)
KEPT = Heatmap(VALUES, 10, 5, 40, 30)
PACKED = base64.b64encode(pack(VALUES)).decode()
WIRE = {"region": [10, 5, 40, 30], "size": 8, "values": PACKED, "half": None}


@pytest.fixture
def image_id(client, base, projects):
    """A picture with one suggestion that has a heatmap."""
    added = client.post(f"{base}/images", params={"name": "one.png"}, content=png()).json()["id"]
    store = projects.get(projects.welcome(None))
    store.add_category("person")
    rle = KEPT.at(50, height=HEIGHT, width=WIDTH)
    store.set_suggestions(added, [Suggestion(1, 0.9, rle, "known@1", KEPT)])
    return added


def send(client, base, image_id, number=1, **change):
    document = client.get(f"{base}/images/{image_id}").json()
    known = {"key": document["instances"][0]["key"], "category": 1, "state": "accepted"}
    sent = {"client": "tab", "number": number, "revision": document["revision"], "verb": "edit"}
    return client.post(f"{base}/images/{image_id}/gestures", json=sent | {"changes": [known | change]})


def test_a_heatmap_is_asked_for_by_its_instance(client, base, image_id):
    document = client.get(f"{base}/images/{image_id}").json()
    (one,) = document["instances"]
    assert "heatmap" not in one
    found = client.get(f"{base}/images/{image_id}/heatmaps/{one['key']}").json()["heatmap"]
    assert found == WIRE | {"half": one["rle"]}
    assert client.get(f"{base}/images/{image_id}/heatmaps/unknown").json() == {"heatmap": None}
    assert client.get(f"{base}/images/77/heatmaps/{one['key']}").status_code == 404
    assert client.get(f"/annotator/another/images/{image_id}/heatmaps/{one['key']}").status_code == 404


def test_a_cut_is_saved_if_it_is_the_servers_own(client, base, image_id, projects):
    rle = KEPT.at(35, height=HEIGHT, width=WIDTH).counts
    refused = send(client, base, image_id, rle=rle, cut=36)
    assert (refused.status_code, "not its heatmap at level 0.36" in refused.json()["error"]) == (400, True)
    assert send(client, base, image_id, rle=rle, cut=35).status_code == 200
    (decision,) = projects.get(projects.welcome(None)).decisions()
    assert (decision.verb, decision.level, decision.rle.counts) == ("edit", 35, rle)


def test_what_a_box_found_brings_its_heatmap(client, base, image_id):
    rle = KEPT.at(50, height=HEIGHT, width=WIDTH).counts
    assert send(client, base, image_id, key="new", rle=rle, heatmap=WIRE | {"half": "ignored"}).status_code == 200
    assert client.get(f"{base}/images/{image_id}/heatmaps/new").json()["heatmap"] == WIRE


@pytest.mark.parametrize(
    "broken",
    [
        {"cut": 0},
        {"cut": 100},
        {"cut": 0.5},
        {"cut": "50"},
        {"cut": True},
        {"heatmap": []},
        {"heatmap": WIRE | {"size": 7}},
        {"heatmap": WIRE | {"size": 10**6}},
        {"heatmap": WIRE | {"size": 8.0}},
        {"heatmap": WIRE | {"values": "%%%"}},
        {"heatmap": WIRE | {"values": "ж"}},
        {"heatmap": WIRE | {"values": None}},
        {"heatmap": WIRE | {"values": "A" * 10**6}},
        {"heatmap": WIRE | {"values": base64.b64encode(pack(VALUES + 30)).decode()}},
        {"heatmap": WIRE | {"region": [0, 0, 0, 5]}},
        {"heatmap": WIRE | {"region": [0, 0, 2**40, 5]}},
        {"heatmap": WIRE | {"region": [0, 0, 5.0, 5]}},
        {"heatmap": WIRE | {"region": [0, 0, True, 5]}},
        {"heatmap": WIRE | {"region": [0, 0, 5]}},
        {"heatmap": {}},
    ],
    ids=lambda broken: str(broken)[:60],
)
def test_a_malformed_cut_or_heatmap_changes_nothing(client, base, image_id, broken):
    rle = KEPT.at(50, height=HEIGHT, width=WIDTH).counts
    answer = send(client, base, image_id, **({"rle": rle, "key": "new"} | broken))
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]
    assert client.get(f"{base}/images/{image_id}").json()["revision"] == 0


def test_a_box_is_answered_with_what_its_mask_was_cut_from(client, base, tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    image_id = client.post(f"{base}/example").json()["id"]
    client.post(f"{base}/categories", json={"name": "person"})
    image = client.get(f"{base}/images/{image_id}").json()["image"]
    box = [40, 10, 420, 500]
    asked = {"model": "starter-person", "category": 1, "box": box}
    found = client.post(f"{base}/images/{image_id}/mask", json=asked).json()
    wire = found["heatmap"]
    heatmap = Heatmap(unpack(base64.b64decode(wire["values"]), size=wire["size"]), *wire["region"])
    expected = Rle(image["height"], image["width"], found["rle"])
    assert found["by"] == "starter-person"
    assert heatmap.at(50, height=image["height"], width=image["width"]) == expected


def test_in_the_place_of_a_network_that_is_gone_the_bundled_one_prepares_and_answers(
    client, base, tmp_path, monkeypatch
):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    image_id = client.post(f"{base}/example").json()["id"]
    client.post(f"{base}/categories", json={"name": "person"})
    asked = {"model": "gone", "category": 1, "box": [40, 10, 420, 500]}
    prepared = client.post(f"{base}/images/{image_id}/mask", json=asked | {"box": None, "soon": True})
    assert (prepared.status_code, prepared.json()) == (200, {})
    assert client.post(f"{base}/images/{image_id}/mask", json=asked).json()["by"] == "starter-person"
