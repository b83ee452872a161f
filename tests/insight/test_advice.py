"""Threshold advice on decisions whose rule is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.answers import Verdict
from annotator.insight.advice import advise, least_work, step_of
from tests.bench.bench_insight import coverage, regret
from tests.insight.simulated import RULES, answers, drawings, evidence, network, pictures, undecided

GRID = np.arange(5, 100) / 100


def at(threshold):
    return int(step_of(np.array([threshold]))[0])


def test_a_known_rule_is_found_again():
    verdicts = np.where(GRID >= 0.6, Verdict.AS_IT_IS, Verdict.WRONG)
    (found,) = advise(evidence(answers(np.repeat(GRID, 4), np.repeat(verdicts, 4)), drawn=drawings(10)))
    assert (found.advised, found.network, found.category, found.answers) == (0.6, "net@1", 1, 380)
    assert found.precision.share[at(0.6)] == 1
    assert found.precision.total[at(0.6)] == 160
    assert found.precision.share[at(0.05)] == pytest.approx(40 / 95)
    assert found.precision.low[at(0.6)] > 0.97


def test_three_instances_say_so_and_advise_nothing():
    (found,) = advise(evidence(answers([0.9, 0.8, 0.3], [0, 0, 2])))
    assert (found.advised, found.known_from, found.answers) == (None, None, 3)
    assert np.isnan(found.work).all()
    assert found.precision.low[at(0.8)] < 0.4
    assert found.precision.high[at(0.8)] == 1


def test_without_a_decision_there_is_nothing_to_say():
    assert advise(evidence()) == ()
    assert advise(evidence(waits=undecided([0.4, 0.9]))) == ()


def test_all_right_advises_the_lowest_that_was_seen_and_says_that_lower_is_unknown():
    (found,) = advise(evidence(answers(np.tile(GRID[45:], 3), [0] * 150), waits=undecided([0.1] * 50)))
    assert found.advised == found.known_from
    assert found.is_at_edge
    assert np.isnan(found.work[: at(0.5)]).all()


def test_costs_move_the_advice():
    scores, verdicts = network(np.random.default_rng(5), 2000, "honest", adjusted=0)
    cheap = advise(evidence(answers(scores, verdicts), drawn=drawings(20, seconds=1.5)))[0].advised
    dear = advise(evidence(answers(scores, verdicts), drawn=drawings(20, seconds=60)))[0].advised
    assert dear < 0.15 < 0.6 < cheap


def test_what_was_hidden_and_yet_accepted_says_nothing_of_the_others():
    scores = np.concatenate((GRID[45:], np.full(30, 0.2)))
    shown = np.concatenate((np.ones(50, bool), np.zeros(30, bool)))
    verdicts = np.concatenate((np.where(GRID[45:] > 0.7, 0, 2), np.zeros(30, int)))
    (found,) = advise(evidence(answers(scores, verdicts, seen=shown)))
    assert found.answers == 50
    assert found.known_from >= 0.5


def test_what_is_missed_is_known_only_where_pictures_were_reviewed_with_low_scores_shown():
    verdicts = np.where(GRID >= 0.3, Verdict.AS_IT_IS, Verdict.WRONG)
    drawn = drawings(5, images=np.arange(1, 6))
    half_hidden = evidence(answers(GRID, verdicts), drawn=drawn, worked=pictures(95, seen_from=0.5))
    (found,) = advise(half_hidden)
    assert np.isnan(found.missed.share[at(0.49)])
    assert found.missed.share[at(0.5)] == pytest.approx((20 + 5) / (70 + 5))
    (all_seen,) = advise(evidence(answers(GRID, verdicts), drawn=drawn, worked=pictures(95)))
    assert all_seen.missed.share[at(0.3)] == pytest.approx(5 / 75)
    assert (np.diff(all_seen.missed.share[5:]) >= 0).all()
    unseen = evidence(answers(GRID, verdicts), drawn=drawn, worked=pictures(95, reviewed=False))
    assert np.isnan(advise(unseen)[0].missed.share).all()
    few = evidence(answers([0.5] * 3, [0] * 3), drawn=drawings(2), worked=pictures(3))
    assert np.isnan(advise(few)[0].missed.share).all(), "five objects say nothing"


def test_networks_and_categories_are_told_apart():
    both = [answers([0.9] * 25, [0] * 25), answers([0.9] * 30, [2] * 30, network=1, category=7)]
    joined = type(both[0])(*(np.concatenate([getattr(one, name) for one in both]) for name in both[0].__dict__))
    found = advise(evidence(joined, networks=("one@1", "two@1")))
    assert [(one.network, one.category) for one in found] == [("two@1", 7), ("one@1", 1)]
    assert [one.precision.share[0] for one in found] == [0, 1]


@pytest.mark.parametrize("rule", RULES)
def test_the_advice_costs_at_most_5_percent_more_than_the_best_threshold_found_afterwards(rule):
    assert np.mean([regret(seed, rule) for seed in range(20)]) < 0.05


@pytest.mark.parametrize("together", [0, 0.15])
def test_intervals_hold_the_true_precision_also_where_mistakes_fall_together(together):
    assert 93 <= np.mean([coverage(20, rule, together=together) for rule in RULES]) <= 97.5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(0, 20))
def test_any_answers_give_advice_that_holds_together(seed, count, open_ones):
    rng = np.random.default_rng(seed)
    scores, verdicts = rng.random(count).round(2), rng.integers(0, 3, count)
    given_ = evidence(
        answers(scores, verdicts, seen=rng.random(count) < 0.9),
        drawn=drawings(int(rng.integers(0, 15))),
        waits=undecided(rng.random(open_ones)),
        worked=pictures(count, seen_from=rng.random(count)),
    )
    (found,) = advise(given_)
    known = found.precision.total > 0
    assert (found.precision.low[known] <= found.precision.share[known] + 1e-9).all()
    assert (found.precision.share[known] <= found.precision.high[known] + 1e-9).all()
    assert (found.advised is None) == (found.answers < 20)
    if found.advised is not None:
        assert found.advised >= found.known_from
        assert found.work[at(found.advised)] == pytest.approx(np.nanmin(found.work))


def test_of_equally_good_thresholds_the_middle_is_advised():
    assert least_work(np.array([np.nan, 5.0, 2, 2, 2, 4, 2])) == 3
