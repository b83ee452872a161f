"""Gestures: applied once and whole, in the order of revisions; what takes long of them holds nobody up."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from annotator.core import review
from annotator.core.dataset import State
from annotator.core.errors import GestureError, StaleRevisionError, StoreError
from annotator.core.masks import Rle
from annotator.core.polygons import Part
from annotator.core.review import Change, Gesture
from annotator.core.trace import rle_to_parts
from annotator.storage import decisions, instances
from tests.storage.builders import HEIGHT, accept, add_image, block, gesture, suggestion

SQUARE = np.array([[1, 1], [4, 1], [4, 4], [1, 4]], np.float64)


@pytest.fixture
def image(store):
    return add_image(store)


def test_masks_are_made_before_the_gesture_waits_for_its_turn_to_write(store, image, monkeypatch):
    made = []

    def draw(*said, **more):
        other = threading.Thread(target=lambda: made.append(store.add_category("dog")))
        other.start()
        other.join(timeout=10)
        made.append("mask")
        return drawn(*said, **more)

    drawn = review.draw
    monkeypatch.setattr(review, "draw", draw)
    assert store.record(gesture(image, accept("n", parts=(Part(SQUARE),)))) == 1
    assert [getattr(one, "name", one) for one in made] == ["dog", "mask"]


def test_what_is_known_or_stale_makes_no_mask(store, image, monkeypatch):
    drawn = gesture(image, accept("n", parts=(Part(SQUARE),)))
    store.record(drawn)
    monkeypatch.setattr(review, "draw", lambda *_, **__: pytest.fail("drawn again"))
    assert store.record(drawn) == 1
    with pytest.raises(StaleRevisionError):
        store.record(replace(drawn, number=1))


def test_a_gesture_that_another_overtook_is_stale(store, image, monkeypatch):
    drawn = review.draw

    def overtaken(*said, **more):
        monkeypatch.setattr(review, "draw", drawn)
        store.record(gesture(image, accept("first", rle=block()), client="other"))
        return drawn(*said, **more)

    monkeypatch.setattr(review, "draw", overtaken)
    with pytest.raises(StaleRevisionError, match="made on revision 0, the stored one is 1"):
        store.record(gesture(image, accept("second", rle=block())))
    assert [one.key for one in store.instances(image.id)] == ["first"]


def test_polygons_are_turned_into_bytes_once_for_the_digest_and_once_for_the_rows(store, image, monkeypatch):
    asked = []
    for module in (decisions, instances):
        to_bytes = module.parts_to_bytes
        monkeypatch.setattr(
            module, "parts_to_bytes", lambda parts, to_bytes=to_bytes: asked.append(0) or to_bytes(parts)
        )
    store.record(gesture(image, accept("n", parts=(Part(SQUARE),))))
    assert len(asked) == 2


# --- how many masks an image may have --------------------------------------------------------------------------------


def test_an_image_takes_masks_up_to_a_size(store, image, monkeypatch):
    counts = len(block().counts)
    monkeypatch.setattr(instances, "MAX_IMAGE_MASKS", 3 * counts)
    store.record(gesture(image, *(accept(f"k{index}", rle=block()) for index in range(3))))
    one_more = gesture(image, accept("k3", rle=block()), number=1, revision=1)
    with pytest.raises(StoreError) as refused:
        store.record(one_more)
    assert str(refused.value) == (f"image {image.id}: masks of {4 * counts} bytes, expected at most {3 * counts}")
    assert len(store.instances(image.id)) == 3
    store.record(gesture(image, Change("k0", 1, State.DELETED), number=2, revision=1, verb="delete"))
    assert store.record(replace(one_more, revision=2)) == 3
    # What is deleted takes no place, and what comes back does.
    with pytest.raises(StoreError, match=f"masks of {4 * counts} bytes"):
        store.record(gesture(image, accept("k0"), number=3, revision=3, verb="undo"))


@pytest.mark.parametrize(
    ("change", "digest"),
    [
        (accept("k"), "fe06c4c6ffa1ce64"),
        (accept("k", rle=Rle(6, 8, "P1"), level=30), "92e8ae3db98d5179"),
        (accept("k", parts=(Part(np.array([[1, 1], [4, 1], [4, 4.5]])),), crowd=True), "cada9d216192b892"),
    ],
)
def test_a_gesture_keeps_its_digest_so_that_it_is_known_when_it_is_sent_to_a_later_version(change, digest):
    said = Gesture(1, "tab", 3, 2, "edit", "me", (change,), True, 0.5, 1.0)
    assert decisions.digest_of(said)[:16] == digest
    sent_again = replace(said, who="you", revision=7, threshold=0.1, seconds=9.0)
    assert decisions.digest_of(sent_again) == decisions.digest_of(said)
    other = replace(said, changes=(replace(change, level=31),))
    assert decisions.digest_of(other) != decisions.digest_of(said)


def test_polygons_count_with_their_masks(store, image, monkeypatch):
    monkeypatch.setattr(instances, "MAX_IMAGE_MASKS", 40)
    with pytest.raises(StoreError, match="expected at most 40"):
        store.record(gesture(image, accept("n", parts=(Part(SQUARE),))))
    assert store.record(gesture(image, accept("n", rle=block()))) == 1


def test_an_image_with_too_many_masks_from_before_is_still_worked_on(store, image, monkeypatch):
    store.record(gesture(image, *(accept(f"k{index}", rle=block()) for index in range(3))))
    monkeypatch.setattr(instances, "MAX_IMAGE_MASKS", 10)
    assert len(store.instances(image.id)) == 3
    smaller = block(0, 0, 2, HEIGHT)
    assert len(smaller.counts) <= len(block().counts)
    assert store.record(gesture(image, accept("k0", rle=smaller), number=1, revision=1)) == 2
    dog = store.add_category("dog").id
    assert store.record(gesture(image, accept("k1", category_id=dog), number=2, revision=2, verb="relabel")) == 3
    assert store.record(gesture(image, Change("k2", 1, State.DELETED), number=3, revision=3, verb="delete")) == 4


def test_suggestions_are_masks_of_their_image_too(store, image, monkeypatch):
    monkeypatch.setattr(instances, "MAX_IMAGE_MASKS", 30)
    with pytest.raises(StoreError, match="expected at most 30"):
        store.set_suggestions(image.id, [suggestion(x) for x in range(1, 9)])
    assert store.instances(image.id) == ()


def test_a_suggestion_longer_than_is_kept_is_refused(store, image):
    long = replace(suggestion(), rle=replace(block(), counts="1" * 2_000_001))
    with pytest.raises(StoreError, match=r"suggestions\[0\]: RLE: counts of 2000001 characters"):
        store.set_suggestions(image.id, [long])


def test_a_gesture_is_applied_once_however_often_it_is_sent(store, image):
    sent = gesture(image, accept("n", rle=block()), verb="add")
    assert [store.record(sent) for _ in range(3)] == [1, 1, 1]
    store.record(gesture(image, Change("n", 1, State.DELETED), number=1, revision=1, verb="delete"))
    assert store.record(sent) == 1  # a late copy changes nothing
    assert store.instances(image.id) == ()
    assert len(store.decisions()) == 2


def test_a_number_that_was_used_for_something_else_is_refused_and_not_taken_for_a_copy(store, image):
    sent = gesture(image, accept("n", rle=block()), verb="add")
    store.record(sent)
    assert store.record(replace(sent, revision=7, seconds=9.0, who="again")) == 1  # only the circumstances differ
    for other in (
        gesture(image, accept("m", rle=block()), verb="add"),
        gesture(image, accept("n", rle=block(3)), verb="add"),
        gesture(image, accept("n", parts=rle_to_parts(block())), verb="add"),
        gesture(add_image(store, b"other"), accept("n", rle=block()), verb="add"),
    ):
        with pytest.raises(GestureError, match="gesture tab/0: the number was used for another gesture before"):
            store.record(other)


def test_a_stale_gesture_is_refused_and_changes_nothing(store, image):
    store.record(gesture(image, accept("n", rle=block())))
    before = store.instances(image.id), store.decisions(), store.image(image.id)
    with pytest.raises(StaleRevisionError, match="made on revision 0, the stored one is 1"):
        store.record(gesture(image, Change("n", 1, State.DELETED), number=1, revision=0, client="other"))
    assert (store.instances(image.id), store.decisions(), store.image(image.id)) == before


def test_a_gesture_is_all_or_nothing(store, image):
    with pytest.raises(GestureError, match="changes"):
        store.record(gesture(image, accept("a", rle=block()), accept("b", rle=block(), category_id=77)))
    with pytest.raises(GestureError, match="not known"):
        store.record(gesture(image, accept("a", rle=block()), accept("b")))
    assert (store.instances(image.id), store.decisions(), store.image(image.id).revision) == ((), (), 0)


def test_an_instance_of_another_image_cannot_be_changed(store, image):
    other = add_image(store, b"other")
    store.record(gesture(image, accept("n", rle=block())))
    with pytest.raises(GestureError, match=f"is on image {image.id}, not on image {other.id}"):
        store.record(gesture(other, Change("n", 1, State.DELETED), number=1))


def test_reviewed_is_what_the_last_gesture_said(store, image):
    assert not store.image(image.id).reviewed
    store.record(gesture(image, verb="review", reviewed=True))
    assert store.image(image.id).reviewed
    store.record(gesture(image, accept("n", rle=block()), number=1, revision=1))
    assert store.image(image.id).reviewed
    store.record(gesture(image, verb="review", reviewed=False, number=2, revision=2))
    assert not store.image(image.id).reviewed


def test_a_decision_says_who_did_what_to_which_prediction(store, image):
    store.set_suggestions(image.id, [suggestion()])
    (offered,) = store.instances(image.id)
    store.record(gesture(image, accept(offered.key, rle=block(3)), verb="edit", threshold=0.4, seconds=2.5))
    (decision,) = store.decisions(image.id)
    assert (decision.verb, decision.who, decision.client, decision.number) == ("edit", "me", "tab", 0)
    assert (decision.source, decision.score, decision.rle) == ("starter-person@1", 0.9, block(3))
    assert (decision.threshold, decision.seconds, decision.revision) == (0.4, 2.5, 1)
    assert decision.at.endswith("Z")


def test_deleted_is_gone_from_view_and_can_be_brought_back(store, image):
    store.set_suggestions(image.id, [suggestion()])
    (offered,) = store.instances(image.id)
    store.record(gesture(image, Change(offered.key, 1, State.DELETED), verb="delete"))
    assert store.instances(image.id) == ()
    assert len(store.instances(image.id, states=[State.DELETED])) == 1
    store.record(gesture(image, Change(offered.key, 1, State.SUGGESTED), number=1, revision=1, verb="undo"))
    assert store.instances(image.id) == (offered,)


def test_polygons_come_back_to_the_bit(store, image):
    ring = np.array([[0.1, 0.2], [1 / 3 + 9, 2.7182818284590455], [7.000000000000001, 11.3]])
    hole = np.array([[5.0, 3.0], [6.0, 3.0], [6.0, 4.0]])
    store.record(gesture(image, accept("n", parts=(Part(ring, (hole,)), Part(ring + 1)))))
    (kept,) = store.instances(image.id)
    first, second = kept.parts
    assert np.array_equal(first.outer, ring)
    assert np.array_equal(first.holes[0], hole)
    assert np.array_equal(second.outer, ring + 1)
    assert not first.outer.flags.writeable


def test_a_crowd_stays_one_until_a_gesture_says_otherwise_and_the_history_says_both(store, image):
    steps = [
        gesture(image, accept("n", rle=block(), crowd=True)),
        gesture(image, accept("n", rle=block(5)), number=1, revision=1, verb="edit"),
        gesture(image, accept("n", crowd=False), number=2, revision=2, verb="relabel"),
    ]
    crowds = []
    for step in steps:
        store.record(step)
        assert store.record(step) == store.image(image.id).revision  # sent again, it is applied once
        crowds.append(store.instances(image.id)[0].crowd)
    assert crowds == [True, True, False]
    assert [decision.crowd for decision in store.decisions(image.id)] == [True, True, False]
    with pytest.raises(GestureError, match="used for another gesture"):
        store.record(gesture(image, accept("n", crowd=True), number=2, revision=2, verb="relabel"))


def test_a_crowd_is_true_or_false(store, image):
    with pytest.raises(GestureError, match=r"changes\[0\].crowd is 'yes', expected true, false or nothing"):
        store.record(gesture(image, accept("n", rle=block(), crowd="yes")))
