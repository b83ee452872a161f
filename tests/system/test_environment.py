"""A number that the environment sets is one above 0, or is refused in one line."""

import pytest

from annotator.system.environment import number_above_0

NAME = "ANNOTATOR_TEST"


@pytest.mark.parametrize(("text", "expected"), [("", 7.0), ("0.5", 0.5), ("inf", float("inf"))])
def test_a_number_above_0_is_taken_and_the_default_where_there_is_none(monkeypatch, text, expected):
    monkeypatch.setenv(NAME, text)
    assert number_above_0(NAME, 7.0) == expected


@pytest.mark.parametrize("text", ["0", "-1", "nan", "many", "inf"])
def test_what_is_no_number_above_0_is_refused_by_its_name(monkeypatch, text):
    monkeypatch.setenv(NAME, text)
    with pytest.raises(ValueError, match=f"{NAME}: found '{text}', expected seconds above 0"):
        number_above_0(NAME, 7.0, what="seconds", finite=True)
