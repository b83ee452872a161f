"""What to review next, on pictures whose suggestions are known."""

import numpy as np
import pytest

from annotator.core.answers import Waiting
from annotator.insight.gain import Material, chances_of, entropy, most_to_gain
from tests.insight.simulated import answers, evidence


def waiting(*rows, networks=("net@1",)):
    """rows: image, score, and where it is not 0, 1 and -1 the network's index, the category and the vote."""
    filled = [(*row, *(0, 1, -1)[len(row) - 2 :]) for row in rows]
    images, scores, by, categories, votes = (np.array(column) for column in zip(*filled, strict=True))
    return Waiting(networks, images, by, categories, scores.astype(float), votes)


def material(found, *, pictures=None, **more):
    ids = np.unique(found.images) if pictures is None else np.array(pictures)
    given = {"own": {}, "accepted": {}, "seen_besides": {}, "looks": {}} | more
    return Material(found, ids, 0.5, **given)


def ordered(found, *, known=None, **more):
    return most_to_gain(evidence() if known is None else known, material(found, **more))


def test_pictures_with_doubtful_scores_come_before_sure_ones_and_say_how_many():
    found = ordered(waiting((1, 0.99), (1, 0.98), (2, 0.55), (2, 0.6), (2, 0.52), (2, 0.4), (3, 0.6)))
    assert found.ids.tolist() == [2, 3, 1]
    assert found.doubtful.tolist() == [3, 1, 0]
    assert found.misses.tolist() == [1, 0, 0]


def test_what_was_answered_counts_more_than_the_score():
    grid = np.linspace(0.05, 0.95, 200)
    step = evidence(answers(grid, np.where(grid > 0.2, 0, 2)))  # from 0.2 on all are right
    rows = waiting((1, 0.6), (2, 0.3))
    assert chances_of(rows, evidence()) == pytest.approx([0.6, 0.3])
    assert chances_of(rows, step) == pytest.approx([0.96, 0.94], abs=0.01)
    found = ordered(rows, known=step)
    assert (found.doubtful.tolist(), found.misses.tolist()) == ([0, 0], [1, 0])
    assert found.ids.tolist() == [2, 1]


def test_below_what_was_answered_the_chance_falls_with_the_score():
    sure = evidence(answers(np.linspace(0.5, 0.9, 100), [0] * 100))
    low, lower = chances_of(waiting((1, 0.25), (1, 0.05)), sure)
    assert low == pytest.approx((100 * 0.5 + 20 * 0.25) / 120)
    assert lower < 0.12


def test_a_category_of_its_own_threshold_is_hidden_by_that():
    found = ordered(waiting((1, 0.6)), own={1: 0.7})
    assert (found.doubtful.tolist(), found.misses.tolist()) == ([0], [1])


def test_objects_that_a_copy_shows_count_as_likely_misses():
    found = ordered(waiting((1, 0.99), (2, 0.99)), seen_besides={2: 2})
    assert (found.ids.tolist(), found.misses.tolist()) == ([2, 1], [2, 0])


def test_networks_that_count_differently_disagree():
    two = ("a@1", "b@1")
    found = ordered(
        waiting((1, 0.99, 0, 1), (1, 0.99, 1, 1), (2, 0.99, 0, 1), (2, 0.98, 0, 1), (2, 0.1, 1, 1), networks=two)
    )
    assert found.ids.tolist() == [2, 1]
    assert found.apart.tolist() == [2, 0]
    assert ordered(waiting((1, 0.9, 0, 1), (2, 0.9, 1, 1), networks=two)).apart.tolist() == [0, 0]


def test_where_networks_were_compared_that_counts_alone():
    two = ("a@1", "b@1")
    rows = [(1, 0.99, 0, 1, 0), (1, 0.99, 0, 1, 0), (2, 0.99, 1, 1, 1), (2, 0.99, 0, 1, 0), (2, 0.1, 0, 1, 1)]
    found = ordered(waiting(*rows, (1, 0.99, 1, 1, 0), networks=two))
    assert (found.ids.tolist(), found.apart.tolist()) == ([2, 1], [1, 0])


def test_a_rare_category_comes_before_a_usual_one():
    found = ordered(waiting((1, 0.9, 0, 1), (2, 0.9, 0, 2)), accepted={1: 100, 2: 3})
    assert (found.ids.tolist(), found.rare.tolist()) == ([2, 1], [1, 0])


def test_the_same_picture_again_comes_behind_another_one_of_as_much_gain():
    rows = [(image, 0.5) for image in (1, 2, 3)]
    looks = {1: np.array([1.0, 0, 0]), 2: np.array([1.0, 0, 0]), 3: np.array([0, 1.0, 0]), 9: np.array([0, 0, 1.0])}
    found = ordered(waiting(*rows), looks=looks)
    assert found.ids.tolist() == [1, 3, 2]
    assert found.unlike.tolist() == [True, True, False]
    seen = ordered(waiting(*rows), looks={**looks, 9: looks[1]})  # as the first two, and reviewed
    assert seen.ids.tolist() == [3, 1, 2]


def test_pictures_without_suggestions_come_last_and_nothing_is_a_list_too():
    found = ordered(waiting((4, 0.5)), pictures=[2, 4])
    assert (found.ids.tolist(), found.gains[1]) == ([4, 2], 0)
    assert len(ordered(waiting((4, 0.5)), pictures=np.zeros(0, np.int64))) == 0


def test_an_even_chance_is_one_bit_and_a_sure_one_none():
    assert entropy(np.array([0.5, 0.0, 1.0])) == pytest.approx([1, 0, 0], abs=1e-6)
