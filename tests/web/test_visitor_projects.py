"""Visitors' projects: made, found again, counted by address, one in a line each."""

import pytest

from annotator.web.projects import Projects, UnknownProjectError
from annotator.web.sharing import makers
from annotator.web.sharing.limits import LimitError
from annotator.web.sharing.visitor import Visitor, Visitors, acting_for
from tests.web.conftest import client_of, rest, upload, with_a_picture


def test_a_server_that_is_full_says_so_in_one_line(visitors):
    projects = visitors(projects=3)
    keys = {projects.welcome(None) for _ in range(3)}
    assert len(keys) == 3
    with pytest.raises(LimitError, match="holds 3 projects and takes no more"):
        projects.welcome("not a key")
    assert projects.welcome(min(keys)) in keys


def test_one_address_cannot_take_every_project(visitors):
    projects = visitors(projects=100, new_projects=3)
    for _ in range(3):
        projects.welcome(None, address="10.0.0.1")
    with pytest.raises(LimitError, match="3 projects were made from here within an hour"):
        projects.welcome(None, address="10.0.0.1")
    key = projects.welcome(None, address="10.0.0.2")
    assert projects.welcome(key, address="10.0.0.1") == key


def test_one_address_does_not_keep_every_project_of_a_server(visitors, monkeypatch):
    projects = visitors(projects=100, new_projects=100, address_projects=2)
    monkeypatch.setattr(makers, "HOUR_S", 0.0)
    mine = [projects.create(address="10.0.0.1") for _ in range(2)]
    with pytest.raises(LimitError, match="2 projects were made from here and are still kept"):
        projects.create(address="10.0.0.1")
    assert projects.create(address="10.0.0.2")
    assert projects.create() != projects.create()  # of nobody's address
    rest(projects, mine[0], hours=1000)
    assert projects.sweep() == 1
    assert projects.create(address="10.0.0.1")


def test_projects_that_come_as_archives_count_as_well(visitors):
    projects = visitors(projects=100, new_projects=2)
    client = client_of(projects)
    client.app.add_middleware(Visitors)
    key = projects.create(address="testclient")
    packed = client.get(f"/annotator/{key}/archive")
    assert packed.status_code == 200, packed.text
    answers = [client.post(f"/annotator/{key}/archive", content=packed.content) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 507], [answer.text for answer in answers]


def test_a_project_without_a_picture_makes_room_when_there_is_none(visitors):
    projects = visitors(projects=2)
    empty, full = projects.create(), with_a_picture(projects)
    for key in (empty, full):
        rest(projects, key, hours=2)
    new = projects.welcome(None)
    assert projects.welcome(full) == full
    with pytest.raises(UnknownProjectError):
        projects.get(empty)
    assert projects.get(new)


def test_archives_that_are_being_opened_count_before_they_are(visitors):
    projects = visitors(projects=100, new_projects=3)
    with acting_for(Visitor("10.0.0.1")):
        key = projects.create(address="10.0.0.1")
        with projects.expect_archive(key), projects.expect_archive(key):
            third = projects.expect_archive(key)
            with pytest.raises(LimitError, match="3 projects were made from here"):
                third.__enter__()
        # None of them has come to be: as many may be tried again.
        with projects.expect_archive(key), projects.expect_archive(key):
            pass


def test_a_server_counts_archives_that_are_being_opened_among_its_projects(visitors):
    projects = visitors(projects=2)
    key = projects.create()
    with projects.expect_archive(key), pytest.raises(LimitError, match="holds 2 projects"):
        projects.create(address="10.0.0.2")
    assert projects.create(address="10.0.0.2")


def test_visitors_cannot_see_each_other(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    client = client_of(projects)
    first, second = projects.welcome(None), projects.welcome("not a key")
    assert first != second
    image_id = upload(client, f"/annotator/{first}")
    assert client.get(f"/annotator/{second}/queue").json()["images"] == []
    assert client.get(f"/annotator/{second}/pictures/{image_id}").status_code == 404
    assert projects.welcome(first) == first
    projects.close()


def test_a_visitor_finds_the_project_again_after_a_restart(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    key = projects.welcome(None)
    upload(client_of(projects), f"/annotator/{key}")
    projects.close()
    again = Projects(visitors=tmp_path / "visitors")
    assert again.welcome(key) == key
    assert len(client_of(again).get(f"/annotator/{key}/queue").json()["images"]) == 1
    again.close()
