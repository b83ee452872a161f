"""What each role may do, asked over HTTP; and that no route is open because somebody forgot it."""

import pytest
from fastapi.routing import APIRoute

from annotator.core.people import Role
from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects
from annotator.web.routes.apart import TELLS_NOTHING
from annotator.web.routes.roles import NEEDED, role_for
from annotator.web.routes.router import build_routes
from tests.web.conftest import png
from tests.web.teams import team_of


@pytest.fixture
def team(tmp_path):
    """Of three people: mara manages, rolf reviews, anna annotates. There is one picture."""
    with team_of(tmp_path / "projects", {"rolf": Role.REVIEW, "anna": Role.ANNOTATE}) as team:
        team.store.add_image(png(), file_name="a.png", width=64, height=48)
        team.store.add_category("person")
        yield team


def test_everybody_annotates_and_only_those_who_manage_change_the_project(team):
    change = {"key": "k", "category": 1, "state": "accepted", "parts": [[[[5, 5], [30, 5], [30, 40]]]]}
    for number, name in enumerate(("anna", "rolf", "mara")):
        gesture = {
            "client": name,
            "number": 1,
            "revision": number,
            "verb": "add",
            "changes": [change | {"key": name}],
        }
        assert team(name, "POST", "images/1/gestures", json=gesture).status_code == 200
        assert team(name, "GET", "queue").status_code == 200
    asked = (
        ("POST", "categories", {"json": {"name": "helmet"}}),
        ("POST", "images?name=b.png", {"content": png(seed=1)}),
        ("POST", "queue/remove", {"json": {"ids": [1]}}),
        ("GET", "archive", {}),
    )
    for method, path, body in asked:
        for name, role in (("anna", "annotate"), ("rolf", "review")):
            answer = team(name, method, path, **body)
            assert answer.status_code == 403, (name, path)
            assert answer.json()["error"].startswith(f"your role in this project is to {role}; this is for those who")
        assert team("mara", method, path, **body).status_code == 200, path
    for name in ("anna", "mara"):  # what the page asks by itself
        assert team(name, "POST", "insight/unseen/check").json() == {"taken_back": 0, "batches": []}
        assert team(name, "POST", "exports/ahead", json={}).status_code == 200
    assert team("carl", "GET", "queue").status_code == 404
    assert team("carl", "POST", "categories", json={"name": "x"}).json()["gone"] == "project"
    assert team("", "POST", "categories", json={"name": "x"}).status_code == 401


def test_a_route_that_changes_a_project_is_for_those_who_manage_it_unless_it_is_named(tmp_path):
    projects = Projects(home=tmp_path / "projects")
    routes = [one for one in build_routes(projects, Prelabelling(projects)).routes if isinstance(one, APIRoute)]
    there = {(method, one.path) for one in routes for method in one.methods if "{key}" in one.path}
    projects.close()
    assert {f"/annotator/{{key}}/{path}" for path in TELLS_NOTHING} <= {path for _, path in there}, (
        "a path that is gone"
    )
    named = {(method, f"/annotator/{{key}}/{path}") for method, path in NEEDED}
    assert named <= there, "a route that is gone"
    for method, path in there - named:
        assert role_for(method, path) is (Role.ANNOTATE if method == "GET" else Role.MANAGE)


def test_a_person_holds_a_picture_under_their_name_and_only_a_manager_releases_anothers(team):
    assert team("anna", "PUT", "handout", json={"on": True}).status_code == 403
    assert team("mara", "PUT", "handout", json={"on": True}).json()["on"]
    assert team("anna", "POST", "queue/next", json={"tab": "a"}).json()["lease"]["mine"]
    told = team("rolf", "POST", "images/1/lease", json={"tab": "r"}).json()["lease"]
    assert (told["mine"], told["name"]) == (False, "anna")
    assert team("rolf", "DELETE", "images/1/lease", json={"tab": "r"}).json()["lease"]["name"] == "anna"
    assert team("anna", "POST", "images/1/lease", json={"tab": "another"}).json()["lease"]["mine"]
    assert team("mara", "DELETE", "images/1/lease", json={"tab": "m"}).json() == {"lease": None}


def test_whoever_has_no_right_any_more_holds_a_picture_only_until_their_lease_is_over(team):
    team("mara", "PUT", "handout", json={"on": True})
    team("anna", "POST", "queue/next", json={"tab": "a"})
    anna = next(one for one in team.store.people.all() if one.name == "anna")
    team.store.people.remove(anna.id, revision=anna.revision)
    assert team("anna", "POST", "images/1/lease", json={"tab": "a"}).status_code in (403, 404)
    assert team("mara", "DELETE", "images/1/lease", json={"tab": "m"}).json() == {"lease": None}
    assert team("rolf", "POST", "queue/next", json={"tab": "r"}).json()["image"]["id"] == 1


def test_whoever_reviews_judges_pictures_and_whoever_annotates_does_not(team):
    team("mara", "PUT", "verdicts", json={"on": True})
    team("anna", "POST", "queue/review", json={"ids": [1], "reviewed": True})
    accept = {"ids": [1], "verdict": "accepted"}
    assert team("anna", "POST", "verdicts", json=accept).status_code == 403
    assert team("rolf", "POST", "verdicts", json=accept).json() == {"ids": [1]}
    assert team("anna", "POST", "verdicts", json={"ids": [1], "verdict": "free"}).status_code == 403
    assert team("rolf", "POST", "verdicts", json={"ids": [1], "verdict": "free"}).json() == {"ids": []}
    assert team("anna", "GET", "images/1/verdicts").json()["reviews"] is False


def test_a_person_stays_one_whatever_they_are_called_later(team):
    team("mara", "PUT", "handout", json={"on": True})
    team("anna", "POST", "queue/next", json={"tab": "a"})
    team("anna", "POST", "queue/review", json={"ids": [1], "reviewed": True})
    team.login.called["anna"] = "Rolf"  # as a colleague is called
    team("anna", "POST", "queue/review", json={"ids": [1], "reviewed": False})
    team("anna", "POST", "queue/review", json={"ids": [1], "reviewed": True})
    assert team("anna", "POST", "images/1/lease", json={"tab": "another"}).json()["lease"]["mine"]
    assert [one["name"] for one in team("anna", "GET", "people/figures").json()["figures"]] == ["anna"]
    assert [one["name"] for one in team("mara", "GET", "people/figures").json()["figures"]] == ["anna", "mara", "rolf"]
    assert [one["id"] for one in team("anna", "GET", "queue?query=by:anna").json()["images"]] == [1]
