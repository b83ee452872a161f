"""Instances that get in each other's way are found, each pair once."""

from hypothesis import given
from hypothesis import strategies as st

from annotator.core.clashes import Bounds, Clash, Placed, find_clashes, settle
from annotator.core.masks import rle_area
from annotator.core.repair import Kind, Repair
from tests.core.test_overlap import MASKS, block

PERSON, BAG = 1, 31


def clashes(*placed, **bounds):
    masks, categories = zip(*placed, strict=True)
    found = find_clashes(masks, categories, Bounds(**bounds))
    return [(one.kind, one.larger, one.smaller, round(one.share, 2)) for one in found]


def test_the_same_object_twice_is_no_overlap():
    assert clashes((block(2, 2, 10, 9), PERSON), (block(2, 2, 10, 10), PERSON)) == [(Clash.DUPLICATE, 1, 0, 0.9)]
    assert clashes((block(2, 2, 10, 10), PERSON), (block(2, 2, 10, 10), PERSON)) == [(Clash.DUPLICATE, 0, 1, 1.0)]


def test_one_inside_another_is_told_by_the_share_of_the_smaller():
    assert clashes((block(0, 0, 20, 20), PERSON), (block(5, 5, 4, 4), PERSON)) == [(Clash.CONTAINED, 0, 1, 1.0)]


def test_another_category_in_the_same_place_overlaps():
    """A bag in front of a person is no second person."""
    assert clashes((block(0, 0, 20, 20), PERSON), (block(5, 5, 4, 4), BAG)) == [(Clash.OVERLAP, 0, 1, 1.0)]


def test_each_kind_has_a_bound_of_its_own():
    pair = (block(0, 0, 10, 10), PERSON), (block(5, 0, 10, 10), PERSON)  # half of each is common, the IoU a third
    assert clashes(*pair) == [(Clash.OVERLAP, 0, 1, 0.5)]
    assert clashes(*pair, duplicate=0.3) == [(Clash.DUPLICATE, 0, 1, 0.33)]
    assert clashes(*pair, contained=0.5) == [(Clash.CONTAINED, 0, 1, 0.5)]
    assert clashes(*pair, overlap=0.51) == []


@given(MASKS, st.randoms(use_true_random=False))
def test_each_pair_is_told_once_whatever_the_order(masks, random):
    masks = [mask for mask in masks if rle_area(mask)]
    categories = [PERSON] * len(masks)
    found = find_clashes(masks, categories, Bounds())
    told = [frozenset((pair.larger, pair.smaller)) for pair in found]
    assert len(set(told)) == len(told)
    assert all(len(pair) == 2 for pair in told)
    order = random.sample(range(len(masks)), len(masks))
    again = find_clashes([masks[index] for index in order], categories, Bounds())
    assert {frozenset((order[one.larger], order[one.smaller])) for one in again} == set(told)


def placed(mask, *, accepted=False, drawn=False, score=0.5, id=0, may_change=True):
    return Placed(mask, PERSON, (accepted, drawn, score, -id), may_change)


def test_of_two_duplicates_the_accepted_one_stays_then_a_persons_then_the_surer():
    mask, kind = block(2, 2, 10, 10), Repair(Kind.DUPLICATES, 80)
    assert settle([placed(mask, score=0.9), placed(mask, accepted=True)], kind) == {0: None}
    assert settle([placed(mask, score=0.9, accepted=True), placed(mask, drawn=True, accepted=True)], kind) == {0: None}
    assert settle([placed(mask, score=0.9), placed(mask, score=0.8)], kind) == {1: None}
    assert settle([placed(mask), placed(mask, id=1), placed(mask, id=2)], kind) == {1: None, 2: None}


def test_what_a_repair_is_not_about_stays():
    mask = block(2, 2, 10, 10)
    assert settle([placed(mask, score=0.9), placed(mask, may_change=False)], Repair(Kind.DUPLICATES, 80)) == {}


def test_of_one_inside_another_the_smaller_goes_or_is_taken_in():
    large, small = block(0, 0, 10, 10), block(6, 2, 5, 5)  # four of its five columns are inside
    pair = [placed(large), placed(small, score=0.9)]
    assert settle(pair, Repair(Kind.CONTAINED, 81)) == {}
    assert settle(pair, Repair(Kind.CONTAINED, 80)) == {1: None}
    (merged, gone) = settle(pair, Repair(Kind.MERGE, 80)).items()
    assert (merged[0], rle_area(merged[1]), gone) == (1, 105, (0, None))  # the surer one takes the other in
