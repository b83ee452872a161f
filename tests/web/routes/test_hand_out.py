"""Pictures are handed out over HTTP, to tabs where nobody signs in."""

import pytest

from tests.web.conftest import png


@pytest.fixture
def store(projects, base):
    with projects.use(base.removeprefix("/annotator/")) as found:
        for number in range(1, 5):
            found.add_image(png(20, 12, seed=number), file_name=f"{number}.png", width=20, height=12)
        yield found


@pytest.fixture
def ask(client, base):
    def send(method, path, tab=None, **options):
        body = {"json": {"tab": tab}} if tab is not None else {}
        answer = client.request(method, f"{base}/{path}", **body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


def test_a_single_person_sees_no_change_until_it_is_switched_on(ask, store):
    found = ask("POST", "queue/next", "one", params={"after": 2})
    assert (found["image"]["id"], found["lease"]) == (3, None)
    assert ask("POST", "images/1/lease", "one") == {"lease": None}
    assert ask("GET", "handout") == {"on": False, "manages": True, "leases": []}
    assert ask("GET", "queue")["handout"] is False


def test_two_tabs_get_two_pictures_and_the_list_says_who_holds_which(ask, store):
    ask("PUT", "handout", json={"on": True})
    first, second = (ask("POST", "queue/next", tab) for tab in ("one", "two"))
    assert [first["image"]["id"], second["image"]["id"]] == [1, 2]
    assert first["lease"] == {"mine": True, "name": "", "left_s": 600}
    assert ask("POST", "images/1/lease", "two") == {"lease": {"mine": False, "name": "", "left_s": 600}}
    listed = ask("GET", "queue")
    assert [image.get("held") for image in listed["images"]] == ["", "", None, None]
    assert listed["handout"] is True
    assert [one["file"] for one in ask("GET", "handout")["leases"]] == ["1.png", "2.png"]
    assert ask("POST", "queue/next", "one", params={"sort": "doubt", "after": 1})["image"]["id"] == 3
    assert ask("POST", "queue/next", "one", params={"query": "#2"}) == {"image": None, "lease": None}


def test_a_picture_is_released_and_a_tab_that_leaves_gives_it_back_soon(ask, store):
    ask("PUT", "handout", json={"on": True})
    ask("POST", "images/1/lease", "one")
    ask("POST", "leases/leave", "one")
    assert ask("POST", "images/1/lease", "two")["lease"]["left_s"] == 20
    assert ask("DELETE", "images/1/lease", "two") == {"lease": None}, "here everybody manages the project"
    assert ask("POST", "images/1/lease", "two")["lease"]["mine"]
    store.remove_image(3)
    assert ask("POST", "images/3/lease", "two") == {"lease": None}
    ask("PUT", "handout", json={"on": False})
    assert ask("GET", "handout")["leases"] == []


@pytest.mark.parametrize("body", [{}, {"tab": ""}, {"tab": "a b"}, {"tab": 1}, [], {"tab": "x" * 300}])
def test_a_tab_without_a_name_gets_nothing(client, base, store, body):
    for path in ("queue/next", "images/1/lease", "leases/leave"):
        answer = client.post(f"{base}/{path}", json=body)
        assert answer.status_code == 400, path
        assert answer.json()["error"].startswith("lease")
    assert client.put(f"{base}/handout", json={"on": 1}).status_code == 400
