"""Two takes side by side: each as its own person left it, and a reviewer's choice that loses nothing."""

import pytest

from annotator.core.dataset import State
from annotator.core.errors import MissingError, StoreError
from tests.storage.builders import accept, add_image, block
from tests.storage.test_twice import decide, reviewed_by

ANN, BEN, EVE = "ann", "ben", "eve"


@pytest.fixture
def done(store):
    """Ann accepted the first of two suggestions, Ben both, and calls the second one a dog; the picture's id."""
    store.add_category("dog")
    image = reviewed_by(store, ANN)
    store.twice.choose(1.0)
    take = store.twice.give(BEN)
    one, other = store.instances(take)
    dog = store.add_category("dog").id
    decide(store, take, accept(one.key), accept(other.key, category_id=dog), who=BEN)
    assert store.takes.done() == (), "not while it is being made"
    decide(store, take, who=BEN, reviewed=True)
    return image.id


def accepted(store, image_id):
    return [(one.category_id, one.rle) for one in store.instances(image_id, states=[State.ACCEPTED])]


def both(store):
    ((first, second),) = store.takes.read(store.takes.done())
    return [[(one.category_id, one.rle) for one in take] for take in (first, second)]


def test_a_take_is_read_as_its_person_left_it_whatever_a_reviewer_changes(store, done):
    (found,) = store.takes.done()
    assert (found.image_id, found.people, found.is_of_one, found.settled) == (done, (ANN, BEN), False, None)
    dog = store.add_category("dog").id
    takes = [[(1, block(2))], [(1, block(2)), (dog, block(9))]]
    assert both(store) == takes
    decide(store, done, accept(store.instances(done)[0].key, rle=block(3)), accept("more", rle=block(5)), who=EVE)
    assert both(store) == takes
    assert store.takes.done()[0].people == (ANN, BEN)


def test_the_second_take_counts_as_it_was_when_it_was_first_done(store, done):
    before, (found,) = both(store), store.takes.done()
    kept = store.instances(found.take_id)[0].key
    decide(store, found.take_id, accept(kept, rle=block(3)), accept("more", rle=block(5)), who=BEN, reviewed=False)
    decide(store, found.take_id, who=BEN, reviewed=True)
    assert both(store) == before, "who has read the first take may copy it"
    assert store.takes.done() == (found,)
    store.takes.settle(done, "second", who=EVE)
    assert accepted(store, done) == before[1]
    store.remove_image(done)
    store.empty_bin()
    reviewed_by(store, ANN)
    assert store.twice.give(BEN) == found.take_id
    decide(store, found.take_id, accept("new", rle=block(7)), who=BEN, reviewed=True)
    assert both(store)[1] == [(1, block(7))], "one that is made anew begins anew"


def test_a_take_is_of_who_made_it_and_not_of_who_touched_it_afterwards(store):
    image = reviewed_by(store, ANN)
    decide(store, image.id, accept("more", rle=block(5)), who=EVE, reviewed=True)
    for reviewed in (False, True):
        store.worklist.mark_reviewed([image.id], reviewed, who=EVE)
    store.twice.choose(1.0)
    take = store.twice.give(BEN)
    decide(store, take, accept("drawn", rle=block(2)), who=BEN, reviewed=True)
    decide(store, take, accept("drawn", rle=block(9)), who=EVE)
    bare = add_image(store, b"bare", "bare.jpg")
    store.worklist.mark_reviewed([bare.id], True, who=ANN)
    store.worklist.mark_reviewed([bare.id], False, who=EVE)
    store.worklist.mark_reviewed([bare.id], True, who=EVE)
    decide(store, store.twice.give(BEN), who=BEN, reviewed=True)
    assert [one.people for one in store.takes.done()] == [(ANN, BEN), (ANN, BEN)]


def test_a_reviewer_takes_one_or_the_other_or_some_and_every_step_is_in_the_history(store, done):
    dog = store.add_category("dog").id
    first, second = both(store)
    before = len(store.decisions(done))
    revision = store.takes.settle(done, "second", who=EVE)
    assert store.image(done).revision == revision
    assert accepted(store, done) == second == [(one.category_id, one.rle) for one in store.dataset().instances]
    assert {(one.who, one.verb) for one in store.decisions(done)[before:]} == {(EVE, "settle")}
    assert store.takes.settle(done, "second", who=EVE) == revision, "nothing to change"
    store.takes.settle(done, "first", who=EVE)
    assert accepted(store, done) == first
    (_, other) = store.takes.read(store.takes.done())[0][1]
    store.takes.take_over(done, other.key, who=EVE)
    store.takes.take_over(done, other.key, who=EVE)
    assert accepted(store, done) == [*first, (dog, block(9))]
    assert store.takes.done()[0].settled == "some"
    assert both(store) == [first, second], "agreement is not of what was settled"
    answers = store.evidence.read().answers
    assert answers.verdicts.tolist() == [], "a reviewer's choice answers no suggestion"
    for wrong in (
        lambda: store.takes.settle(done, "third", who=EVE),
        lambda: store.takes.take_over(done, "x", who=EVE),
    ):
        with pytest.raises(StoreError):
            wrong()
    with pytest.raises(MissingError):
        store.takes.settle(add_image(store, b"once", "once.jpg").id, "first", who=EVE)


def test_categories_that_were_merged_or_removed_since_count_as_they_do_now(store, done):
    dog = store.add_category("dog").id
    store.category_manager.merge(1, into=dog, who=EVE)
    assert both(store) == [[(dog, block(2))], [(dog, block(2)), (dog, block(9))]]
    store.takes.settle(done, "second", who=EVE)
    store.takes.settle(done, "first", who=EVE)
    assert accepted(store, done) == [(dog, block(2))]


def test_who_did_both_is_told_and_a_take_goes_with_its_picture(store):
    image = reviewed_by(store, "local")
    store.twice.choose(1.0)
    take = store.twice.give("local", alone=True)
    decide(store, take, who="local", reviewed=True)
    assert [one.is_of_one for one in store.takes.done()] == [True]
    store.remove_image(image.id)
    assert store.takes.done() == ()
