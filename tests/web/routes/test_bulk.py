"""Decisions about many instances over HTTP: looked at, carried out, watched, taken back."""

import time

import pytest
from fastapi.testclient import TestClient

from annotator.core.dataset import Suggestion
from annotator.core.errors import GestureError
from annotator.storage import bulk
from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing.limits import Limits
from tests.storage.builders import add_image, block


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A visitor's project of five pictures with two suggestions each: client, address of bulks, store."""
    monkeypatch.setattr(bulk, "STRETCH", 1)
    projects = Projects(visitors=tmp_path / "visitors", limits=Limits(project_mb=5))
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        person = store.add_category("person").id
        for number in range(5):
            image = add_image(store, f"{number}".encode(), f"{number}.jpg")
            offered = [Suggestion(person, score, block(x), "known@1") for x, score in ((2, 0.9), (9, 0.4))]
            store.set_suggestions(image.id, offered)
        yield client, f"/annotator/{key}/bulk", store


def states(store):
    return [one.state.value for image in store.images() for one in store.instances(image.id)]


def ended(client, base):
    """The status once nothing runs any more."""
    patience = time.monotonic() + 30
    while (found := client.get(base).json())["run"]["running"] and time.monotonic() < patience:
        time.sleep(0.02)
    return found


def test_it_is_looked_at_carried_out_and_taken_back(desk):
    client, base, store = desk
    order = {"verb": "accept", "query": "score:0.3.. -#5", "threshold": 0.5}
    found = client.post(f"{base}/preview", json=order).json()
    assert (found["instances"], found["images"]) == (8, 4)
    assert [one["score"] for one in found["nearest"]] == [0.4] * 4 + [0.9] * 4
    assert states(store) == ["suggested"] * 10, "nothing is decided yet"
    started = client.post(base, json=order | {"as_of": found["as_of"]})
    assert started.status_code == 200
    status = ended(client, base)
    assert status["run"] == {
        "undoes": False,
        "verb": "accept",
        "total": 8,
        "done": 8,
        "passed_over": 0,
        "names": [],
        "removed": 0,
        "removed_names": [],
        "emptied": 0,
        "emptied_names": [],
        "running": False,
        "cancelled": False,
        "error": None,
    }
    assert (status["last"]["verb"], status["last"]["query"], status["last"]["done"]) == ("accept", "score:0.3.. -#5", 8)
    assert states(store) == ["accepted"] * 8 + ["suggested"] * 2
    assert client.post(f"{base}/undo").status_code == 200
    assert ended(client, base) == {"run": status["run"] | {"undoes": True, "verb": None}, "last": None}
    assert states(store) == ["suggested"] * 10
    assert client.post(f"{base}/undo").status_code == 404


def test_one_at_a_time_and_a_cancelled_one_can_be_taken_back(desk, monkeypatch):
    client, base, store = desk
    waiting = bulk._decide

    def slowly(*given, **named):
        time.sleep(0.2)
        waiting(*given, **named)

    monkeypatch.setattr(bulk, "_decide", slowly)
    order = {
        "verb": "reject",
        "query": "score:0.3..",
        "as_of": client.post(f"{base}/preview", json={"verb": "reject", "query": ""}).json()["as_of"],
    }
    client.post(base, json=order)
    second = client.post(base, json=order)
    assert (second.status_code, second.json()["error"]) == (
        400,
        "a decision about many instances is at work already: wait for it, or cancel it",
    )
    client.post(f"{base}/cancel")
    status = ended(client, base)
    assert status["run"]["cancelled"]
    assert 0 < status["run"]["done"] < 10
    client.post(f"{base}/undo")
    ended(client, base)
    assert states(store) == ["suggested"] * 10


def test_what_was_removed_after_the_preview_is_named_and_counted_in(desk):
    client, base, store = desk
    order = {"verb": "accept", "query": "score:0.3.."}
    as_of = client.post(f"{base}/preview", json=order).json()["as_of"]
    store.remove_image(2)
    store.worklist.mark_reviewed([4], True, who="somebody else")
    store.set_suggestions(5, [Suggestion(1, 0.7, block(4), "newer@1")])
    assert client.post(base, json=order | {"as_of": as_of}).json()["run"]["total"] == 10
    run = ended(client, base)["run"]
    assert (run["total"], run["removed"], run["removed_names"]) == (10, 1, ["1.jpg"])
    assert run["names"][0] == "3.jpg"
    accepted = {image.id: [one.state.value for one in store.instances(image.id)] for image in store.images()}
    assert accepted[1] == accepted[3] == ["accepted"] * 2
    assert accepted[4] == ["suggested"] * 2
    assert run["names"] == ["3.jpg", "4.jpg"]
    store.restore_image(2)
    assert [one.state.value for one in store.instances(2)] == ["suggested"] * 2


def test_an_undo_that_was_stopped_is_told_with_what_it_took_back_and_goes_on(desk, monkeypatch):
    client, base, store = desk
    order = {"verb": "reject", "query": "score:0.3.."}
    client.post(base, json=order | {"as_of": client.post(f"{base}/preview", json=order).json()["as_of"]})
    assert ended(client, base)["last"]["undone"] == 0
    waiting = bulk.take_back

    def slowly(*given, **named):
        time.sleep(0.2)
        waiting(*given, **named)

    monkeypatch.setattr(bulk, "take_back", slowly)
    client.post(f"{base}/undo")
    client.post(f"{base}/cancel")
    undone = ended(client, base)["last"]["undone"]
    assert 0 < undone == states(store).count("suggested") < 10
    assert client.post(f"{base}/undo").json()["run"]["total"] == 10 - undone
    status = ended(client, base)
    assert (status["run"]["done"], status["run"]["passed_over"], status["last"]) == (10 - undone, 0, None)
    assert states(store) == ["suggested"] * 10


def test_one_that_broke_off_goes_on_and_there_is_nothing_to_go_on_with_after_that(desk, monkeypatch):
    client, base, store = desk
    order = {"verb": "accept", "query": "score:0.3.."}
    deciding, calls = bulk._decide, []

    def broken(*given, **named):
        calls.append(named)
        if len(calls) == 3:
            raise GestureError("the disk is full")
        deciding(*given, **named)

    monkeypatch.setattr(bulk, "_decide", broken)
    client.post(base, json=order | {"as_of": client.post(f"{base}/preview", json=order).json()["as_of"]})
    status = ended(client, base)
    assert (status["run"]["error"], status["last"]["done"], status["last"]["can_go_on"]) == (
        "the disk is full",
        4,
        True,
    )
    assert client.post(f"{base}/continue").json()["run"]["total"] == 10
    status = ended(client, base)
    assert (status["run"]["done"], status["last"]["done"], status["last"]["can_go_on"]) == (10, 10, False)
    assert client.post(f"{base}/continue").status_code == 404
    client.post(f"{base}/undo")
    assert ended(client, base)["last"] is None
    assert states(store) == ["suggested"] * 10


def test_pictures_that_were_picked_may_be_more_than_an_expression_holds(desk):
    client, base, _ = desk
    order = {"verb": "accept", "query": "score:0.3..", "images": [1, 3, *range(9, 20_000, 2)]}
    found = client.post(f"{base}/preview", json=order).json()
    assert (found["instances"], found["images"]) == (4, 2)
    client.post(base, json=order | {"as_of": found["as_of"]})
    last = ended(client, base)["last"]
    assert (last["done"], last["query"][:22], len(last["query"])) == (4, "score:0.3.. #1,3,9,11,", 81)


def test_a_visitor_without_room_decides_nothing(desk, monkeypatch):
    client, base, store = desk
    monkeypatch.setattr("annotator.web.bulk_work.DECISION_BYTES", 10_000_000)
    answer = client.post(base, json={"verb": "accept", "query": "", "as_of": 0})
    assert answer.status_code == 507
    assert states(store) == ["suggested"] * 10


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([], "expected an object"),
        ({"verb": "burn"}, "bulk.verb: 'burn', expected one of accept, reject, relabel, repair"),
        ({"verb": "accept", "query": 7}, "expected an expression"),
        ({"verb": "accept", "query": "score:x"}, "search, character 7: 'x'"),
        ({"verb": "accept", "threshold": 2}, "bulk.threshold: 2, expected 0 to 1"),
        ({"verb": "accept", "keys": "k"}, "bulk.keys: expected"),
        ({"verb": "relabel"}, "bulk.category: expected"),
        ({"verb": "accept", "category": 1}, "bulk.category: expected"),
        ({"verb": "repair"}, "bulk.repair.kind: None, expected one of holes"),
        (
            {"verb": "repair", "repair": {"kind": "grow"}},
            "bulk.repair.pixels: 0, expected a whole number from 1 to",
        ),
        ({"verb": "repair", "repair": {"kind": "holes", "pixels": True}}, "bulk.repair.pixels: True"),
        ({"verb": "relabel", "category": 77}, "category 77: not in the project"),
    ],
)
def test_what_cannot_be_read_is_one_line(desk, order, said):
    client, base, _ = desk
    answer = client.post(f"{base}/preview", json=order)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_repair_shows_both_outlines_and_names_what_it_would_leave_empty(desk):
    client, base, _ = desk
    order = {"verb": "repair", "query": "score:0.3.. #1,2", "repair": {"kind": "grow", "pixels": 1}}
    found = client.post(f"{base}/preview", json=order).json()
    assert (found["instances"], len(found["nearest"])) == (4, 4)
    shown = found["nearest"][0]
    assert shown["before"].startswith("M")
    assert shown["after"].startswith("M")
    assert shown["after"] != shown["before"]
    assert max(shown["size"]) == 256
    client.post(base, json=order | {"as_of": found["as_of"]})
    status = ended(client, base)
    assert (status["run"]["done"], status["last"]["verb"]) == (4, "repair")
    lost = order | {"repair": {"kind": "shrink", "pixels": 90}}
    found = client.post(f"{base}/preview", json=lost).json()
    assert [one["after"] for one in found["nearest"]] == [""] * 4
    client.post(base, json=lost | {"as_of": found["as_of"]})
    run = ended(client, base)["run"]
    assert (run["done"], run["emptied"], run["emptied_names"]) == (0, 4, ["0.jpg", "1.jpg"])


def test_an_order_without_its_preview_is_refused(desk):
    client, base, store = desk
    assert client.post(base, json={"verb": "accept"}).status_code == 400
    assert states(store) == ["suggested"] * 10
