"""Accepting unseen, on simulated networks whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.answers import Verdict
from annotator.insight.auto_accept import (
    SAMPLE,
    TARGET,
    Outcome,
    draw_sample,
    find_border,
    find_offers,
    judge,
    needed_answers,
)
from tests.bench.bench_insight import DRIFT, SURE, auto_accept, holds
from tests.insight.simulated import answers, evidence, undecided


@pytest.mark.parametrize("drift", [1.0, DRIFT], ids=["as before", "drifting"])
@pytest.mark.parametrize("kind", SURE)
def test_what_stays_accepted_holds_the_target_within_its_interval(kind, drift):
    rng = np.random.default_rng(17)
    runs = [auto_accept(rng, kind, drift=drift) for _ in range(100)]
    assert sum(map(holds, runs)) >= 95
    # Far below the target means that the sample did not find it.
    assert sum(run is not None and run[0] < TARGET - 0.02 for run in runs) <= 5


def test_a_good_network_is_let_through():
    rng = np.random.default_rng(2)
    assert sum(auto_accept(rng, "good") is not None for _ in range(50)) >= 45


def test_a_border_is_right_in_95_of_100_searches():
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(300):
        # Right as often as the target says, no more: every border is one too many.
        scores = rng.random(1000)
        right = rng.random(1000) < TARGET - 1e-9
        wrong += find_border(answers(scores, np.where(right, 0, 2))) is not None
    assert wrong / 300 <= 0.05


def test_the_fewest_answers_are_told():
    least = needed_answers()
    assert find_border(answers(np.linspace(0.5, 1, least - 1), [0] * (least - 1))) is None
    border = find_border(answers(np.linspace(0.5, 1, least), [0] * least))
    assert (border.score, border.precision.total) == (0.5, least)
    assert border.at_least >= TARGET
    assert find_border(answers([], [])) is None
    assert find_border(answers([0.9] * 3, [0] * 3)) is None


def test_an_offer_counts_what_waits_from_its_border_on():
    known = answers(np.linspace(0.6, 1, 400), [0] * 400)
    (offer,) = find_offers(evidence(known, waits=undecided([0.59, 0.6, 0.61, 0.99])))
    assert (offer.network, offer.category, offer.border.score, offer.waiting) == ("net@1", 1, 0.6, 3)
    (reviewed,) = find_offers(evidence(known, waits=undecided([0.9], reviewed=True)))
    assert reviewed.waiting == 0, "what somebody left open on a reviewed picture stays so"
    (few,) = find_offers(evidence(answers([0.9] * 3, [0] * 3), waits=undecided([0.95])))
    assert (few.border, few.waiting, few.answers) == (None, 0, 3)
    assert find_offers(evidence()) == ()


def test_what_would_be_adjusted_is_not_right_as_it_is():
    assert find_border(answers([0.9] * 600, [Verdict.ADJUSTED] * 60 + [0] * 540)) is None


def test_suggestions_of_one_score_are_taken_together_or_not_at_all():
    scores = np.repeat([0.9, 0.5], 600)
    verdicts = [0] * 600 + [0] * 500 + [2] * 100
    border = find_border(answers(scores, verdicts))
    assert (border.score, border.precision.total) == (0.9, 600)


def test_mistakes_of_whole_pictures_count_for_less():
    verdicts = np.concatenate((np.zeros(985, int), np.full(15, 2)))
    scores = np.full(1000, 0.9)
    apart = find_border(answers(scores, np.concatenate((np.zeros(993, int), np.full(7, 2)))))
    together = find_border(answers(scores, verdicts, images=np.repeat(np.arange(50), 20)))
    assert apart is not None
    assert together is None


def test_a_sample_is_random_and_without_doubles():
    drawn = draw_sample(1000, seed=3)
    assert len(drawn) == SAMPLE == len(set(drawn.tolist()))
    assert (drawn == draw_sample(1000, seed=3)).all()
    assert (drawn != draw_sample(1000, seed=4)).any()
    often = np.zeros(20)
    for seed in range(2000):
        often[draw_sample(20, seed=seed, size=5)] += 1
    assert often.min() > 400
    assert often.max() < 600
    assert draw_sample(7, seed=1).tolist() == list(range(7))


def test_a_batch_fails_with_the_first_wrong_one_too_many_and_holds_at_the_end():
    assert judge(right=0, wrong=0, left=150).outcome is Outcome.OPEN
    assert judge(right=10, wrong=3, left=137).outcome is Outcome.OPEN
    assert judge(right=10, wrong=4, left=136).outcome is Outcome.FAILS
    assert judge(right=147, wrong=3, left=0).outcome is Outcome.HOLDS
    assert judge(right=147, wrong=3, left=0).allowed == 3


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 900))
def test_a_border_never_promises_more_than_its_answers_say(seed, count):
    rng = np.random.default_rng(seed)
    given_ = answers(rng.random(count).round(2), np.where(rng.random(count) < 0.99, 0, 2))
    border = find_border(given_)
    if border is not None:
        above = given_.scores >= border.score
        assert border.precision.total == above.sum()
        assert border.precision.share == pytest.approx((given_.verdicts[above] == 0).mean())
        assert TARGET <= border.at_least <= border.precision.share
