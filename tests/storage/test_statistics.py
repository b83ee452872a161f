"""What the decisions of a project add up to."""

import pytest

from annotator.core.dataset import State
from annotator.core.review import Change
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


def test_a_day_counts_decisions_and_finished_pictures_but_nothing_that_was_undone(store, pictures):
    first = store.instances(pictures[1].id)[0]
    back = Change(first.key, 1, State.SUGGESTED)
    store.record(gesture(store.image(pictures[1].id), back, number=20, verb="undo"))
    (day,) = store.statistics.read(0.5).days
    assert (day.reviewed, day.accepted, day.rejected) == (2, 5, 2)
    assert len(day.day) == len("2026-11-30")


def test_a_project_without_anything_has_no_days(store):
    found = store.statistics.read(0.5)
    assert (found.images, found.reviewed, found.categories, found.days) == (0, 0, (CategoryCounts(1, "person"),), ())
