"""How far two people agree, against the plain way of counting it and a case worked out by hand."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.masks import mask_to_rle
from annotator.evaluation.two_people import Doubled, agreement, by_people, compare, krippendorff_alpha
from annotator.storage.comparisons import Outline

HEIGHT, WIDTH = 20, 30
ANN, BEN, CAT = "ann", "ben", "cat"
PERSON, DOG, CAR = 1, 18, 3


def box(category, x, y=0, w=10, h=4, *, crowd=False):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y : y + h, x : x + w] = True
    return Outline(category, mask_to_rle(mask), crowd=crowd)


def test_a_picture_worked_out_by_hand():
    first = [box(PERSON, 0), box(DOG, 0, 5), box(CAR, 0, 10), box(CAR, 20, 10)]
    # The same person; the dog called a car, and 2 of 10 columns further right: IoU 8 / 12; the car a miss, at 4 / 16.
    second = [box(PERSON, 0), box(CAR, 2, 5), box(CAR, 6, 10)]
    found = compare(7, (ANN, BEN), first, second)
    assert found.pairs == ((PERSON, PERSON, 1.0), (DOG, CAR, pytest.approx(2 / 3)))
    assert (found.only_first, found.only_second) == ((CAR, CAR), (CAR,))
    assert found.agreement == pytest.approx(2 / 7)
    said = agreement([found])
    assert (said.first, said.second, said.both, said.same, said.close) == (4, 3, 2, 1, 1)
    assert said.f1.value == pytest.approx(4 / 7)
    assert said.f1_close.value == pytest.approx(2 / 7)
    assert said.iou.value == pytest.approx(5 / 6)
    # Three categories were given four times in all: person twice, dog, car. 1 - (1 / 2) / (1 - 2 / 12).
    assert said.alpha.value == pytest.approx(0.4)
    assert said.f1.error is None  # one picture does not tell how far the next one may be from it
    assert [(one.category, one.first, one.second, one.both, one.f1, one.iou) for one in said.categories] == [
        (PERSON, 1, 1, 1, 1.0, 1.0),
        (CAR, 2, 2, 0, 0.0, None),
        (DOG, 1, 0, 0, 0.0, None),
    ]


def test_alpha_is_that_of_the_published_example():
    ann, ben = "aabbdcccedda", "babbbccceddd"
    counts = np.zeros((5, 5))
    for one, other in zip(ann, ben, strict=True):
        counts["abcde".index(one), "abcde".index(other)] += 1
    assert krippendorff_alpha(counts) == pytest.approx(0.692, abs=0.0005)
    assert np.isnan(krippendorff_alpha(np.array([[9.0]])))


def outlines(most=5):
    side = st.integers(4, 9)
    one = st.builds(box, st.sampled_from([PERSON, DOG]), st.integers(0, 20), st.integers(0, 10), side, side)
    return st.lists(one, max_size=most)


@settings(max_examples=60)
@given(st.lists(st.tuples(outlines(), outlines()), min_size=1, max_size=4))
def test_figures_are_those_of_counting_plainly_and_of_no_order_of_people(takes):
    found = [compare(index, (ANN, BEN), *both) for index, both in enumerate(takes)]
    said = agreement(found)
    assert said.first == sum(len(first) for first, _ in takes)
    assert said.second == sum(len(second) for _, second in takes)
    pairs = [pair for one in found for pair in one.pairs]
    if pairs:
        assert said.iou.value == pytest.approx(np.mean([iou for *_, iou in pairs]))
        values = [category for pair in pairs for category in pair[:2]]
        unlike = np.mean([one != other for one, other in permutations(values, 2)])
        if unlike:
            assert said.alpha.value == pytest.approx(1 - np.mean([one != other for one, other, _ in pairs]) / unlike)
        else:
            assert said.alpha is None
    turned = agreement([compare(index, (BEN, ANN), *both[::-1]) for index, both in enumerate(takes)])
    assert (turned.f1, turned.f1_close, turned.alpha) == (said.f1, said.f1_close, said.alpha)


def test_what_lies_in_the_others_crowd_says_nothing():
    many = box(PERSON, 0, 0, 20, 10, crowd=True)
    found = compare(1, (ANN, BEN), [many, box(DOG, 20, 12)], [box(PERSON, 2, 2, 4, 4), box(DOG, 20, 12)])
    assert (found.only_first, found.only_second, len(found.pairs)) == ((), (), 1)


def test_people_are_told_apart_whichever_came_first_and_many_pictures_have_an_interval():
    pictures = [Doubled(at, (ANN, BEN), ((PERSON, PERSON, 0.9),), (DOG,) * (at % 2), ()) for at in range(20)]
    pictures += [Doubled(at, (BEN, ANN), ((PERSON, DOG, 0.8),), (), ()) for at in range(20, 40)]
    pictures.append(Doubled(40, (CAT, BEN), (), (), (PERSON,)))
    found = by_people(pictures)
    assert {people: one.pictures for people, one in found.items()} == {(ANN, BEN): 40, (BEN, CAT): 1}
    ours = found[ANN, BEN]
    assert (ours.first, ours.second, ours.same) == (50, 40, 20)
    assert ours.f1.value == pytest.approx(80 / 90)
    assert ours.f1.low < 80 / 90 < ours.f1.high
    assert found[BEN, CAT].first == 1
    assert found[BEN, CAT].iou is None
    assert agreement([]).f1 is None
