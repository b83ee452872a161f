"""Scores against what became of the suggestions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.insight.calibration import calibration_error, isotonic, reliability

ANSWERS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60)


def columns(answers):
    scores, right = zip(*answers, strict=True)
    return np.array(scores) / 20, np.array(right)


@given(ANSWERS)
def test_a_calibration_never_falls_and_keeps_the_number_of_right_ones(answers):
    scores, right = columns(answers)
    shares = isotonic(scores, right).at(scores)
    assert (np.diff(shares[np.argsort(scores, kind="stable")]) >= -1e-12).all()
    assert shares.sum() == pytest.approx(right.sum())


@given(ANSWERS, st.lists(st.floats(0, 1), min_size=21, max_size=21).map(sorted))
def test_no_other_function_that_never_falls_is_nearer_to_the_answers(answers, steps):
    scores, right = columns(answers)
    other = np.array(steps)[(scores * 20).round().astype(int)]
    assert ((isotonic(scores, right).at(scores) - right) ** 2).sum() <= ((other - right) ** 2).sum() + 1e-9


def test_answers_that_rise_already_stay_as_they_are():
    found = isotonic(np.array([0.2, 0.2, 0.6, 0.9]), np.array([False, True, True, True]))
    assert found.at(np.array([0.1, 0.2, 0.5, 0.6, 1.0])).tolist() == [0.5, 0.5, 0.5, 1.0, 1.0]


def test_nothing_is_known_without_answers():
    assert np.isnan(isotonic(np.zeros(0), np.zeros(0, bool)).at(np.array([0.5]))).all()
    assert reliability(np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64)) == []
    assert calibration_error([]) is None


def test_a_network_that_is_too_sure_of_itself_is_seen():
    rng = np.random.default_rng(3)
    scores = rng.uniform(0.5, 1, 4000)
    right = rng.random(4000) < scores - 0.2
    bins = reliability(scores, right, np.arange(4000))
    assert [one.low for one in bins] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert all(one.right.high < one.score for one in bins)
    assert calibration_error(bins) == pytest.approx(0.2, abs=0.02)
    assert reliability(np.array([1.0]), np.array([True]), np.array([1]))[0].low == 0.9, "a score of 1 has its place"
