"""The same objects are found again, one to one, by whatever tool traced them; others are not."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.core.masks import mask_to_rle, rle_area, rle_to_mask, runs_to_rles
from annotator.core.polygons import polygons_to_rle
from annotator.core.same_objects import same_objects
from annotator.core.torn_objects import pieces_of
from annotator.exchange import coco
from tests import coco_sample


def box(x, y, w, h, *, width=200, height=150):
    mask = np.zeros((height, width), bool)
    mask[y : y + h, x : x + w] = True
    return mask_to_rle(mask)


def traced(rle, *, tolerance=0.0):
    """As FiftyOne and datumaro do: the outlines through the border's pixels, holes filled, corners left out."""
    found, _ = cv2.findContours(rle_to_mask(rle).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rings = [cv2.approxPolyDP(ring, tolerance, True) if tolerance else ring for ring in found]
    rings = [ring.reshape(-1, 2).astype(np.float64) for ring in rings if len(ring) >= 3]
    return polygons_to_rle(rings, height=rle.height, width=rle.width)


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (box(20, 20, 100, 90), True),
        (box(20, 20, 99, 89), True),
        (box(20, 20, 91, 90), True),  # IoU 0.91
        (box(20, 20, 89, 90), False),  # 0.89, and the box is 11 px off
        (box(23, 24, 93, 83), True),  # 0.86, and the boxes agree
        (box(120, 20, 40, 90), False),
        (box(20, 20, 50, 90), False),
    ],
)
def test_a_large_object_is_the_same_from_an_iou_of_09_on_or_where_its_box_agrees(found, same):
    assert same_objects([found], [box(20, 20, 100, 90)]) == ({0: 0} if same else {})


def test_the_bounds_of_the_same_object():
    assert same_objects([box(0, 0, 90, 100)], [box(0, 0, 100, 100)]) == {0: 0}  # IoU 0.9 to the bit, the box 10 px off
    for off, same in ((5, {0: 0}), (6, {})):
        # IoU 0.6 and less: the boxes decide.
        assert same_objects([box(20, 20, 60, 20)], [box(20, 20 + off, 60, 20)]) == same
    for side, same in ((32, {}), (31, {0: 0})):
        # 20 of 44 columns are shared, the boxes are 12 px off: only small ones are the same.
        assert same_objects([box(20, 20, 32, side)], [box(32, 20, 32, side)]) == same


@pytest.mark.parametrize(
    ("found", "same"),
    [(box(21, 21, 4, 4), True), (box(22, 22, 6, 6), True), (box(20, 20, 5, 5), False), (box(25, 25, 6, 6), False)],
)
def test_a_small_object_is_the_same_though_half_of_it_is_gone(found, same):
    assert same_objects([found], [box(21, 21, 6, 6)]) == ({0: 0} if same else {})


def test_the_likest_are_the_same_and_each_is_taken_once():
    known = [box(10, 10, 20, 20), box(11, 10, 20, 20)]
    assert same_objects([box(12, 10, 20, 20), box(10, 10, 20, 20)], known) == {0: 1, 1: 0}
    assert same_objects([box(10, 10, 20, 20)] * 3, known) == {0: 0, 1: 1}
    assert same_objects([], known) == same_objects(known, []) == {}
    assert same_objects([box(0, 0, 0, 0)], [box(0, 0, 0, 0)]) == {}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), unique=True, max_size=30), st.randoms())
def test_what_stands_apart_is_found_again_in_any_order(places, chance):
    known = [box(20 * x, 20 * y, 12, 15) for x, y in places]
    order = list(range(len(known)))
    chance.shuffle(order)
    found = [traced(known[index]) for index in order]
    assert same_objects(found, known) == dict(enumerate(order))


def test_ten_thousand_of_the_same_mask_take_seconds_and_not_their_square():
    many = [box(20, 20, 30, 30)] * 10_000
    started = time.perf_counter()
    assert len(same_objects(many, many)) > 5_000
    assert time.perf_counter() - started < 60


def boxes(chance, count, *, spread, height=150, width=200):
    """Small boxes at any place below `spread`, as masks."""
    runs, lengths = [], []
    for x, y, w, h in zip(
        *chance.integers([[0], [0], [4], [4]], [[spread], [min(spread, 130)], [12], [12]], (4, count)), strict=True
    ):
        own = [x * height + y, *[h, height - h] * (w - 1), h]
        runs += [*own, height * width - sum(own)]
        lengths.append(len(own) + 1)
    return runs_to_rles(np.array(runs), np.array(lengths), height=height, width=width)


@pytest.mark.parametrize("spread", [6, 180])
def test_thousands_of_masks_on_one_picture_take_seconds(spread):
    chance = np.random.default_rng(0)
    known, found = (boxes(chance, 4_000, spread=spread) for _ in range(2))
    started = time.process_time()
    matches = same_objects(found, known)
    assert len(set(matches.values())) == len(matches) > 1_000
    assert len(pieces_of(found, known, matches)) < 10
    assert time.process_time() - started < 10


@pytest.mark.parametrize(("tolerance", "most_lost"), [(0.0, 2), (2.0, 6)])
def test_cocos_own_instances_are_found_again_when_traced_anew(tolerance, most_lost):
    dataset = coco.read(coco_sample.folder() / "instances_80.json")
    groups = {}
    for one in dataset.instances:
        groups.setdefault((one.image_id, one.category_id), []).append(one.rle)
    lost = 0
    for known in groups.values():
        again = [(index, traced(rle, tolerance=tolerance)) for index, rle in enumerate(known)]
        again = [(index, rle) for index, rle in again if rle_area(rle)]
        matches = same_objects([rle for _, rle in again], known)
        assert all(again[index][0] == other for index, other in matches.items())
        lost += len(again) - len(matches)
    assert lost <= most_lost
