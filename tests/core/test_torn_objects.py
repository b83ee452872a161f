"""An object that a tool tore into an instance of each piece is known by its pieces; nothing else is taken for one."""

import cv2
import numpy as np
import pytest

from annotator.core.masks import mask_to_rle, rle_area, rle_to_mask
from annotator.core.polygons import polygons_to_rle
from annotator.core.same_objects import same_objects
from annotator.core.torn_objects import pieces_of
from annotator.exchange import coco
from tests import coco_sample


def boxes(*sides, width=200, height=150):
    """One mask of several boxes, each left, top, width, height."""
    mask = np.zeros((height, width), bool)
    for x, y, w, h in sides:
        mask[y : y + h, x : x + w] = True
    return mask_to_rle(mask)


def pieces(found, known):
    return pieces_of(found, known, same_objects(found, known))


LEFT, RIGHT, SPECK = (20, 20, 40, 90), (70, 20, 40, 90), (62, 100, 4, 4)
WHOLE = boxes(LEFT, RIGHT, SPECK)


def test_pieces_of_one_object_are_that_object_the_largest_first():
    found = [boxes(SPECK), boxes(RIGHT), boxes(LEFT)]
    assert list(pieces(found, [boxes((150, 20, 30, 30)), WHOLE]).items()) == [(1, 1), (2, 1), (0, 1)]


def test_what_the_largest_piece_leaves_over_is_a_piece_too():
    known = boxes((20, 20, 90, 90), (120, 20, 5, 30))
    found = [boxes((20, 20, 90, 90)), boxes((120, 20, 5, 30))]
    assert same_objects(found, [known]) == {0: 0}
    assert pieces(found, [known]) == {1: 0}


@pytest.mark.parametrize(
    "found",
    [
        [boxes(LEFT)],  # the rest is gone
        [boxes(LEFT), boxes((150, 20, 30, 30))],
        [WHOLE, boxes((30, 30, 20, 20))],  # somebody in front of it
        [boxes(LEFT), boxes(LEFT), boxes((25, 25, 30, 80))],
        [boxes((20, 20, 90, 94))],
        [],
    ],
)
def test_what_does_not_make_up_the_object_is_no_piece(found):
    assert pieces(found, [WHOLE]) == {}


def test_a_piece_goes_to_the_smallest_that_holds_it():
    found = [boxes(LEFT), boxes(RIGHT), boxes(SPECK), boxes((0, 0, 200, 150))]
    assert set(pieces(found, [boxes((0, 0, 200, 150)), WHOLE]).values()) == {1}


def test_cocos_own_instances_are_found_again_when_each_outline_is_one():
    groups = {}
    for one in coco.read(coco_sample.folder() / "instances_80.json").instances:
        groups.setdefault((one.image_id, one.category_id), []).append(one.rle)
    lost = added = 0
    for known in groups.values():
        found = []
        for rle in known:
            rings, _ = cv2.findContours(rle_to_mask(rle).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            rings = [ring.reshape(-1, 2).astype(np.float64) for ring in rings if len(ring) >= 3]
            found += [polygons_to_rle([ring], height=rle.height, width=rle.width) for ring in rings]
        found = [rle for rle in found if rle_area(rle)]
        matches = same_objects(found, known)
        added += len(found) - len(known)
        lost += len(found) - len(matches) - len(pieces_of(found, known, matches))
    assert (added > 50, lost <= 3) == (True, True), (added, lost)
