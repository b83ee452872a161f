"""The people of a project: known by the id that signing in gives, and by name until they come for the first time."""

import pytest

from annotator.core.people import PeopleError, Role
from annotator.storage.store import Store


def roles(store):
    return {one.name: one.role.value for one in store.people.all()}


def person(store, name):
    return next(one for one in store.people.all() if one.name == name)


def test_the_first_one_manages_a_project_and_nobody_after_them_claims_it(store):
    assert store.people.role_of("1", "anna") is None
    assert store.people.claim("1", "anna") is True
    assert store.people.claim("2", "bert") is False
    assert store.people.role_of("1", "anna") is Role.MANAGE
    assert store.people.role_of("2", "bert") is None


def test_whoever_was_added_by_name_is_known_by_their_id_from_their_first_visit_on(store):
    store.people.claim("1", "anna")
    store.people.add(" Bert ", Role.REVIEW, by="anna")
    assert store.people.role_of("2", "bert") is Role.REVIEW
    assert store.people.role_of("3", "Bert") is None, "another person who takes the name later"
    assert store.people.role_of("2", "bertram") is Role.REVIEW
    assert store.people.role_of("1", "Bert") is Role.MANAGE, "whatever they are called today"
    assert roles(store) == {"anna": "manage", "Bert": "review"}, "one name for ever for what each of them does"


def test_a_change_of_an_older_state_is_told_and_not_made(store, tmp_path):
    store.people.claim("1", "anna")
    seen = store.people.add("bert", Role.ANNOTATE, by="anna")
    with Store.open(store.folder) as other:
        other.people.set_role(seen.id, Role.REVIEW, revision=seen.revision)
    with pytest.raises(PeopleError, match="bert was changed meanwhile, and has the role review now"):
        store.people.set_role(seen.id, Role.MANAGE, revision=seen.revision)
    with pytest.raises(PeopleError, match="changed meanwhile"):
        store.people.remove(seen.id, revision=seen.revision)
    assert roles(store) == {"anna": "manage", "bert": "review"}
    store.people.remove(seen.id, revision=person(store, "bert").revision)
    with pytest.raises(PeopleError, match="taken out of the project meanwhile"):
        store.people.set_role(seen.id, Role.MANAGE, revision=seen.revision)


def test_somebody_always_manages_the_project(store):
    store.people.claim("1", "anna")
    anna = person(store, "anna")
    store.people.add("bret", Role.MANAGE, by="anna")  # misspelt: nobody comes by this name
    for change in (
        lambda: store.people.remove(anna.id, revision=anna.revision),
        lambda: store.people.set_role(anna.id, Role.REVIEW, revision=anna.revision),
    ):
        with pytest.raises(PeopleError, match="anna is the only one who manages"):
            change()
    assert store.people.role_of("2", "bret") is Role.MANAGE
    store.people.remove(anna.id, revision=anna.revision)
    assert roles(store) == {"bret": "manage"}


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "ANNA", None])
def test_names_that_nobody_can_have_or_that_are_there_are_refused(store, name):
    store.people.claim("1", "anna")
    with pytest.raises(PeopleError):
        store.people.add(name, Role.ANNOTATE, by="anna")
    assert roles(store) == {"anna": "manage"}


def test_names_that_look_the_same_are_one_persons(store):
    store.people.claim("1", "anna")
    for name in ("an\u200bna", "anna\u00a0b", "\u202eanna", "anna\u3164", "an\u00adna", "anna\ufe0f"):
        with pytest.raises(PeopleError, match="no character that nobody sees, as U"):
            store.people.add(name, Role.ANNOTATE, by="anna")
    for name in ("ＡＮＮＡ", "Anna", " anna "):
        with pytest.raises(PeopleError, match="one of the project's people already"):
            store.people.add(name, Role.ANNOTATE, by="anna")
    assert store.people.add("Zoë  O'Neil", Role.ANNOTATE, by="anna").name == "Zoë O'Neil"


def test_a_login_that_was_kept_with_its_capitals_is_the_same_persons_still(store):
    store.people.claim("proxy:Anna", "Anna")
    assert store.people.role_of("proxy:anna", "anna") is Role.MANAGE
    assert [(one.login, one.name) for one in store.people.all()] == [("proxy:anna", "Anna")]
    assert store.people.role_of("another", "anna") is None
