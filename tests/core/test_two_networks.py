"""What two networks suggest on a picture becomes one list, with what each says of the other's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from annotator.core.overlap import mask_iou
from annotator.core.two_networks import SAME_PLACE, Voter, match, merge
from annotator.core.vote import Agreement, provenance_of

HEIGHT, WIDTH = 24, 32
PERSON, DOG, CAR = 1, 18, 3
FINE = Voter("fine@1", frozenset({PERSON}), 0.5, most=2)
WIDE = Voter("wide@2", frozenset({PERSON, DOG, CAR}), 0.3)


def seen(by, category, score, x, y, w=8, h=8):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y : y + h, x : x + w] = True
    return Suggestion(category, score, mask_to_rle(mask), by.source)


def suggestions(by):
    category, side = st.sampled_from(sorted(by.categories)), st.integers(3, 9)
    score = st.sampled_from([0.05, 0.3, 0.5, 0.7, 1.0])
    return st.lists(
        st.builds(seen, st.just(by), category, score, st.integers(0, 12), st.integers(0, 8), side, side), max_size=12
    )


@given(suggestions(FINE), suggestions(WIDE))
def test_pairs_are_one_to_one_and_the_same_whichever_network_comes_first(first, second):
    pairs = match(first, second)
    assert len({pair.first for pair in pairs}) == len({pair.second for pair in pairs}) == len(pairs)
    ious = mask_iou([one.rle for one in first], [one.rle for one in second])
    assert all(pair.iou == ious[pair.first, pair.second] >= SAME_PLACE for pair in pairs)
    assert {(pair.second, pair.first) for pair in match(second, first)} == {(one.first, one.second) for one in pairs}
    # Nothing that could be paired is left alone on both sides.
    left = [np.setdiff1d(np.arange(len(side)), ends) for side, ends in (
        (first, [pair.first for pair in pairs]), (second, [pair.second for pair in pairs]),
    )]  # fmt: skip
    assert not (ious[np.ix_(*left)] >= SAME_PLACE).any()


@given(suggestions(FINE), suggestions(WIDE))
def test_every_suggestion_stays_or_is_the_partner_of_one_that_stays(first, second):
    merged = merge(first, second, voters=(FINE, WIDE))

    def told(some):
        return sorted((one.source, one.category_id, one.score) for one in some)

    assert told([*merged.kept, *merged.others]) == told([*first, *second])
    votes = [one.vote for one in merged.kept if one.vote.score is not None]
    assert sorted((vote.by, vote.category_id, vote.score) for vote in votes) == told(merged.others)
    turned = merge(second, first, voters=(WIDE, FINE))
    assert (len(turned.kept), len(turned.others)) == (len(merged.kept), len(merged.others))


def test_the_surer_one_stays_by_a_scale_that_networks_share():
    """0.6 is a little above the one's threshold of 0.5, 0.5 further above the other's of 0.3."""
    (kept,) = merge([seen(FINE, PERSON, 0.6, 1, 1)], [seen(WIDE, PERSON, 0.5, 1, 2)], voters=(FINE, WIDE)).kept
    assert (kept.source, kept.score, kept.vote.agreement, kept.vote.by) == ("wide@2", 0.5, Agreement.BOTH, "fine@1")
    assert (kept.vote.score, kept.vote.iou) == (0.6, pytest.approx(7 / 9))
    assert provenance_of(kept.vote) == {
        "agreement": "both", "second": "fine@1", "second_score": 0.6, "second_iou": 0.7778,
    }  # fmt: skip


def test_of_as_sure_ones_that_of_the_network_stays_which_is_named_first():
    pair = [seen(FINE, PERSON, 0.5, 1, 1)], [seen(WIDE, PERSON, 0.3, 1, 1)]
    assert [one.source for one in merge(*pair, voters=(FINE, WIDE)).kept] == ["fine@1"]
    assert [one.source for one in merge(*pair[::-1], voters=(WIDE, FINE)).kept] == ["wide@2"]


def test_another_category_in_the_same_place_is_a_conflict():
    (kept,) = merge([seen(FINE, PERSON, 0.9, 1, 1)], [seen(WIDE, DOG, 0.4, 1, 1)], voters=(FINE, WIDE)).kept
    assert (kept.category_id, kept.vote.agreement, kept.vote.category_id) == (PERSON, Agreement.CONFLICT, DOG)


def test_the_same_category_is_looked_for_before_another_one():
    dog, person = seen(WIDE, DOG, 0.9, 1, 1), seen(WIDE, PERSON, 0.4, 1, 2)
    merged = merge([seen(FINE, PERSON, 0.9, 1, 1)], [dog, person], voters=(FINE, WIDE)).kept
    found = [(one.category_id, one.vote.agreement) for one in merged]
    assert found == [(PERSON, Agreement.BOTH), (DOG, Agreement.SILENT)]


def test_what_the_other_one_is_not_sure_of_is_told_and_is_no_agreement():
    (kept,) = merge([seen(FINE, PERSON, 0.9, 1, 1)], [seen(WIDE, PERSON, 0.2, 1, 1)], voters=(FINE, WIDE)).kept
    assert (kept.vote.agreement, kept.vote.score, kept.vote.iou) == (Agreement.ONE, 0.2, 1.0)


def test_a_network_that_does_not_know_a_category_has_no_say_in_it():
    merged = merge([], [seen(WIDE, CAR, 0.9, 1, 1), seen(WIDE, PERSON, 0.9, 15, 1)], voters=(FINE, WIDE)).kept
    assert [one.vote.agreement for one in merged] == [Agreement.SILENT, Agreement.ONE]


@pytest.mark.parametrize(("lowest", "agreement"), [(0.5, Agreement.SILENT), (0.49, Agreement.ONE)])
def test_a_network_that_is_full_has_no_say_in_what_it_did_not_name(lowest, agreement):
    """It names two at most. Where it is not sure of the second one, it would not have been sure of a third."""
    first = [seen(FINE, PERSON, 0.9, 0, 0), seen(FINE, PERSON, lowest, 10, 0)]
    merged = merge(first, [seen(WIDE, PERSON, 0.9, 20, 12)], voters=(FINE, WIDE)).kept
    assert merged[-1].vote.agreement is agreement


def test_a_box_is_not_kept_in_the_place_of_a_mask():
    boxes = Voter("boxes@1", frozenset({PERSON}), 0.3, has_masks=False)
    first, second = [seen(boxes, PERSON, 1.0, 1, 1)], [seen(WIDE, PERSON, 0.1, 1, 1)]
    (kept,) = merge(first, second, voters=(boxes, WIDE)).kept
    assert (kept.source, kept.vote.agreement) == ("wide@2", Agreement.BOTH)
