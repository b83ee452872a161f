"""What the decisions of a project add up to."""

import pytest

from annotator.core.dataset import State
from annotator.core.query import parse
from annotator.core.review import Change
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.statistics import CategoryCounts
from tests.storage.builders import accept, add_image, block, gesture, suggestion


@pytest.fixture
def pictures(store):
    """Two pictures with four suggestions each: accepted, adjusted, rejected, open; and something drawn on the first."""
    person = store.add_category("person").id
    made = [add_image(store, f"{number}".encode(), f"{number}.jpg") for number in range(2)]
    for image in made:
        store.set_suggestions(image.id, [suggestion(2 + x, score=0.9, category_id=person) for x in range(4)])
        first, second, third, _ = (one.key for one in store.instances(image.id))
        changes = [accept(first), accept(second, rle=block(1)), Change(third, person, State.REJECTED)]
        store.record(gesture(image, *changes, number=image.id, reviewed=True))
    store.record(gesture(store.image(made[0].id), accept("drawn", rle=block(9)), number=9, verb="add"))
    return made


def test_each_category_says_how_its_instances_came_about(store, pictures):
    store.add_category("car")
    found = store.statistics.read(0.5)
    assert (found.images, found.reviewed) == (2, 2)
    person, car = sorted(found.categories, key=lambda one: one.id)
    assert person == CategoryCounts(1, "person", accepted=2, adjusted=2, drawn=1, rejected=2, open=2)
    assert car == CategoryCounts(3, "car")


def test_suggestions_below_the_threshold_are_counted_beside_and_pictures_in_the_bin_are_not(store, pictures):
    counts = store.statistics.read(0.95).categories[0]
    assert (counts.open, counts.below) == (0, 2)
    store.remove_image(pictures[0].id)
    found = store.statistics.read(0.5)
    assert (found.images, found.categories[0].accepted, found.categories[0].drawn) == (1, 1, 0)


def test_a_day_counts_what_was_decided_and_still_stands(store, pictures):
    first, second, third, fourth = store.instances(pictures[1].id)

    def decide(number, key, state, **gesture_fields):
        store.record(gesture(store.image(pictures[1].id), Change(key, 1, state), number=number, **gesture_fields))

    decide(20, first.key, State.SUGGESTED, verb="undo")
    decide(21, second.key, State.REJECTED, verb="reject")
    for number in (22, 24):
        decide(number, fourth.key, State.ACCEPTED, verb="accept")
        decide(number + 1, fourth.key, State.SUGGESTED, verb="accept")
    decide(26, third.key, State.SUGGESTED, verb="undo", reviewed=False)
    decide(27, third.key, State.REJECTED, verb="redo")
    (day,) = store.statistics.read(0.5).days
    assert (day.reviewed, day.accepted, day.rejected) == (1, 3, 3)
    assert len(day.day) == len("2026-11-30")


def test_what_a_bulk_accepted_is_no_work_of_the_day_once_it_is_taken_back(store, pictures):
    before = store.statistics.read(0.5).days
    order = Order(Verb.ACCEPT, parse("score:0.5.."))
    store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me")
    assert store.statistics.read(0.5).days[0].accepted == before[0].accepted + 2
    store.bulk.undo(store.bulk.last().id, who="me")
    assert store.statistics.read(0.5).days == before


def test_a_project_without_anything_has_no_days(store):
    found = store.statistics.read(0.5)
    assert (found.images, found.reviewed, found.categories, found.days) == (0, 0, (CategoryCounts(1, "person"),), ())
