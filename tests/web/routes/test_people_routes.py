"""The people of a project over HTTP: only those who manage it change them, and nobody overwrites another's change."""

import pytest

from tests.web.routes.test_roles import team

__all__ = ["team"]


def by_name(answer):
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["people"]}


def test_a_manager_adds_people_changes_their_roles_and_takes_them_out(team):
    added = by_name(team("mara", "POST", "people", json={"name": "carl", "role": "review"}))
    assert (added["carl"]["role"], added["carl"]["came"], added["carl"]["added_by"]) == ("review", False, "mara")
    assert "login" not in added["carl"]
    assert team("carl", "GET", "queue").status_code == 200
    seen = by_name(team("mara", "GET", "people"))
    assert seen["carl"]["came"]
    assert [one for one in seen.values() if one["me"]] == [seen["mara"]]
    carl = f"people/{seen['carl']['id']}"
    changed = {"role": "manage", "revision": seen["carl"]["revision"]}
    assert by_name(team("mara", "PATCH", carl, json=changed))["carl"]["role"] == "manage"
    stale = team("carl", "PATCH", carl, json=changed | {"role": "annotate"})
    assert stale.status_code == 409
    assert stale.json()["error"].startswith("carl was changed meanwhile, and has the role manage now")
    latest = by_name(team("mara", "GET", "people"))["carl"]["revision"]
    assert team("mara", "DELETE", f"{carl}?revision={latest}").status_code == 200
    assert team("carl", "GET", "queue").status_code == 404


@pytest.mark.parametrize("name", ["anna", "rolf"])
def test_nobody_else_changes_people(team, name):
    mine = by_name(team(name, "GET", "people"))[name]
    asked = {"role": "manage", "revision": mine["revision"]}
    assert team(name, "PATCH", f"people/{mine['id']}", json=asked).status_code == 403
    assert team(name, "POST", "people", json={"name": "x", "role": "manage"}).status_code == 403
    assert team(name, "DELETE", f"people/{mine['id']}?revision={mine['revision']}").status_code == 403


def test_what_makes_no_sense_is_refused_in_one_line(team):
    mara = by_name(team("mara", "GET", "people"))["mara"]
    for method, path, body in (
        ("POST", "people", {"name": "x", "role": "king"}),
        ("POST", "people", {"name": "x"}),
        ("POST", "people", {"name": ["x"], "role": "review"}),
        ("PATCH", f"people/{mara['id']}", {"role": "review"}),
        ("PATCH", f"people/{mara['id']}", {"role": "review", "revision": mara["revision"]}),  # nobody would manage it
        ("DELETE", f"people/{mara['id']}?revision={mara['revision']}", None),
        ("DELETE", "people/999?revision=1", None),
    ):
        answer = team("mara", method, path, **({} if body is None else {"json": body}))
        assert answer.status_code in (400, 409), (method, path, body)
        assert "\n" not in answer.json()["error"]
    assert by_name(team("mara", "GET", "people"))["mara"]["role"] == "manage"


def test_whoever_annotates_sees_their_own_share_and_reviewers_see_everybodys(team):
    change = {"category": 1, "state": "accepted", "parts": [[[[5, 5], [30, 5], [30, 40]]]]}
    for number, name in enumerate(("anna", "rolf")):
        changes = [change | {"key": name}]
        gesture = {"client": name, "number": 1, "revision": number, "verb": "add", "seconds": 4, "changes": changes}
        assert team(name, "POST", "images/1/gestures", json=gesture).status_code == 200
    own = team("anna", "GET", "people/figures").json()["figures"]
    assert [(one["name"], one["drawn"], one["share_instances"], one["seconds"]) for one in own] == [
        ("anna", 1, 0.5, 4.0)
    ]
    for name in ("rolf", "mara"):
        found = team(name, "GET", "people/figures").json()["figures"]
        assert {one["name"] for one in found} == {"anna", "rolf", "mara"}
    table = team("mara", "GET", "people/figures.csv")
    assert table.headers["content-disposition"] == 'attachment; filename="people.csv"'
    assert len(table.text.splitlines()) == 4
