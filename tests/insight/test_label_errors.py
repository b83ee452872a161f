"""Likely label errors, on pictures whose errors were planted."""

import numpy as np
import pytest

from annotator.core.answers import Boxes
from annotator.insight.label_errors import Reason, find_doubts
from tests.insight.planted import KINDS, found_in_the_first, planted


def boxes(*rows):
    """Rows of category, box, score."""
    categories, places, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return Boxes(np.array(categories, np.int64), np.array(places, float).reshape(-1, 4), np.array(scores, float))


def doubt_of(label, *suggested):
    ((found,),) = find_doubts([(boxes((*label, 1.0)), boxes(*suggested))])
    return found


BOX = (10, 10, 50, 90)


def test_at_least_70_percent_of_planted_errors_are_in_the_first_tenth_of_the_list():
    shares = []
    for seed in range(8):
        pictures, kinds = planted(np.random.default_rng(seed))
        shares.append(found_in_the_first(find_doubts(pictures), kinds, 0.1))
    assert np.mean([one["all"] for one in shares]) >= 0.7
    for kind in KINDS:
        assert np.mean([one[kind] for one in shares]) >= 0.5, kind


def test_each_error_has_its_reason():
    other = doubt_of((1, BOX), (2, BOX, 0.9))
    assert (other.reason, other.other) == (Reason.CATEGORY, 2)
    assert doubt_of((1, BOX), (1, (30, 10, 70, 90), 0.9)).reason == Reason.PLACE
    both = doubt_of((1, (10, 10, 90, 90)), (1, BOX, 0.9), (1, (50, 10, 90, 90), 0.8))
    assert both.reason == Reason.SEVERAL
    assert doubt_of((1, BOX)).reason == Reason.ALONE


def test_what_a_suggestion_fits_is_not_doubted():
    assert doubt_of((1, BOX), (1, BOX, 0.9)).doubt == 0
    sure = doubt_of((1, BOX), (1, BOX, 0.9), (2, BOX, 0.3))
    assert sure.doubt == 0, "a weaker suggestion of another category is no reason"
    assert doubt_of((1, BOX), (1, BOX, 0.9), (1, (500, 500, 600, 600), 0.9)).doubt == 0


def test_an_odd_size_is_told_where_a_category_has_enough_to_compare():
    usual = [(boxes((1, (0, 0, 40 + n, 40), 1.0)), boxes((1, (0, 0, 40 + n, 40), 0.9))) for n in range(12)]
    giant = (boxes((1, (0, 0, 900, 900), 1.0)), boxes((1, (0, 0, 900, 900), 0.9)))
    assert find_doubts([*usual, giant])[-1][0].reason == Reason.SIZE
    assert find_doubts([*usual[:5], giant])[-1][0].doubt == 0


def test_an_outline_that_goes_in_and_out_more_than_usual_is_doubtful():
    usual = [(boxes((1, (10, 10, 60, 90), 1.0)), boxes((1, (10, 10, 60, 90), 0.9)))] * 20
    runs = [np.array([50.0 + index]) for index in range(19)]
    ragged = find_doubts(usual, runs=[*runs, np.array([250.0])])
    assert ragged[-1][0].reason == Reason.RAGGED
    assert {one[0].doubt for one in ragged[:-1]} == {0.0}
    alone = [(labels, boxes()) for labels, _ in usual]
    assert find_doubts(alone, runs=[*runs, np.array([250.0])])[-1][0].reason == Reason.RAGGED


@pytest.mark.parametrize("suggested", [(), ((1, (5, 5, 5, 5), 0.5),)])
def test_empty_boxes_and_pictures_break_nothing(suggested):
    assert find_doubts([]) == []
    assert find_doubts([(boxes(), boxes(*suggested))]) == [[]]
    assert 0 <= doubt_of((1, (5, 5, 5, 5)), *suggested).doubt <= 1
