"""Intervals of shares, against the binomial distribution itself and on simulated answers."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.insight.intervals import beta_below, is_above, lower_bound, spread_of, upper_bound, wilson, wilson_bounds


def at_least(good, total, share):
    """The chance of so many or more right ones among so many."""
    return sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(good, total + 1))


@given(st.integers(1, 120).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))), st.floats(0.001, 0.999))
def test_the_beta_distribution_is_the_tail_of_the_binomial_one(counts, share):
    good, total = counts
    assert beta_below(share, good, total - good + 1) == pytest.approx(at_least(good, total, share), abs=1e-9)


@given(st.integers(1, 150).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_bound_is_the_share_at_which_the_answers_are_as_rare_as_it_says(counts):
    good, total = counts
    low, high = lower_bound(good, total), upper_bound(good, total)
    assert 0 <= low <= good / total <= high <= 1
    if good > 0:
        assert at_least(good, total, low) == pytest.approx(0.05, abs=1e-6)
    assert is_above(max(0, low - 1e-6), good, total) == (good > 0)
    assert not is_above(low + 1e-6, good, total)
    assert upper_bound(good, total) == pytest.approx(1 - lower_bound(total - good, total), abs=1e-9)


@given(st.integers(1, 2000), st.floats(1, 50))
def test_an_interval_holds_its_own_share_also_where_all_or_none_are_right(total, spread):
    assert wilson(total, total, spread=spread).high == 1
    assert wilson(0, total, spread=spread).low == 0


def test_known_intervals():
    # Published: Wilson 8 of 10, e.g. R's prop.test(8, 10, correct = FALSE); the rule of three for 149 of 149.
    found = wilson(8, 10)
    assert (found.low, found.high) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert lower_bound(149, 149) == pytest.approx(0.05 ** (1 / 149), abs=1e-9)
    assert (wilson(0, 0).share, wilson(0, 0).low, wilson(0, 0).high) == (None, 0, 1)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(1, 20))
def test_an_interval_holds_its_share_and_widens_where_the_answers_say_less(good, wrong, spread):
    total = good + wrong
    one, wide = wilson(good, total), wilson(good, total, spread=spread)
    assert 0 <= wide.low <= one.low + 1e-12 <= one.high <= wide.high + 1e-12 <= 1 + 1e-12
    if total:
        assert one.low - 1e-12 <= good / total <= one.high + 1e-12


@pytest.mark.parametrize("total", [60, 200, 1000])
def test_95_of_100_intervals_hold_the_true_share(total):
    rng = np.random.default_rng(total)
    shares = rng.uniform(0.5, 0.99, 20_000)
    low, high = wilson_bounds(rng.binomial(total, shares).astype(float), np.full(len(shares), float(total)))
    assert 0.93 <= ((low <= shares) & (shares <= high)).mean() <= 0.97


def test_answers_that_fall_together_by_picture_say_less():
    rng = np.random.default_rng(1)
    pictures = np.repeat(np.arange(200), 10)
    independent = rng.random(2000) < 0.8
    together = np.repeat(rng.random(200) < 0.8, 10)
    assert spread_of(independent, pictures) < 1.5
    assert spread_of(together, pictures) == pytest.approx(10, rel=0.05)
    assert spread_of(together[:50], pictures[:50]) == 1, "five pictures cannot tell"
    assert spread_of(np.zeros(0, bool), np.zeros(0, np.int64)) == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_bounds_never_break_with_many_answers(seed):
    rng = np.random.default_rng(seed)
    total = int(rng.integers(1, 300_000))
    good = int(rng.integers(0, total + 1))
    assert 0 <= lower_bound(good, total) <= good / total <= upper_bound(good, total) <= 1
