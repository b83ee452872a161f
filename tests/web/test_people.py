"""Who asks and what they may do, where people sign in and where they do not."""

from pathlib import Path

import pytest

from annotator.core.people import Role
from annotator.core.project import project_id
from annotator.web.members import NoProjectError
from annotator.web.people import NotAllowedError, may, require, who_asks
from annotator.web.projects import Projects, UnknownProjectError
from annotator.web.sharing import visitor
from annotator.web.sharing.login import SignInError, User
from annotator.web.sharing.visitor import Visitor


class ByCookie:
    """Signs everybody in whose cookie says a name."""

    has_page = False
    way_out = ""

    def user(self, asking):
        return User(f"id of {asking.session}", asking.session) if asking.session else None


def by(name):
    return visitor.acting_for(Visitor("1.2.3.4", name))


@pytest.fixture
def projects(tmp_path):
    made = Projects(visitors=tmp_path / "visitors", login=ByCookie())
    yield made
    made.close()


def test_whoever_makes_a_project_manages_it_and_others_do_what_their_role_says(projects):
    with by("anna"):
        key = projects.make("Helmets")
        assert who_asks(projects) == User("id of anna", "anna")
        projects.get(key).people.add("bert", Role.REVIEW, by="anna")
        assert may(projects, key, Role.MANAGE)
    with by("bert"):
        assert [may(projects, key, role) for role in Role] == [True, True, False]
        with pytest.raises(NotAllowedError, match="your role in this project is to review"):
            require(projects, key, Role.MANAGE)
        assert list(projects.listed()) == [key]
        assert projects.welcome(None) == key
    with by("carl"), pytest.raises(UnknownProjectError):
        may(projects, key, Role.ANNOTATE)
    with by(""), pytest.raises(SignInError):
        may(projects, key, Role.ANNOTATE)
    assert who_asks(projects) is None
    assert may(projects, key, Role.MANAGE), "the server's own work"


def test_whoever_was_added_sees_the_project_before_they_ever_opened_it_and_not_once_they_are_out(projects):
    with by("anna"):
        key = projects.make("Helmets")
        projects.get(key).people.add("Bert", Role.ANNOTATE, by="anna")
    with by("bert"):
        assert list(projects.listed()) == [key]
        projects.note_opened(key)
        bert = next(one for one in projects.get(key).people.all() if one.login == "id of bert")
    with by("anna"):
        projects.get(key).people.remove(bert.id, revision=bert.revision)
    with by("bert"):
        assert projects.listed() == {}
        with pytest.raises(UnknownProjectError):
            projects.get(key)
        assert projects.welcome(key) != key


def test_where_nobody_signs_in_everybody_manages(tmp_path: Path):
    projects = Projects(home=tmp_path)
    key = projects.make("Helmets")
    with by("anna"):
        assert who_asks(projects) is None
        assert may(projects, key, Role.MANAGE)
        require(projects, key, Role.MANAGE)
        assert projects.get(key).people.all() == ()
    projects.close()


@pytest.fixture
def team(tmp_path):
    """One server's own projects, for people who sign in; one of them has no people yet."""
    made = Projects(home=tmp_path / "projects", login=ByCookie())
    yield made
    made.close()


def test_on_a_teams_server_the_first_one_manages_what_has_no_people_and_others_wait_to_be_added(team):
    with by("anna"):
        key = team.welcome(None)
        assert team.role(key) is Role.MANAGE
        assert list(team.listed()) == [key]
    with by("bert"):
        for ask in (team.get, team.folder_of, team.name_of, team.note_opened, team.is_binned):
            with pytest.raises(UnknownProjectError):
                ask(key)
        assert team.find(project_id(key), [key]) is None
        assert team.listed([key]) == {}
        mine = team.welcome(key, keys=[key])
        assert mine != key
        assert team.name_of(mine) == "bert"
    with by("anna"):
        team.get(key).people.add("bert", Role.ANNOTATE, by="anna")
    with by("bert"):
        assert team.welcome(key) == key
        assert team.welcome(None) == key, "the one that they had last"
        assert team.find(project_id(key)) == key
    with by(""), pytest.raises(SignInError):
        team.welcome(key)
    assert team.get(key).people.all()[1].login == "id of bert"


def test_only_those_who_are_named_make_projects_and_take_over_ones_without_people(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MANAGERS", "Anna, carl")
    team = Projects(home=tmp_path / "projects", login=ByCookie())
    there = team.local_key
    with by("bert"):
        assert team.listed() == {}
        for ask in (lambda: team.welcome(there), lambda: team.make("Mine")):
            with pytest.raises(NoProjectError, match="signed in as bert"):
                ask()
    with by("anna"):
        assert team.welcome(None) == there
        assert team.role(team.make("Mine")) is Role.MANAGE
    team.close()
