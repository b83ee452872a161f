"""Categories over HTTP: listed with what they hold, changed one thing at a time, each change taken back."""

import pytest
from fastapi.testclient import TestClient

from annotator.core.dataset import Suggestion
from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing.limits import Limits
from tests.storage.builders import add_image, block

WIDTH, HEIGHT = 20, 12


@pytest.fixture
def desk(tmp_path):
    """A visitor's project with three categories: the client, the address of its categories, its store."""
    projects = Projects(visitors=tmp_path / "visitors", limits=Limits(categories=5))
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        base = f"/annotator/{key}/categories"
        for name in ("person", "car", "truck"):
            client.post(base, json={"name": name})
        offered = [Suggestion(id, 0.9, block(x), "known@1") for x, id in ((2, 3), (6, 3), (9, 8))]
        store.set_suggestions(add_image(store).id, offered)
        yield client, base, store


def names(answer):
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["categories"]]


def test_the_list_says_what_each_holds_and_what_can_be_undone(desk):
    client, base, _ = desk
    found = client.get(base).json()
    assert found["categories"][1] == {
        "id": 3,
        "name": "car",
        "supercategory": "vehicle",
        "color": None,
        "digit": None,
        "threshold": None,
        "also": [],
        "accepted": 0,
        "suggested": 2,
        "rejected": 0,
    }
    assert found["undo"] == {"id": 3, "verb": "add", "who": "", "names": ["truck"], "count": 1}
    assert found["redo"] is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": " Auto "}, "Auto"),
        ({"supercategory": "things"}, "things"),
        ({"color": "#ff8000"}, "#ff8000"),
        ({"digit": 7}, 7),
        ({"threshold": 0.25}, 0.25),
    ],
)
def test_one_thing_of_a_category_is_changed_and_taken_back(desk, change, expected):
    client, base, _ = desk
    before = client.get(base).json()["categories"]
    answer = client.patch(f"{base}/3", json=change).json()
    assert answer["categories"][1][next(iter(change))] == expected
    assert client.post(f"{base}/undo", json={"change": answer["undo"]["id"]}).json()["categories"] == before


def test_a_merge_is_one_request_and_so_is_its_undo(desk):
    client, base, store = desk
    answer = client.post(f"{base}/3/merge", json={"into": 8})
    assert names(answer) == ["person", "truck"]
    assert answer.json()["categories"][1]["suggested"] == 3
    undo = answer.json()["undo"]
    assert (undo["verb"], undo["names"]) == ("merge", ["car", "truck"])
    assert names(client.post(f"{base}/undo", json={"change": undo["id"]})) == ["person", "car", "truck"]
    assert sorted(one.category_id for one in store.instances(1)) == [3, 3, 8]


def test_a_change_is_named_undone_and_done_again(desk):
    client, base, _ = desk
    renamed = client.patch(f"{base}/3", json={"name": "Auto"}).json()
    assert renamed["change"] == renamed["undo"]["id"]
    undone = client.post(f"{base}/undo", json={"change": renamed["change"]}).json()
    assert undone["redo"] == renamed["undo"]
    again = client.post(f"{base}/redo", json={"change": renamed["change"]})
    assert names(again) == ["person", "Auto", "truck"]
    assert (again.json()["undo"], again.json()["redo"]) == (renamed["undo"], None)
    assert len({answer["version"] for answer in (renamed, undone, again.json())}) == 3
    # What is there already changes nothing.
    assert client.post(f"{base}/list", content="truck").json()["change"] is None
    made = client.post(base, json={"name": "boat"}).json()
    assert made["change"] == client.get(base).json()["undo"]["id"]
    assert client.post(base, json={"name": "boat"}).json()["change"] is None


def test_a_change_names_whoever_made_it_unless_that_is_who_asks(client, base, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    client.post(f"{base}/categories", json={"name": "boat"})
    assert client.get(f"{base}/categories").json()["undo"]["who"] == ""
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    assert client.get(f"{base}/categories").json()["undo"]["who"] == "ada"


def test_a_category_is_removed_with_what_it_holds_and_brought_back(desk):
    client, base, store = desk
    answer = client.delete(f"{base}/3")
    assert names(answer) == ["person", "truck"]
    assert len(store.instances(1)) == 1
    client.post(f"{base}/undo", json={"change": answer.json()["undo"]["id"]})
    assert len(store.instances(1)) == 3


def test_the_order_is_that_of_every_document(desk):
    client, base, _ = desk
    assert names(client.post(f"{base}/order", json={"ids": [8, 3, 1]})) == ["truck", "car", "person"]
    document = client.get(base.replace("categories", "images/1")).json()
    assert [one["name"] for one in document["categories"]] == ["truck", "car", "person"]
    assert document["category_version"] == client.get(base).json()["version"]


def test_a_list_brings_what_is_new_and_says_what_is_not_as_it_says(desk):
    client, base, _ = desk
    answer = client.post(f"{base}/list", content="1, helmet, gear\n5, car\n")
    assert names(answer) == ["person", "car", "truck", "helmet"]
    assert answer.json()["added"] == 1
    assert answer.json()["notes"] == [
        "category 1 'helmet' is category 91 in the project",
        "category 5 'car' is category 3 in the project",
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "line"),
    [
        ("PATCH", "/3", {"name": "truck"}, "category 'truck': exists already (category 8); merge the two instead"),
        ("PATCH", "/3", {"name": "  "}, "category: expected a name of 1 to 1000 printable characters"),
        ("PATCH", "/3", {"name": "a\nb"}, "category: expected a name of 1 to 1000 printable characters"),
        ("PATCH", "/3", {"name": "\u202egnp"}, "category: expected a name of 1 to 1000 printable characters"),
        ("PATCH", "/3", {"name": "a", "digit": 1}, "category 3: 2 changes, expected one"),
        ("PATCH", "/3", {"id": 4}, "category 3: 'id', expected a name, supercategory, color, digit or threshold"),
        ("PATCH", "/3", {"color": "url(x)"}, "color: 'url(x)', expected #rrggbb"),
        ("PATCH", "/3", {"threshold": True}, "category 3: 'threshold', expected a name"),
        ("PATCH", "/3", {"threshold": 2}, "threshold: 2, expected 0 to 1"),
        ("PATCH", "/77", {"name": "a"}, "category 77: is not in the project"),
        ("PATCH", "/3", [], "category: expected an object"),
        ("POST", "/3/merge", {"into": "8"}, "into: '8', expected a whole number"),
        ("POST", "/3/merge", {"into": 3}, "category 3: cannot be merged into itself"),
        ("POST", "/order", {"ids": [1, "3"]}, "order.ids: expected the ids of categories"),
        ("POST", "/undo", {"change": 1}, "something else was changed since"),
        ("POST", "/redo", {"change": 3}, "something else was changed since"),
        ("DELETE", "/77", None, "category 77: is not in the project"),
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(desk, method, path, body, line):
    client, base, _ = desk
    before = client.get(base).json()
    answer = client.request(method, base + path, json=body)
    assert (answer.status_code, line in answer.json()["error"]) == (400, True), answer.text
    assert client.get(base).json() == before


@pytest.mark.parametrize("name", ["n" * 200, "<img src=x onerror=alert(1)>", "头盔 ٣", "پیاده\u200cرو", "👩\u200d🚀"])
def test_any_printable_name_comes_back_as_it_was_sent(desk, name):
    client, base, _ = desk
    assert names(client.patch(f"{base}/3", json={"name": name}))[1] == name


def test_a_project_has_no_more_categories_than_it_may_also_after_an_undo(desk):
    client, base, _ = desk
    removed = client.delete(f"{base}/1").json()["undo"]["id"]
    answer = client.post(f"{base}/list", content="a\nb\nc\nd")
    assert (answer.status_code, "at most 5 categories" in answer.json()["error"]) == (507, True)
    assert names(client.get(base)) == ["car", "truck"]
    assert removed == client.get(base).json()["undo"]["id"]
