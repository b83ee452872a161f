"""Where instances and suggestions lie."""

from annotator.core.dataset import State
from annotator.core.review import Change
from tests.storage.builders import accept, add_image, block, gesture, suggestion


def test_a_picture_has_its_accepted_instances_and_all_that_was_suggested(store):
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2, score=0.9), suggestion(8, score=0.5), suggestion(14, score=0.05)])
    first, second, _ = store.instances(image.id)
    changes = [accept(first.key), Change(second.key, 1, State.REJECTED), accept("drawn", rle=block(12, 6, 3, 2))]
    store.record(gesture(image, *changes, number=1))
    (found,) = store.placed.read()
    assert found.labels.boxes.tolist() == [[2, 2, 6, 5], [12, 6, 15, 8]]
    assert found.labels.scores.tolist() == [1, 1]
    assert found.runs.tolist() == [4, 3]  # one down each column
    assert (found.suggested.boxes.tolist(), found.suggested.scores.tolist()) == (
        [[2, 2, 6, 5], [8, 2, 12, 5]],
        [0.9, 0.5],
    )
    entries = store.placed.entries(found.ids[::-1])
    assert [(id, entry.key, category) for id, entry, category in entries] == [
        (found.ids[1], "drawn", 1),
        (found.ids[0], first.key, 1),
    ]


def test_what_is_merged_counts_as_its_target_and_what_no_network_saw_is_left_out(store):
    people = store.add_category("people").id
    image, unseen = add_image(store), add_image(store, b"other", "other.jpg")
    store.set_suggestions(image.id, [suggestion()])
    store.record(gesture(image, accept(store.instances(image.id)[0].key), number=1))
    store.record(gesture(unseen, accept("drawn", rle=block()), number=2))
    store.category_manager.merge(1, into=people, who="me")
    (found,) = store.placed.read()
    assert (found.labels.categories.tolist(), found.suggested.categories.tolist()) == ([people], [people])
    store.remove_image(image.id)
    assert store.placed.read() == []
