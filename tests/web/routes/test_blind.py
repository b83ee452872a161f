"""Blind pictures over HTTP: nothing of what is hidden comes through, and how much it flatters is told."""

import pytest
from fastapi.testclient import TestClient

from annotator.web.evaluation_work import EvaluationWork
from annotator.web.projects import Projects
from annotator.web.routes.evaluation import evaluation_to_json
from annotator.web.server import build_server
from tests.storage.builders import accept, add_image, block, gesture, suggestion
from tests.web.evaluations import settled

NET = "net@1"


@pytest.fixture
def desk(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        store.add_category("person", id=1)
        yield client, f"/annotator/{key}", store, EvaluationWork(projects), key


def test_what_is_hidden_is_in_no_answer_of_the_server_until_it_is_shown(desk):
    client, base, store, _, _ = desk
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2, score=0.87, source=NET)], by=NET)
    (offered,) = store.instances(image.id)
    assert client.get(f"{base}/blind").json() == {"share": 0, "hidden": [], "measured": []}
    assert client.post(f"{base}/blind", json={"pick": [image.id]}).json()["hidden"] == [image.id]
    document = client.get(f"{base}/images/{image.id}").json()
    assert (document["image"]["blind"], document["instances"]) == (True, [])
    (row,) = client.get(f"{base}/queue").json()["images"]
    assert (row["blind"], row["suggested"], row["scores"]) == (True, 0, "")
    heatmap = client.get(f"{base}/images/{image.id}/heatmaps/{offered.key}")
    for said in (heatmap.text, client.get(f"{base}/insight").text, client.get(f"{base}/statistics").text):
        assert NET not in said
        assert "0.87" not in said
    assert client.post(f"{base}/blind", json={"show": [image.id]}).json()["hidden"] == []
    assert len(client.get(f"{base}/images/{image.id}").json()["instances"]) == 1


@pytest.mark.parametrize(
    "body", [{}, [], {"share": 2}, {"share": True}, {"pick": [1.5]}, {"pick": 1}, {"pick": [], "share": 0}]
)
def test_what_is_no_order_is_refused(desk, body):
    client, base, *_ = desk
    assert client.post(f"{base}/blind", json=body).status_code == 400


def test_the_bias_is_what_is_found_with_suggestions_less_what_is_found_without(desk):
    _, _, store, work, key = desk
    for number in range(50):
        image = add_image(store, b"%d" % number, f"{number}.jpg")
        blind = number % 2 == 0
        if blind:
            store.blind.pick([image.id])
        store.set_suggestions(image.id, [suggestion(2, source=NET)], by=NET)
        # Who sees the suggestion takes it; who does not sees that half of them are a pixel off, and another object.
        drawn = [accept(f"a{number}", rle=block(2 + number % 4 // 2)), accept(f"b{number}", rle=block(12))]
        changes = drawn if blind else [accept(store.instances(image.id)[0].key)]
        store.record(gesture(image, *changes, number=number, reviewed=True))
    (found,) = evaluation_to_json(settled(work, key))["networks"]
    ap, iou = found["bias"]["ap"], found["bias"]["iou"]
    assert (ap["aided"]["pictures"], ap["unaided"]["pictures"]) == (25, 25)
    assert ap["aided"]["value"] == 1
    assert ap["flattery"]["value"] == pytest.approx(1 - ap["unaided"]["value"])
    assert 0.4 < ap["flattery"]["low"] < ap["flattery"]["value"] < ap["flattery"]["high"]
    assert iou["unaided"]["value"] == pytest.approx((13 + 12 * 0.6) / 25, abs=1e-6)
    assert iou["flattery"]["low"] > 0
