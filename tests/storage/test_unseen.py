"""Suggestions accepted unseen, and the sample that is answered instead."""

import pytest

from annotator.core.dataset import State
from annotator.core.query import parse
from annotator.core.review import Change
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.unseen import Lowest
from tests.storage.builders import accept, add_image, block, gesture, suggestion


@pytest.fixture
def pictures(store):
    """Four pictures with suggestions of 0.9, 0.8 and 0.4 each."""
    made = [add_image(store, f"{number}".encode(), f"{number}.jpg") for number in range(4)]
    for image in made:
        store.set_suggestions(image.id, [suggestion(2 + x, score=score) for x, score in enumerate((0.9, 0.8, 0.4))])
    return made


SURE = [Lowest("starter-person@1", 1, 0.8)]


def accepted(store, pictures):
    return sum(one.state == State.ACCEPTED for image in pictures for one in store.instances(image.id))


def answer(store, key, state, *, number, **mask):
    one = next(one for image in store.images() for one in store.instances(image.id) if one.key == key)
    change = Change(key, 1, state, **mask)
    store.record(gesture(store.image(one.image_id), change, number=number, client="person"))


def test_all_but_the_sample_is_accepted_and_the_sample_stays_as_it_was(store, pictures):
    batch = store.unseen.prepare(SURE, target=0.98, draw=lambda count: [0, count - 1])
    assert (len(batch.found), len(batch.sample)) == (6, 2)
    _, report = store.unseen.carry_out(batch, who="me")
    assert (report.done, accepted(store, pictures)) == (6, 6)
    open_ones = [one for image in pictures for one in store.instances(image.id) if one.state == State.SUGGESTED]
    assert set(batch.sample) < {one.key for one in open_ones}
    (sample,) = store.unseen.samples()
    assert (sample.accepted, sample.right, sample.wrong, sample.left) == (6, 0, 0, 2)
    assert sample.image_ids == (pictures[0].id, pictures[3].id)


def test_the_sample_counts_what_people_answer(store, pictures):
    batch = store.unseen.prepare(SURE, target=0.98, draw=lambda count: range(5))
    store.unseen.carry_out(batch, who="me")
    first, second, third, fourth, _ = batch.sample
    answer(store, first, State.ACCEPTED, number=1)
    answer(store, second, State.REJECTED, number=2)
    answer(store, third, State.ACCEPTED, number=3, rle=block(7))
    (sample,) = store.unseen.samples()
    assert (sample.right, sample.wrong, sample.left) == (1, 2, 2), "an outline that was mended was not right as it is"
    answer(store, second, State.SUGGESTED, number=4)
    order = Order(Verb.ACCEPT, parse("score:0.5.."), keys=(fourth,))
    store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me")
    sample = store.unseen.samples()[0]
    assert (sample.right, sample.wrong, sample.left) == (1, 1, 2), "many at once: nobody looked"
    store.remove_image(pictures[0].id)
    assert store.unseen.samples()[0].right == 0, "with its picture it is gone"


def test_reviewed_pictures_and_other_networks_and_categories_are_left_alone(store, pictures):
    store.record(gesture(pictures[0], number=1, verb="review", reviewed=True))
    found = store.unseen.prepare(SURE, target=0.98, draw=lambda count: [])
    assert len(found.found) == 6
    for other in ([], [Lowest("other@1", 1, 0.1)], [Lowest("starter-person@1", 9, 0.1)]):
        assert len(store.unseen.prepare(other, target=0.98, draw=lambda count: []).found) == 0


def test_one_undo_takes_a_batch_back_with_its_sample(store, pictures):
    batch = store.unseen.prepare(SURE, target=0.98, draw=lambda count: [2])
    bulk_id, _ = store.unseen.carry_out(batch, who="me")
    assert store.bulk.last().id == bulk_id
    store.bulk.undo(bulk_id, who="me")
    assert (accepted(store, pictures), store.unseen.samples()) == (0, ())


def test_a_picture_that_somebody_changed_meanwhile_is_passed_over(store, pictures):
    batch = store.unseen.prepare(SURE, target=0.98, draw=lambda count: [])
    key = store.instances(pictures[1].id)[2].key
    store.record(gesture(pictures[1], accept(key), number=1))
    _, report = store.unseen.carry_out(batch, who="me")
    assert (report.done, report.passed_over) == (6, 1)


def test_what_was_accepted_unseen_is_no_answer(store, pictures):
    store.unseen.carry_out(store.unseen.prepare(SURE, target=0.98, draw=lambda count: [0]), who="me")
    assert len(store.evidence.read().answers) == 0
