"""Limits come from environment variables."""

import pytest

from annotator.core.errors import AnnotatorError
from annotator.web.sharing.limits import Limits


def test_a_limit_is_set_by_its_variable(monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MAX_PROJECTS", "7")
    monkeypatch.setenv("ANNOTATOR_MAX_AGE_HOURS", "0.5")
    limits = Limits.from_environment()
    assert (limits.projects, limits.age_hours, limits.images) == (7, 0.5, Limits().images)


@pytest.mark.parametrize("text", ["many", "-1", "0", "nan"])
def test_a_limit_that_is_none_is_told_in_one_line(monkeypatch, text):
    monkeypatch.setenv("ANNOTATOR_MAX_JOBS", text)
    with pytest.raises(AnnotatorError, match="ANNOTATOR_MAX_JOBS: found"):
        Limits.from_environment()
