"""What a model offers, and what becomes of it."""

from dataclasses import replace

import pytest

from annotator.core.dataset import State
from annotator.core.errors import StoreError
from annotator.core.masks import Rle
from annotator.core.review import Change
from tests.storage.builders import HEIGHT, WIDTH, accept, block, gesture, suggestion


def test_suggestions_are_offered_with_their_score_and_source(store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(9, score=0.4)])
    first, second = store.instances(image.id)
    assert (first.state, first.score, first.source, first.rle) == (State.SUGGESTED, 0.9, "starter-person@1", block(2))
    assert second.score == 0.4
    assert store.image(image.id).prelabelled
    assert first.key != second.key


def test_prelabelling_again_replaces_what_nobody_touched_and_keeps_the_rest(store, image):
    store.set_suggestions(image.id, [suggestion(x) for x in (1, 3, 5, 7, 9)])
    accepted, rejected, edited, relabelled, _untouched = (one.key for one in store.instances(image.id))
    store.add_category("dog")
    changes = [
        accept(accepted),
        Change(rejected, 1, State.REJECTED),
        Change(edited, 1, State.SUGGESTED, rle=block(6)),
        Change(relabelled, 18, State.SUGGESTED),
        accept("drawn", rle=block(0, 0)),
    ]
    store.record(gesture(image, *changes))
    store.set_suggestions(image.id, [suggestion(12)])
    after = {one.key: one.state for one in store.instances(image.id)}
    fresh = set(after) - {accepted, rejected, edited, relabelled, "drawn"}
    assert len(fresh) == 1
    assert len(after) == 6
    assert store.image(image.id).revision == 1


def test_a_gesture_on_a_suggestion_that_was_replaced_meanwhile_still_counts(store, image):
    store.set_suggestions(image.id, [suggestion(2, score=0.7)])
    (old,) = store.instances(image.id)
    store.set_suggestions(image.id, [suggestion(9)])
    store.record(gesture(image, accept(old.key)))
    kept = next(one for one in store.instances(image.id) if one.key == old.key)
    assert (kept.state, kept.score, kept.source, kept.rle) == (State.ACCEPTED, 0.7, old.source, old.rle)


def test_a_score_may_be_anything_from_0_to_1(store, image):
    store.set_suggestions(image.id, [suggestion(2, score=0), suggestion(9, score=1)])
    assert [one.score for one in store.instances(image.id)] == [0, 1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (suggestion(category_id=5), "category 5 is not in the project"),
        (suggestion(score=1.5), "score is 1.5, expected 0 to 1"),
        (suggestion(score=float("nan")), "score is nan"),
        (replace(suggestion(), rle=Rle(5, 5, "I1")), "size [5, 5], image is [12, 20]"),
        (replace(suggestion(), rle=Rle(HEIGHT, WIDTH, "zzz")), "suggestions[1]: RLE"),
        (replace(suggestion(), rle=block(w=0)), "the mask is empty"),
    ],
)
def test_a_wrong_suggestion_is_refused_and_nothing_is_replaced(store, image, wrong, message):
    store.set_suggestions(image.id, [suggestion()])
    before = store.instances(image.id)
    with pytest.raises(StoreError) as error:
        store.set_suggestions(image.id, [suggestion(), wrong])
    assert message in str(error.value)
    assert store.instances(image.id) == before
