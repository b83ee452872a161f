"""The effort ledger on decisions whose costs are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.insight.effort import Costs, Worth, costs, ledger
from tests.insight.simulated import answers, drawings, evidence, pictures


def test_each_kind_is_counted_with_what_it_took():
    found = ledger(evidence(answers([0.5] * 4, [0, 0, 1, 2], seconds=[1, 3, 8, 2]), drawn=drawings(2, seconds=20)))
    assert (found.accepted.count, found.accepted.seconds, found.accepted.each) == (2, 4, 2)
    assert (found.adjusted.each, found.rejected.each, found.drawn.each) == (8, 2, 20)
    assert found.drawn.gestures == 2


def test_a_network_saves_costs_or_cannot_be_judged():
    def worth(answered, drawn):
        (entry,) = ledger(evidence(answered, drawn=drawn)).entries
        return entry.worth, entry.saved

    good, bad = answers([0.9] * 40, [0] * 36 + [2] * 4), answers([0.9] * 40, [0] * 2 + [2] * 38, seconds=[2.0] * 40)
    by_hand = drawings(12, seconds=10)
    assert worth(good, by_hand) == (Worth.SAVES, 36 * 10 - 40)
    assert worth(bad, by_hand) == (Worth.COSTS, 2 * 10 - 80)
    assert worth(good, drawings(9)) == (Worth.UNKNOWN, None)
    assert worth(answers([0.9] * 5, [2] * 5), by_hand) == (Worth.UNKNOWN, -5)
    assert worth(answers([0.9] * 40, [0, 2] * 20, seconds=[5.0] * 40), by_hand)[0] == Worth.EVEN


def test_a_category_is_compared_with_its_own_drawings_where_it_has_enough():
    both = drawings(24, seconds=[10.0] * 12 + [30.0] * 12)
    mixed = type(both)(both.images, np.repeat([1, 2], 12), both.seconds.copy(), both.gestures)
    (entry,) = ledger(evidence(answers([0.9] * 20, [0] * 20), drawn=mixed)).entries
    assert (entry.by_hand, entry.drawn.count) == (10, 12)
    (other,) = ledger(evidence(answers([0.9] * 20, [0] * 20, category=3), drawn=mixed)).entries
    assert (other.by_hand, other.drawn.count) == (20, 0)


def test_costs_are_measured_or_typical_and_say_which():
    none = costs(answers([], []), drawings(0))
    assert none == Costs()
    found = costs(answers([0.5] * 14, [0] * 10 + [2] * 4, seconds=[3.0] * 14), drawings(10, seconds=7), category=1)
    assert (found.accept, found.draw, found.reject) == (3, 7, Costs().reject)
    assert found.measured == {"accept", "draw"}
    elsewhere = costs(answers([0.5] * 10, [0] * 10, seconds=[3.0] * 10), drawings(0), category=99)
    assert elsewhere.accept == 3


def test_what_is_left_is_told_at_the_pace_of_the_last_pictures():
    seconds = [100.0] * 60 + [20.0, 30.0] * 25
    pace = ledger(evidence(worked=pictures(110, seconds=seconds), waiting=82)).pace
    assert (pace.left, pace.pictures, pace.each, pace.seconds) == (82, 50, 25, 82 * 25)
    assert pace.low < pace.seconds < pace.high
    assert ledger(evidence(worked=pictures(4), waiting=5)).pace is None
    assert ledger(evidence(worked=pictures(30, reviewed=False), waiting=5)).pace is None
    done = ledger(evidence(worked=pictures(5))).pace
    assert (done.left, done.seconds, done.low, done.high) == (0, 0, 0, 0)


def test_95_of_100_intervals_hold_how_long_it_really_takes():
    rng, inside = np.random.default_rng(8), 0
    for _ in range(1500):
        spent = rng.gamma(2.0, 15.0, 130)
        pace = ledger(evidence(worked=pictures(50, seconds=spent[:50]), waiting=80)).pace
        inside += pace.low <= spent[50:].sum() <= pace.high
    assert 0.93 <= inside / 1500 <= 0.97


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_nothing_is_counted_twice_or_lost(seed, count):
    rng = np.random.default_rng(seed)
    given_ = answers(rng.random(count), rng.integers(0, 3, count), seconds=rng.random(count) * 9)
    found = ledger(evidence(given_, drawn=drawings(int(rng.integers(0, 30)))))
    kinds = (found.accepted, found.adjusted, found.rejected)
    assert sum(one.count for one in kinds) == count
    assert sum(one.seconds for one in kinds) == pytest.approx(given_.seconds.sum())
    assert sum(entry.accepted.count + entry.adjusted.count + entry.rejected.count for entry in found.entries) == count
