"""What two networks agree about and what gets in each other's way, over HTTP, and how it is mended in one order."""

import time

import pytest
from fastapi.testclient import TestClient

from annotator.core.dataset import Suggestion
from annotator.core.vote import Agreement, Vote
from annotator.web.projects import Projects
from annotator.web.server import build_server
from tests.storage.builders import accept, add_image, block, gesture


@pytest.fixture
def desk(tmp_path):
    """A drawn object that a network suggests again, one inside another, and two that overlap; on two pictures."""
    projects = Projects(visitors=tmp_path / "visitors")
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        person = store.add_category("person").id
        for number in range(2):
            image = add_image(store, b"%d" % number, f"{number}.jpg")
            places = [
                (block(2, 2), "both"),
                (block(10, 2), "one"),
                (block(11, 3, 2, 2), "conflict"),
                (block(13, 3), "both"),
            ]
            offered = [
                Suggestion(person, 0.9, rle, "a@1", vote=Vote(Agreement(said), "b@1")) for rle, said in places[number:]
            ]
            store.set_suggestions(image.id, offered)
            drawn = accept(f"drawn{number}", rle=block(2, 2))
            store.record(gesture(store.image(image.id), drawn, number=number, verb="add"))
        yield client, f"/annotator/{key}", store


def counts(client, base, **asked):
    found = client.get(f"{base}/insight/clashes", params=asked).json()
    return {one["kind"]: (one["pairs"], one["images"]) for one in found["kinds"]}, found["instances"]


def test_clashes_are_counted_by_kind_each_with_a_bound_of_its_own(desk):
    client, base, _ = desk
    kinds, instances = counts(client, base)
    assert kinds == {"duplicate": (1, [1]), "contained": (2, [1, 2]), "overlap": (2, [1, 2])}
    assert [(one["kind"], one["part"]) for one in instances][:2] == [("duplicate", 1.0), ("contained", 1.0)]
    assert counts(client, base, overlap=0.3)[0]["overlap"] == (0, [])
    assert counts(client, base, threshold=0.95)[0] == {kind: (0, []) for kind in kinds}
    assert client.get(f"{base}/insight/clashes", params={"overlap": 1.1}).status_code == 400


def test_duplicates_are_mended_by_one_order_and_come_back(desk):
    client, base, _ = desk
    _, before = counts(client, base)
    order = {"verb": "repair", "query": "is:open,accepted", "images": [1], "threshold": 0.5}
    order |= {"repair": {"kind": "duplicates", "pixels": 80}}
    preview = client.post(f"{base}/bulk/preview", json=order).json()
    assert [one["after"] for one in preview["nearest"]] == [""]
    client.post(f"{base}/bulk", json=order | {"as_of": preview["as_of"]})
    run = ended(client, base)
    assert (run["done"], run["emptied"]) == (1, 0)
    assert counts(client, base)[0]["duplicate"] == (0, [])
    client.post(f"{base}/bulk/undo")
    assert ended(client, base)["done"] == 1
    assert counts(client, base)[1] == before


def ended(client, base):
    until = time.monotonic() + 30
    while (run := client.get(f"{base}/bulk").json()["run"])["running"] and time.monotonic() < until:
        time.sleep(0.02)
    assert run["running"] is False
    assert run["error"] is None
    return run


def test_open_suggestions_are_counted_by_agreement(desk):
    client, base, _ = desk
    found = client.get(f"{base}/insight/agreement").json()
    assert found == {"both": 3, "one": 2, "conflict": 2, "silent": 0}
    assert client.get(f"{base}/insight/agreement?threshold=0.95").json() == dict.fromkeys(found, 0)
