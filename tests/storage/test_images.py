"""The queue: what stands where on each image."""

from annotator.core.dataset import State
from annotator.core.review import Change
from annotator.storage.images import FIRST_SCORE
from tests.storage.builders import accept, add_image, gesture, suggestion


def test_the_queue_counts_what_stands_where(store, image):
    store.set_suggestions(image.id, [suggestion(x) for x in (1, 3, 5, 7)])
    keys = [one.key for one in store.instances(image.id)]
    changes = accept(keys[0]), Change(keys[1], 1, State.REJECTED), Change(keys[2], 1, State.DELETED)
    store.record(gesture(image, *changes))
    other = add_image(store, b"other")
    rows = store.queue()
    assert [(row.image.id, row.accepted, row.suggested, row.rejected) for row in rows] == [
        (image.id, 1, 1, 1),
        (other.id, 0, 0, 0),
    ]


def test_the_queue_tells_each_suggestions_score_in_whole_hundredths(store, image):
    """0.29 is 28.999999999999996 hundredths: a threshold of 0.29 shows it."""
    scores = (0.0, 0.009, 0.29, 0.57, 0.5799, 0.99, 1.0)
    store.set_suggestions(image.id, [suggestion(1 + 2 * index, score=score) for index, score in enumerate(scores)])
    (row,) = store.queue()
    assert sorted(ord(letter) - FIRST_SCORE for letter in row.scores) == [0, 0, 29, 57, 57, 99, 100]
