"""Names of projects, and what addresses call them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.project import (
    MAX_PROJECT_NAME,
    ProjectNameError,
    checked_name,
    free_name,
    is_same_name,
    project_id,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Helmets \n 2026 ", "Helmets 2026"),
        ("<b>Helme & Co</b>", "<b>Helme & Co</b>"),
        ("安全帽", "安全帽"),
        ("a\0b\u202ec", "a b c"),  # neither ends a text nor turns it round
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_a_name_is_one_line_of_what_can_be_seen(typed, kept):
    assert checked_name(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "\n\t", "\u202e", "x" * 101, "x" * 200, None, 3, ["a"]])
def test_what_is_no_name_is_refused(typed):
    with pytest.raises(ProjectNameError, match="expected"):
        checked_name(typed)


def test_a_name_that_another_project_has_is_refused_whatever_its_capitals():
    with pytest.raises(ProjectNameError, match="'STRASSE' already"):
        checked_name("STRASSE", taken=["Straße"])
    assert checked_name("Strasse 2", taken=["Straße"]) == "Strasse 2"


@given(st.text())
def test_a_kept_name_is_kept_as_it_is(text):
    try:
        name = checked_name(text)
    except ProjectNameError:
        return
    assert checked_name(name) == name
    assert 0 < len(name) <= MAX_PROJECT_NAME
    assert "\n" not in name


@given(st.text(min_size=1, max_size=MAX_PROJECT_NAME), st.integers(0, 12))
def test_a_free_name_is_nobodys_and_no_longer_than_any(name, others):
    taken = [name, *(f"{name} {number}"[:MAX_PROJECT_NAME] for number in range(2, others))]
    free = free_name(name, taken)
    assert not any(is_same_name(free, other) for other in taken)
    assert len(free) <= MAX_PROJECT_NAME


def test_an_id_says_nothing_of_its_key():
    key = "k" * 32
    assert len(project_id(key)) == 16
    assert project_id(key) != project_id("l" * 32)
    assert key[:4] not in project_id(key)
