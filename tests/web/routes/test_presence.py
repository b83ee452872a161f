"""Who else has a picture open."""

import pytest

from annotator.web.projects import Projects
from annotator.web.routes import presence
from annotator.web.routes.presence import ANIMALS, MAX_PAGES, OFTEN_S, SELDOM_S, SILENT_S, Presence
from tests.web.conftest import client_of, png


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_pages_on_one_picture_see_each_other_and_nobody_else(clock):
    pages = Presence(clock=clock)
    assert pages.seen("project", "a", 1) == ()
    assert pages.seen("other project", "x", 1) == ()
    assert pages.seen("project", "b", 2) == ()
    (found,) = pages.seen("project", "b", 1)
    (back,) = pages.seen("project", "a", 1)
    assert found.animal in ANIMALS
    assert back.animal in ANIMALS
    assert found.animal != back.animal
    assert pages.seen("project", "b", None) == ()
    assert pages.seen("project", "a", 1) == ()


def test_a_page_keeps_its_animal_and_is_forgotten_when_it_falls_silent(clock):
    pages = Presence(clock=clock)
    pages.seen("project", "a", 1)
    (first,) = pages.seen("project", "b", 1)
    clock.now += SILENT_S - 1
    pages.seen("project", "a", 1)
    clock.now += SILENT_S - 1
    (still,) = pages.seen("project", "b", 1)
    assert still.animal == first.animal
    clock.now += SILENT_S + 1
    assert pages.seen("project", "b", 1) == ()


def test_a_page_that_is_closed_is_gone_at_once(clock):
    pages = Presence(clock=clock)
    pages.seen("project", "a", 1)
    pages.left("project", "a")
    pages.left("project", "never here")
    assert pages.seen("project", "b", 1) == ()
    pages.left("project", "b")
    assert not pages._projects


def test_nobody_fills_the_memory_with_pages_or_projects(clock, monkeypatch):
    monkeypatch.setattr(presence, "MAX_PROJECTS", 5)
    pages = Presence(clock=clock)
    for number in range(1000):
        found = pages.seen("project", f"page{number}", 1)
    assert len(found) == MAX_PAGES
    assert len(pages._projects["project"]) == MAX_PAGES
    for number in range(100):
        pages.seen(f"project{number}", "a", 1)
    assert len(pages._projects) == 5


def test_over_http_a_page_is_told_who_else_is_there_and_what_they_changed(client, base):
    client.post(f"{base}/images", params={"name": "a.png"}, content=png())
    client.post(f"{base}/categories", json={"name": "person"})

    def seen(page, image):
        return client.post(f"{base}/presence", json={"page": page, "image": image}).json()

    assert seen("a" * 32, 1)["others"] == []
    found = seen("b" * 32, 1)
    assert [set(other) for other in found["others"]] == [{"animal", "name"}]
    assert found["revision"] == 0
    change = {"key": "k", "category": 1, "state": "accepted", "parts": [[[[5, 5], [30, 5], [30, 40]]]]}
    client.post(
        f"{base}/images/1/gestures",
        json={"client": "a", "number": 1, "revision": 0, "verb": "add", "changes": [change]},
    )
    assert seen("b" * 32, 1)["revision"] == 1
    assert (seen("b" * 32, 99)["others"], seen("b" * 32, 99)["revision"]) == ([], None)
    client.post(f"{base}/categories", json={"name": "helmet"})
    assert seen("b" * 32, 1)["category_version"] != found["category_version"]
    assert client.post(f"{base}/presence", json={"page": "a" * 32, "image": None}).json()["others"] == []
    assert seen("b" * 32, 1)["others"] == []


def test_pages_in_company_speak_often_and_one_alone_on_a_shared_server_seldom(tmp_path, client, base):
    client.post(f"{base}/images", params={"name": "a.png"}, content=png())
    assert client.post(f"{base}/presence", json={"page": "a", "image": 1}).json()["next_s"] == OFTEN_S
    projects = Projects(visitors=tmp_path / "visitors")
    shared = client_of(projects)
    root = f"/annotator/{projects.create()}/presence"
    first, second = ({"page": page, "image": image} for page, image in (("a", 1), ("b", 2)))
    assert shared.post(root, json=first).json()["next_s"] == SELDOM_S
    assert shared.post(root, json=second).json()["next_s"] == OFTEN_S
    assert shared.post(root, json=first).json()["next_s"] == OFTEN_S
    shared.post(root, json=second | {"image": None})
    assert shared.post(root, json=first).json()["next_s"] == SELDOM_S
    projects.close()


@pytest.mark.parametrize(
    "body",
    [{}, [], {"page": "x"}, {"page": "", "image": 1}, {"page": "a" * 201, "image": 1}, {"page": "a", "image": "1"},
     {"page": "a", "image": -1}, {"page": "a", "image": True}, {"page": "a", "image": 2**60}, {"page": 1, "image": 1},
     {"page": "<b>", "image": 1}],
)  # fmt: skip
def test_what_no_page_says_is_refused(client, base, body):
    answer = client.post(f"{base}/presence", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("presence")


def test_a_page_of_one_project_learns_nothing_of_another(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    client, mine, other = client_of(projects), projects.create(), projects.create()
    for key, page in ((mine, "a"), (other, "b")):
        assert client.post(f"/annotator/{key}/presence", json={"page": page * 32, "image": 1}).json()["others"] == []
    assert client.post(f"/annotator/{'x' * 32}/presence", json={"page": "a", "image": 1}).status_code == 404
    projects.close()
