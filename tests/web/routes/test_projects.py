"""The list of projects over HTTP, and what may be done to each: one's own only."""

import threading

import pytest

from annotator.core.project import project_id
from annotator.core.settings import BATCH
from annotator.web.sharing.visitor import Visitors
from tests.web.conftest import client_of, rest, upload


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))


@pytest.fixture
def space(visitors):
    """A server of visitors: their client, and a key of two of them each."""
    projects = visitors()
    client = client_of(projects)
    client.projects = projects
    client.mine, client.theirs = projects.create(), projects.create()
    return client


def listed(client, *keys):
    answer = client.post("/annotator/projects", json={"keys": keys})
    assert answer.status_code == 200, answer.text
    return answer.json()["projects"]


def change(client, key, **what):
    return client.post(f"/annotator/{key}/project", json=what)


def test_a_project_is_listed_with_counts_and_thumbnails(client, base, projects):
    upload(client, base)
    (one,) = [one for one in listed(client) if one["images"]]
    assert (one["name"], one["images"], one["reviewed"], one["accepted"]) == ("project", 1, 0, 0)
    assert one["id"] == project_id(one["key"])
    cover = client.get(f"/{one['covers'][0]}")
    assert cover.headers["content-type"] == "image/jpeg"
    folder = projects.get(one["key"]).folder
    for thumbnail in (folder / "thumbnails").iterdir():
        thumbnail.unlink()
    assert client.get(f"/{one['covers'][0]}").content[:2] == b"\xff\xd8"


@pytest.mark.parametrize("sha256", ["0" * 64, "x", "..%2f..%2fproject.db", "A" * 64, "%00"])
def test_a_cover_is_a_picture_of_the_project_or_nothing(client, base, sha256):
    assert client.get(f"{base}/covers/{sha256}").status_code == 404


def test_a_visitor_sees_what_their_keys_open_and_nothing_else(space):
    assert [one["key"] for one in listed(space, space.mine)] == [space.mine]
    assert listed(space) == []
    assert listed(space, "x" * 32, "", None, space.theirs[:31], space.theirs.swapcase()) == []
    assert [one["folder"] for one in listed(space, space.mine)] == [None]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"keys": 3}', b'{"keys": ' + b'["x"],' * 10_000 + b"}"])
def test_a_question_that_is_none_is_refused_in_one_line(space, body):
    for path in ("/annotator/projects", "/annotator/projects/new", f"/annotator/{space.mine}/project"):
        answer = space.post(path, content=body)
        assert 400 <= answer.status_code < 500
        assert "\n" not in answer.json()["error"]


def test_more_keys_than_anybody_has_are_refused(space):
    assert space.post("/annotator/projects", json={"keys": ["x" * 32] * 201}).status_code == 400


def test_another_visitors_project_is_out_of_reach(space):
    for key in ("x" * 32, space.theirs[:31] + "_", project_id(space.theirs)):
        for what in ({"name": "mine"}, {"put_away": True}, {"binned": True}):
            assert change(space, key, **what).status_code == 404
        assert space.post(f"/annotator/{key}/duplicate", json={"name": "mine"}).status_code == 404
        assert space.delete(f"/annotator/{key}/project").status_code == 404
        assert space.get(f"/annotator/{key}/project").status_code == 404
        assert space.get(f"/annotator/{key}/project").json()["gone"] == "project"
    (theirs,) = listed(space, space.theirs)
    assert (theirs["name"], theirs["binned"], theirs["put_away"]) == ("", False, False)


def test_a_project_is_made_renamed_put_away_thrown_away_and_taken_back(space):
    made = space.post("/annotator/projects/new", json={"name": " Helmets\n", "keys": [space.mine]}).json()
    key = made["key"]
    assert made["id"] == project_id(key)
    assert space.get(f"/annotator/{key}/project").json() == {"id": made["id"], "name": "Helmets", "binned": False}
    refused = change(space, space.mine, name="helmets", keys=[key])
    assert refused.status_code == 400
    assert "already" in refused.json()["error"]
    assert change(space, key, name="<img src=x onerror=alert(1)>").json()["name"] == "<img src=x onerror=alert(1)>"
    change(space, key, put_away=True)
    assert [one["put_away"] for one in listed(space, key)] == [True]
    assert change(space, key, binned=True).json()["binned"] is True
    assert [one["binned"] for one in listed(space, key)] == [True]
    assert change(space, key, binned=False).json()["binned"] is False
    assert space.delete(f"/annotator/{key}/project").status_code == 409
    change(space, key, binned=True)
    assert space.delete(f"/annotator/{key}/project").status_code == 200
    assert listed(space, key) == []
    assert space.get(f"/annotator/{key}/queue").status_code == 404


def test_a_duplicate_is_one_more_project_of_the_visitor(space):
    upload(space, f"/annotator/{space.mine}")
    new = space.post(f"/annotator/{space.mine}/duplicate", json={"name": "Again"}).json()["key"]
    assert [one["images"] for one in listed(space, space.mine, new)] == [1, 1]
    taken = space.post(f"/annotator/{space.mine}/duplicate", json={"name": "again", "keys": [new]})
    assert taken.status_code == 400


def test_projects_are_made_within_the_quotas(visitors):
    projects = visitors(new_projects=2, images=2)
    client = client_of(projects)
    client.app.add_middleware(Visitors)
    made = [client.post("/annotator/projects/new", json={"name": str(n)}) for n in range(3)]
    assert [answer.status_code for answer in made] == [200, 200, 507]
    key = made[0].json()["key"]
    assert client.post(f"/annotator/{key}/duplicate", json={"name": "more"}).status_code == 507
    assert len(projects._visitors.open.all_keys()) == 2


def test_a_duplicate_beyond_what_the_server_keeps_is_refused(visitors):
    projects = visitors(total_mb=0.3)
    key = projects.create()
    client = client_of(projects)
    upload(client, f"/annotator/{key}")
    refused = client.post(f"/annotator/{key}/duplicate", json={"name": "Again"})
    assert refused.status_code == 507
    assert "is full" in refused.json()["error"]
    assert projects._visitors.open.all_keys() == [key]


def test_a_visitors_bin_is_swept_by_age(visitors):
    projects = visitors(bin_hours=1)
    client = client_of(projects)
    binned, kept = projects.create(), projects.create()
    for key in (binned, kept):
        upload(client, f"/annotator/{key}")
    change(client, binned, binned=True)
    for key in (binned, kept):
        rest(projects, key, hours=2)
    assert projects.sweep() == 1
    assert projects._visitors.open.all_keys() == [kept]


def test_a_page_without_an_address_opens_no_project_of_the_bin(visitors):
    projects = visitors()
    key, other = projects.create(), projects.create()
    projects.throw_away(key)
    assert projects.welcome(key, keys=[key, other]) == other
    assert projects.find(project_id(key), [key]) == key  # a link to it opens it, to be taken back


def test_a_project_in_the_bin_is_pre_labelled_no_further(projects, client):
    key = projects.local_key
    projects.get(key).set_setting(BATCH, {"batch": "b", "model": "m", "images": [1], "total": 1})
    assert projects.unfinished() == [key]
    change(client, key, binned=True)
    assert projects.get(key).setting(BATCH) is None
    assert projects.unfinished() == []


def test_two_who_make_a_project_of_one_name_at_once_do_not_both_get_it(client):
    answers = []

    def make():
        answers.append(client.post("/annotator/projects/new", json={"name": "Helmets"}).status_code)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 400, 400, 400, 400, 400]
