"""What a gesture makes of an instance, and what it may not say."""

from dataclasses import replace
from types import MappingProxyType
from unittest.mock import patch

import numpy as np
import pytest

from annotator.core import masks, polygons, review
from annotator.core.dataset import Image, Instance, State
from annotator.core.errors import GestureError
from annotator.core.heatmap import Heatmap
from annotator.core.limits import MAX_CHANGES, MAX_TEXT, MAX_VERTICES
from annotator.core.masks import Rle
from annotator.core.polygons import Part, polygons_to_rle
from annotator.core.review import Change, Gesture

IMAGE = Image(1, "a.jpg", 8, 6, "0" * 64)
SQUARE = np.array([[1, 1], [4, 1], [4, 4], [1, 4]], np.float64)


def rle(*rows):
    mask = np.zeros((6, 8), bool)
    mask[list(rows)] = True
    return masks.mask_to_rle(mask)


SUGGESTED = Instance(5, "k", 1, 1, State.SUGGESTED, rle(0, 1), None, "m@1", 0.8)


def applied(change, *, before, original, heatmaps=MappingProxyType({})):
    """The instance after a gesture of one change."""
    (drawn,) = review.draw(Gesture(1, "tab", 0, 0, "edit", "me", (change,)), image=IMAGE, heatmaps=heatmaps)
    return review.apply(change, drawn=drawn, image=IMAGE, before=before, original=original)


def test_accepting_keeps_mask_score_and_source():
    after = applied(Change("k", 1, State.ACCEPTED), before=SUGGESTED, original=SUGGESTED.rle)
    assert after == replace(SUGGESTED, state=State.ACCEPTED)


def test_an_edit_is_told_from_the_suggestion_and_undone_it_is_none():
    edited = applied(Change("k", 1, State.ACCEPTED, rle(2)), before=SUGGESTED, original=SUGGESTED.rle)
    assert edited.edited
    assert (edited.score, edited.source, edited.id) == (0.8, "m@1", 5)
    undone = applied(Change("k", 1, State.SUGGESTED, rle(0, 1)), before=edited, original=SUGGESTED.rle)
    assert undone == SUGGESTED


def test_parts_are_the_mask_whatever_is_said_beside_them():
    change = Change("k", 1, State.ACCEPTED, rle=rle(5), parts=(Part(SQUARE),))
    after = applied(change, before=SUGGESTED, original=SUGGESTED.rle)
    assert after.rle == polygons_to_rle([SQUARE], height=6, width=8)
    assert after.parts == change.parts


def test_a_new_mask_drops_the_polygons_that_described_the_old_one():
    drawn = replace(SUGGESTED, parts=(Part(SQUARE),))
    assert applied(Change("k", 1, State.ACCEPTED, rle(3)), before=drawn, original=None).parts is None
    assert applied(Change("k", 2, State.ACCEPTED), before=drawn, original=None).parts == drawn.parts


def test_a_crowd_stays_one_where_nothing_is_said_of_it():
    crowd = replace(SUGGESTED, crowd=True)
    assert applied(Change("k", 1, State.ACCEPTED), before=crowd, original=None).crowd
    assert not applied(Change("k", 1, State.ACCEPTED, crowd=False), before=crowd, original=None).crowd
    assert applied(Change("k", 1, State.ACCEPTED, crowd=True), before=SUGGESTED, original=None).crowd


def test_what_is_new_was_drawn_by_hand():
    after = applied(Change("n", 2, State.ACCEPTED, rle(3)), before=None, original=None)
    assert (after.source, after.score, after.edited, after.category_id) == ("manual", None, False, 2)


def test_counts_are_brought_into_their_normal_form():
    odd = masks.runs_to_rle(np.array([0, 0, 24, 0, 0, 24]), height=6, width=8)
    after = applied(Change("n", 1, State.ACCEPTED, odd), before=None, original=None)
    assert after.rle == masks.mask_to_rle(masks.rle_to_mask(odd))


@pytest.mark.parametrize(
    ("change", "before", "message"),
    [
        (Change("n", 1, State.ACCEPTED), None, "not known, expected a mask"),
        (Change("n", 1, State.SUGGESTED, rle(1)), None, "cannot be a suggestion"),
        (Change("n", 1, State.SUGGESTED), replace(SUGGESTED, source="manual"), "cannot be a suggestion"),
        (Change("k", 1, State.ACCEPTED, rle()), SUGGESTED, "the mask is empty"),
        (Change("k", 1, State.ACCEPTED, parts=()), SUGGESTED, "the mask is empty"),
        (Change("k", 1, State.ACCEPTED, Rle(8, 6, "P1")), SUGGESTED, "size [8, 6], image is [6, 8]"),
        (Change("k", 1, State.ACCEPTED, Rle(6, 8, "garbage")), SUGGESTED, "instance k: RLE"),
        (Change("k", 1, State.ACCEPTED, parts=(Part(SQUARE * np.nan),)), SUGGESTED, "not a finite number"),
        (Change("k", 1, State.ACCEPTED, parts=(Part(SQUARE[:2]),)), SUGGESTED, "expected (N >= 3, 2)"),
        (Change("k", 1, State.ACCEPTED, parts=(Part(np.zeros((300_000, 2))),)), SUGGESTED, "vertices"),
        (Change("k", 1, State.ACCEPTED), replace(SUGGESTED, image_id=2), "is on image 2, not on image 1"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(change, before, message):
    with pytest.raises(GestureError) as error:
        applied(change, before=before, original=None)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_rejected_instance_may_be_empty():
    assert applied(Change("k", 1, State.REJECTED, rle()), before=SUGGESTED, original=None).state == "rejected"


# --- the masks of a gesture ------------------------------------------------------------------------------------------


def zigzag(vertices, length):
    return np.stack((np.arange(vertices) / 7, np.arange(vertices) % 2 * length), axis=1)


def gesture_of(*parts):
    changes = tuple(Change(f"k{index}", 1, State.ACCEPTED, parts=(Part(ring),)) for index, ring in enumerate(parts))
    return Gesture(1, "tab", 0, 0, "add", "me", changes)


def test_many_masks_share_what_one_gesture_may_ask_for():
    image = Image(1, "a.jpg", 64, 48, "0" * 64)
    with patch.object(polygons.coco_mask, "frPyObjects", wraps=polygons.coco_mask.frPyObjects) as fill:
        with pytest.raises(GestureError) as refused:
            review.draw(gesture_of(*[zigzag(30, 60_000)] * 400), image=image, heatmaps={})
        assert fill.call_count < 50
    assert str(refused.value).startswith("instance k5: outlines of 10")
    assert str(refused.value).endswith("px with those before, expected at most 10000000 px in one gesture")


def test_two_hundred_people_drawn_in_detail_are_one_gesture():
    angles = np.linspace(0, 2 * np.pi, 2_000, endpoint=False)
    ring = 2_600 + 2_000 * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    image = Image(1, "a.jpg", 7_700, 5_200, "0" * 64)
    drawn = review.draw(gesture_of(*[ring] * 200), image=image, heatmaps={})
    assert len(drawn) == 200
    assert masks.rle_area(drawn[-1].rle) == pytest.approx(np.pi * 2_000**2, rel=1e-3)


def test_as_many_vertices_as_are_allowed_are_drawn():
    ring = np.repeat(SQUARE, MAX_VERTICES // 4, axis=0)
    after = applied(Change("k", 1, State.ACCEPTED, parts=(Part(ring),)), before=SUGGESTED, original=None)
    assert after.rle == polygons_to_rle([SQUARE], height=6, width=8)
    more = Change("k", 1, State.ACCEPTED, parts=(Part(np.vstack((ring, SQUARE[:1]))),))
    with pytest.raises(GestureError, match=f"{MAX_VERTICES + 1} vertices, expected at most {MAX_VERTICES}"):
        applied(more, before=SUGGESTED, original=None)


def test_a_mask_longer_than_is_kept_is_refused_before_it_is_read():
    long = Change("k", 1, State.ACCEPTED, Rle(6, 8, "1" * 2_000_001))
    with pytest.raises(GestureError, match="instance k: RLE: counts of 2000001 characters, expected at most 2000000"):
        applied(long, before=SUGGESTED, original=None)


def test_heatmaps_count_as_outlines_do():
    heatmap = Heatmap(np.full((28, 28), 60, np.uint8), 0, 0, 7_700, 5_200)
    image = Image(1, "a.jpg", 7_700, 5_200, "0" * 64)
    counts = heatmap.at(30, height=5_200, width=7_700)
    changes = tuple(Change(f"k{index}", 1, State.ACCEPTED, counts, level=30) for index in range(9))
    gesture = Gesture(1, "tab", 0, 0, "edit", "me", changes)
    with (
        patch.object(Heatmap, "at", return_value=counts) as asked,
        pytest.raises(GestureError, match="instance k7: outlines of 10010000 px with those before"),
    ):
        review.draw(gesture, image=image, heatmaps={change.key: heatmap for change in changes})
    assert asked.call_count == 7


# --- what is well formed ---------------------------------------------------------------------------------------------

GESTURE = Gesture(1, "tab", 0, 0, "accept", "me", (Change("k", 1, State.ACCEPTED),), True, 0.4, 1.5)


def test_a_sound_gesture_is_well_formed():
    review.require_well_formed(GESTURE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client": ""},
        {"client": "x" * 201},
        {"client": 7},
        {"client": "\ud800"},
        {"who": "a\0b"},
        {"number": -1},
        {"number": True},
        {"number": 2**53},
        {"revision": 1.0},
        {"image_id": "1"},
        {"verb": "drop table"},
        {"who": None},
        {"reviewed": "yes"},
        {"threshold": 1.1},
        {"threshold": float("nan")},
        {"seconds": -1},
        {"seconds": float("inf")},
        {"changes": (Change("", 1, State.ACCEPTED),)},
        {"changes": (Change("../x", 1, State.ACCEPTED),)},
        {"changes": (Change("k" * 65, 1, State.ACCEPTED),)},
        {"changes": (Change("k", "1", State.ACCEPTED),)},
        {"changes": (Change("k", 1, "accepted"),)},
        {"changes": (Change("k", 1, State.ACCEPTED), Change("k", 1, State.REJECTED))},
        {"changes": tuple(Change(f"k{index}", 1, State.ACCEPTED) for index in range(MAX_CHANGES + 1))},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_malformed_gesture_is_refused_in_one_line(wrong):
    with pytest.raises(GestureError) as error:
        review.require_well_formed(replace(GESTURE, **wrong))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "most",
    [
        {"client": "x" * MAX_TEXT},
        {"who": ""},
        {"number": 2**53 - 1},
        {"threshold": 0.0},
        {"threshold": 1},
        {"seconds": 0},
        {"changes": (Change("k" * 64, 0, State.ACCEPTED),)},
        {"changes": tuple(Change(f"k{index}", 1, State.ACCEPTED) for index in range(MAX_CHANGES))},
        {
            "changes": (
                Change("k", 1, State.ACCEPTED, rle(1), level=1),
                Change("o", 1, State.ACCEPTED, rle(1), level=99),
            )
        },
    ],
    ids=lambda most: next(iter(most)),
)
def test_what_is_at_its_bound_is_well_formed(most):
    review.require_well_formed(replace(GESTURE, **most))
