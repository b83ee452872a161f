"""Gestures: what takes long of them holds nobody up, and no image gets more masks than a page can fetch."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from annotator.core import review
from annotator.core.dataset import State
from annotator.core.errors import StaleRevisionError, StoreError
from annotator.core.polygons import Part
from annotator.core.review import Change
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
