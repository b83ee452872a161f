"""One decision about many instances: what it would do, what it does, and what its undo takes back."""

import pytest

from annotator.core.dataset import State
from annotator.core.errors import GestureError, MissingError
from annotator.core.query import of_ids, parse
from annotator.core.review import Change
from annotator.storage import bulk
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, gesture, suggestion

SCORES = (0.9, 0.6, 0.4)


@pytest.fixture
def images(store):
    """Four pictures with three people each."""
    person = store.add_category("person").id
    store.add_category("car")
    made = [add_image(store, f"{number}".encode(), f"{number}.jpg") for number in range(1, 5)]
    for image in made:
        store.set_suggestions(image.id, [suggestion(score=score, category_id=person) for score in SCORES])
    return made


@pytest.fixture
def short_stretches(monkeypatch):
    """Every picture in a transaction of its own."""
    monkeypatch.setattr(bulk, "STRETCH", 1)


def states(store):
    return {image.id: [one.state.value for one in store.instances(image.id)] for image in store.images()}


def carry_out(store, order, **options):
    return store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me", **options)


def order(text, verb=Verb.ACCEPT, **options):
    return Order(verb, parse(text), **options)


def test_what_it_would_do_is_counted_and_the_nearest_to_the_border_come_first(store, images):
    found = store.bulk.preview(order("score:0.5.. -#2"))
    assert (found.instances, found.images) == (6, 3)
    found = store.bulk.preview(order("score:0.5.. #1,3"))
    assert (found.instances, found.images) == (4, 2)
    assert [one.score for one in found.nearest] == [0.6, 0.6, 0.9, 0.9]
    found = store.bulk.preview(order("score:..0.7 #1", Verb.REJECT), nearest=1)
    assert (found.instances, [one.score for one in found.nearest]) == (2, [0.6])


def test_what_is_locked_is_no_part_of_it(store, images):
    first = store.instances(1)[0]
    store.record(gesture(images[0], Change(first.key, first.category_id, first.state, locked=True), verb="flag"))
    assert store.bulk.preview(order("score:0.5..")).instances == 7
    carry_out(store, order("score:0.5.."))
    assert states(store)[1] == ["suggested", "accepted", "suggested"]


def test_it_decides_about_all_of_them_and_one_undo_takes_all_of_it_back(store, images, short_stretches):
    before = states(store)
    seen = []
    bulk_id, report = carry_out(store, order("score:0.5.."), told=lambda now: seen.append(now.done) or True)
    assert (report.total, report.done, report.passed_over, seen) == (8, 8, 0, [2, 4, 6, 8])
    assert states(store) == {image.id: ["accepted", "accepted", "suggested"] for image in images}
    last = store.bulk.last()
    assert (last.id, last.verb, last.query, last.total, last.done, last.ended) == (
        bulk_id,
        Verb.ACCEPT,
        "score:0.5..",
        8,
        8,
        True,
    )
    with Store.open(store.folder) as again:
        undone = again.bulk.undo(bulk_id, who="me")
        assert (undone.done, undone.passed_over) == (8, 0)
        assert again.bulk.last() is None
        with pytest.raises(MissingError, match="undone already"):
            again.bulk.undo(bulk_id, who="me")
    assert states(store) == before
    assert [one.verb for one in store.decisions(1)] == ["accept", "accept", "undo", "undo"]


def test_a_gesture_made_on_the_picture_before_it_is_refused_after_it(store, images):
    carry_out(store, order("#1"))
    assert store.image(1).revision == images[0].revision + 1


def test_a_picture_that_somebody_changed_meanwhile_is_passed_over_and_named(store, images, short_stretches):
    asked = order("score:0.5..")
    as_of = store.bulk.preview(asked).as_of
    key = store.instances(2)[0].key
    store.record(gesture(images[1], Change(key, 1, State.REJECTED), verb="reject"))
    _, report = store.bulk.carry_out(asked, as_of=as_of, who="me")
    assert (report.done, report.passed_over, report.names) == (6, 1, ["2.jpg"])
    assert states(store)[2] == ["rejected", "suggested", "suggested"]


def test_an_undo_leaves_what_somebody_changed_since(store, images):
    bulk_id, _ = carry_out(store, order("score:0.5.."))
    key = store.instances(3)[0].key
    store.record(gesture(store.image(3), Change(key, 1, State.REJECTED), verb="reject"))
    report = store.bulk.undo(bulk_id, who="me")
    assert (report.done, report.passed_over) == (7, 1)
    assert states(store)[3] == ["rejected", "suggested", "suggested"]
    assert states(store)[1] == ["suggested"] * 3


class Killed(Exception):
    """The server ends here."""


def killed_after_the_first_stretch(store, order, **options):
    def killed(report):
        raise Killed

    with pytest.raises(Killed):
        carry_out(store, order, told=killed, **options)


def test_one_that_broke_off_goes_on_as_itself_and_one_undo_takes_all_of_it_back(store, images, short_stretches):
    killed_after_the_first_stretch(store, order("score:0.5.."))
    key = store.instances(3)[0].key
    store.record(gesture(images[2], Change(key, 1, State.REJECTED), verb="reject"))
    # Nobody has looked at what a network suggests later.
    store.set_suggestions(4, [*[suggestion(score=score) for score in SCORES], suggestion(9, score=0.99, source="b@1")])
    with Store.open(store.folder) as again:
        last = again.bulk.last()
        assert (last.can_go_on, last.done, last.total) == (True, 2, 8)
        report = again.bulk.go_on(last.id, who="me")
        assert (report.done, report.total, report.names) == (4, 8, ["3.jpg"])
        now = again.bulk.last()
        assert (now.id, now.done, now.ended, now.can_go_on) == (last.id, 4, True, False)
        with pytest.raises(MissingError, match="nothing is left to be done"):
            again.bulk.go_on(last.id, who="me")
        assert again.bulk.undo(last.id, who="me").done == 4
    assert states(store)[1] == states(store)[2] == ["suggested"] * 3


def test_what_was_asked_for_goes_on_whatever_it_was(store, images, short_stretches):
    car = store.add_category("car").id
    keys = tuple(one.key for image in images for one in store.instances(image.id)[:2])
    killed_after_the_first_stretch(store, order("", Verb.RELABEL, category_id=car, keys=keys))
    assert store.bulk.go_on(store.bulk.last().id, who="me").done == 8
    assert [one.category_id for one in store.instances(4)] == [car, car, 1]
    many = Order(Verb.ACCEPT, of_ids([1, 2, *range(6, 20_000, 2)]))
    killed_after_the_first_stretch(store, many)
    assert len(str(many.query)) > 30_000
    assert store.bulk.go_on(store.bulk.last().id, who="me").done == 4


def test_what_was_stopped_or_killed_half_way_is_taken_back_as_far_as_it_came(store, images, short_stretches):
    killed_after_the_first_stretch(store, order("score:0.5.."))
    with Store.open(store.folder) as again:
        last = again.bulk.last()
        assert (last.done, last.total, last.ended) == (2, 8, False)
        assert again.bulk.undo(last.id, who="me").done == 2
    assert states(store) == {image.id: ["suggested"] * 3 for image in images}
    _, report = carry_out(store, order(""), told=lambda now: False)
    assert report.done == 2, "no suggestion below the threshold is accepted unasked"


def test_an_undo_says_which_pictures_it_left_in_part(store, images):
    bulk_id, _ = carry_out(store, order("score:0.5.."))
    first, second, _ = store.instances(3)
    changes = [Change(one.key, 1, State.REJECTED) for one in (first, second)]
    store.record(gesture(store.image(3), changes[0], verb="reject"))
    report = store.bulk.undo(bulk_id, who="me")
    assert (report.done, report.passed_over, report.names) == (7, 1, ["3.jpg"])
    bulk_id, _ = carry_out(store, order("score:0.5.. #1,2,4"))
    kept = store.instances(4)
    changes = [Change(one.key, 1, State.REJECTED) for one in kept[:2]]
    store.record(gesture(store.image(4), *changes, verb="reject", number=1))
    report = store.bulk.undo(bulk_id, who="me")
    assert (report.done, report.passed_over, report.names) == (4, 1, ["4.jpg"]), "pictures are counted, not instances"


def test_an_undo_that_broke_off_says_so_and_goes_on_with_what_is_left(store, images, short_stretches):
    bulk_id, _ = carry_out(store, order("score:0.5.."))
    assert store.bulk.last().undone == 0
    key = store.instances(3)[0].key
    store.record(gesture(store.image(3), Change(key, 1, State.REJECTED), verb="reject"))
    stopped = iter([True, False])
    report = store.bulk.undo(bulk_id, who="me", told=lambda now: next(stopped))
    assert (report.total, report.done) == (8, 4)
    with Store.open(store.folder) as again:
        last = again.bulk.last()
        assert (last.id, last.done, last.undone) == (bulk_id, 8, 4)
        # What was taken back is decided anew by somebody: that is none of the undo's business any more.
        again.record(gesture(again.image(1), accept(again.instances(1)[0].key), number=1))
        report = again.bulk.undo(bulk_id, who="me")
        assert (report.total, report.done, report.passed_over, report.names) == (4, 3, 1, ["3.jpg"])
        assert again.bulk.last() is None
    assert states(store) == {
        1: ["accepted", "suggested", "suggested"],
        2: ["suggested"] * 3,
        3: ["rejected", "suggested", "suggested"],
        4: ["suggested"] * 3,
    }


def test_rejecting_takes_accepted_ones_only_where_they_are_asked_for(store, images):
    carry_out(store, order("#1"))
    assert store.bulk.preview(order("#1", Verb.REJECT)).instances == 0
    bulk_id, _ = carry_out(store, order("#1 is:accepted", Verb.REJECT))
    assert states(store)[1] == ["rejected", "rejected", "suggested"]
    store.bulk.undo(bulk_id, who="me")
    assert states(store)[1] == ["accepted", "accepted", "suggested"]


def test_relabelling_changes_the_category_alone_and_comes_back(store, images):
    car = next(one.id for one in store.categories() if one.name == "car")
    bulk_id, report = carry_out(store, order("#1,2 category:person", Verb.RELABEL, category_id=car))
    assert report.done == 4
    assert [one.category_id for one in store.instances(1)] == [car, car, 1]
    assert states(store)[1] == ["suggested"] * 3
    store.bulk.undo(bulk_id, who="me")
    assert [one.category_id for one in store.instances(1)] == [1, 1, 1]
    with pytest.raises(GestureError, match="category 77"):
        store.bulk.preview(order("", Verb.RELABEL, category_id=77))


def test_instances_that_were_chosen_one_by_one_are_decided_about_whatever_their_score(store, images):
    chosen = [*store.instances(1), store.instances(2)[2]]
    keys = tuple(one.key for one in chosen)
    _, report = carry_out(store, Order(Verb.REJECT, keys=keys))
    assert report.done == 4
    assert states(store)[1] == ["rejected"] * 3
    assert states(store)[2] == ["suggested", "suggested", "rejected"]


def test_pictures_in_the_bin_are_none_of_it_and_two_networks_are_told_apart(store, images):
    store.remove_image(1)
    store.set_suggestions(2, [suggestion(source="other@2")])
    assert store.bulk.preview(order("network:other")).instances == 1
    assert store.bulk.preview(order("score:0.5..")).images == 3


def test_a_suggestion_that_was_emptied_is_not_accepted(store, images):
    one = store.instances(1)[0]
    nothing = type(one.rle)(one.rle.height, one.rle.width, "`7")
    store.record(gesture(images[0], Change(one.key, 1, State.SUGGESTED, rle=nothing), verb="edit"))
    _, report = carry_out(store, order("#1"))
    assert report.done == 1
    assert states(store)[1] == ["suggested", "accepted", "suggested"]


def test_an_accepted_instance_that_was_adjusted_keeps_its_mask_through_both(store, images):
    one = store.instances(1)[0]
    store.record(gesture(images[0], accept(one.key)))
    bulk_id, _ = carry_out(store, order("#1 is:accepted", Verb.REJECT))
    store.bulk.undo(bulk_id, who="me")
    after = store.instances(1)[0]
    assert (after.state, after.rle, after.edited) == (State.ACCEPTED, one.rle, False)


def test_the_history_of_a_bulk_keeps_all_that_it_keeps_of_one(store, images):
    one = store.instances(1)[0]
    marked = Change(one.key, 1, State.SUGGESTED, flags=("occluded",), note="behind the car")
    store.record(gesture(images[0], marked, verb="edit"))
    carry_out(store, order("#1"))
    decided = [line for line in store.decisions(1) if line.key == one.key][-1]
    assert (decided.state, decided.flags, decided.note, decided.locked) == (
        State.ACCEPTED,
        ("occluded",),
        "behind the car",
        False,
    )
