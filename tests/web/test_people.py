"""Who asks and what they may do, where people sign in and where they do not."""

from pathlib import Path

import pytest

from annotator.core.people import Role
from annotator.web.people import NotAllowedError, may, require, who_asks
from annotator.web.projects import Projects, UnknownProjectError
from annotator.web.sharing import visitor
from annotator.web.sharing.login import SignInError, User
from annotator.web.sharing.visitor import Visitor


class ByCookie:
    """Signs everybody in whose cookie says a name."""

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
