"""The same repair for many masks: what it writes, passes over, and what its undo gives back."""

import numpy as np
import pytest

from annotator.core.dataset import State, Suggestion
from annotator.core.masks import Rle, mask_to_rle, rle_area
from annotator.core.polygons import Part
from annotator.core.query import parse
from annotator.core.repair import Kind, Repair
from annotator.core.review import Change
from annotator.storage import bulk
from annotator.storage.bulk_orders import Order, Targets, Verb
from annotator.storage.store import Store
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture


def ring():
    """A square of 5 x 5 pixels with a hole of one."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[2:7, 2:7] = True
    mask[4, 4] = False
    return mask_to_rle(mask)


@pytest.fixture
def images(store):
    """Two pictures with a ring, a block of 4 x 3 pixels, and one of 2 x 1."""
    person = store.add_category("person").id
    made = [add_image(store, f"{number}".encode(), f"{number}.jpg") for number in (1, 2)]
    for image in made:
        found = [ring(), block(10, 2), block(16, 8, 2, 1)]
        offered = [Suggestion(person, score, rle, "known@1") for score, rle in zip((0.9, 0.8, 0.7), found, strict=True)]
        store.set_suggestions(image.id, offered)
    return made


def order(kind, pixels=0, text="", **more):
    return Order(Verb.REPAIR, parse(text), repair=Repair(kind, pixels), **more)


def carry_out(store, wanted):
    return store.bulk.carry_out(wanted, as_of=store.bulk.preview(wanted).as_of, who="me")


def areas(store):
    return [rle_area(one.rle) for image in store.images() for one in store.instances(image.id)]


def test_holes_are_filled_where_there_are_any_and_the_undo_gives_masks_and_edited_back(store, images):
    before = [store.instances(image.id) for image in images]
    bulk_id, report = carry_out(store, order(Kind.HOLES))
    assert (report.total, report.done, report.emptied) == (6, 2, 0)
    assert areas(store) == [25, 12, 2] * 2
    assert [one.edited for one in store.instances(1)] == [True, False, False]
    assert [one.verb for one in store.decisions(1)] == ["repair"]
    with Store.open(store.folder) as again:
        assert again.bulk.last().verb is Verb.REPAIR
        again.bulk.undo(bulk_id, who="me")
    assert [store.instances(image.id) for image in images] == before


def test_what_would_be_left_empty_stays_as_it_is_and_is_named(store, images, monkeypatch):
    monkeypatch.setattr(bulk, "REPAIR_STRETCH", 1)
    _, report = carry_out(store, order(Kind.SHRINK, 1))
    assert (report.done, report.emptied, report.emptied_names) == (4, 2, ["1.jpg", "2.jpg"])
    assert areas(store) == [4, 2, 2] * 2


def test_it_tells_how_far_it_is_and_stops_where_it_is_told_to(store, images, monkeypatch):
    monkeypatch.setattr(bulk, "REPAIR_STRETCH", 1)
    wanted, seen = order(Kind.HOLES), []
    as_of = store.bulk.preview(wanted).as_of
    bulk_id, report = store.bulk.carry_out(
        wanted, as_of=as_of, who="me", told=lambda now: seen.append((now.done, now.total)) or False
    )
    assert (report.done, seen) == (1, [(1, 6)])
    assert areas(store) == [25, 12, 2, 24, 12, 2], "what was worked out ahead is not written"
    assert store.bulk.undo(bulk_id, who="me").done == 1


def test_targets_that_were_found_before_are_not_looked_for_again(store, images):
    wanted = order(Kind.HOLES)
    found = store.bulk.targets(wanted)
    preview = store.bulk.preview(wanted)
    assert preview.targets == found
    some = Targets(found.ids[:3], found.image_ids[:3])
    _, report = store.bulk.carry_out(wanted, as_of=preview.as_of, who="me", found=some)
    assert (report.total, report.done) == (3, 1)


def test_the_preview_shows_both_masks_and_those_that_would_be_lost_first(store, images):
    found = store.bulk.preview(order(Kind.SHRINK, 1))
    shown = [found.mended[one.key] for one in found.nearest]
    assert (found.instances, found.images, len(shown)) == (6, 2, 6)
    assert [one.is_kept for one in shown] == sorted(one.is_kept for one in shown)
    assert all(rle_area(one.after) < rle_area(one.before) for one in shown)
    assert areas(store) == [24, 12, 2] * 2, "nothing is written yet"
    assert store.bulk.preview(order(Kind.HOLES), nearest=1).nearest[0].area == 24


def test_what_a_person_changed_comes_back_with_its_polygons(store, images):
    one = store.instances(1)[1]
    part = Part(np.array([[10.0, 2.0], [15.0, 2.0], [15.0, 6.0], [10.0, 6.0]]))
    store.record(gesture(images[0], accept(one.key, parts=(part,))))
    drawn = store.instances(1)[1]
    bulk_id, report = carry_out(store, order(Kind.GROW, 1, "#1 is:accepted"))
    assert report.done == 1
    grown = store.instances(1)[1]
    assert (grown.parts, grown.edited, grown.state) == (None, True, State.ACCEPTED)
    assert rle_area(grown.rle) > rle_area(drawn.rle)
    store.bulk.undo(bulk_id, who="me")
    back = store.instances(1)[1]
    assert (back.rle, back.edited) == (drawn.rle, True)
    assert (back.parts[0].outer == part.outer).all()


def test_what_lies_over_is_subtracted_from_what_lies_under(store):
    person = store.add_category("person").id
    image = add_image(store)
    store.set_suggestions(image.id, [Suggestion(person, 0.9, block(2, 2, 6, 6), "known@1")])
    drawn = Change("drawn", person, State.ACCEPTED, rle=block(4, 4, 2, 2))
    store.record(gesture(image, drawn, verb="add"))
    _, report = carry_out(store, order(Kind.SUBTRACT, 0, "is:open,accepted"))
    assert (report.done, sorted(areas(store))) == (1, [4, 32])


def test_what_is_locked_or_was_changed_meanwhile_is_passed_over(store, images):
    first, _, _ = store.instances(1)
    store.record(gesture(images[0], Change(first.key, 1, first.state, locked=True), verb="flag"))
    wanted = order(Kind.HOLES)
    as_of = store.bulk.preview(wanted).as_of
    other = store.instances(2)[1]
    store.record(gesture(images[1], Change(other.key, 1, State.REJECTED), verb="reject", number=1))
    _, report = store.bulk.carry_out(wanted, as_of=as_of, who="me")
    assert (report.done, report.names) == (0, ["2.jpg"])
    assert areas(store)[0] == 24


def test_an_undo_leaves_a_mask_that_somebody_changed_since(store, images):
    bulk_id, _ = carry_out(store, order(Kind.HOLES))
    one = store.instances(2)[0]
    own = Rle(HEIGHT, WIDTH, block(3, 3).counts)
    store.record(gesture(store.image(2), Change(one.key, 1, one.state, rle=own), verb="edit"))
    report = store.bulk.undo(bulk_id, who="me")
    assert (report.done, report.passed_over) == (1, 1)
    assert store.instances(2)[0].rle == own


@pytest.mark.parametrize(
    ("kind", "left"), [(Kind.DUPLICATES, [12, 12, 4]), (Kind.CONTAINED, [12, 12]), (Kind.MERGE, [12, 12])]
)
def test_doubles_of_any_origin_go_in_one_order_and_come_back_by_one_undo(store, kind, left):
    """Two networks' suggestions of one object, one of which is accepted; a part of another one, drawn."""
    person = store.add_category("person").id
    image = add_image(store)
    found = [block(10, 2), block(10, 2, 4, 3), block(2, 8, 4, 3), block(4, 8, 2, 2)]
    sources = ["fine@1", "wide@1", "fine@1", "wide@1"]
    offered = [
        Suggestion(person, 0.9 - 0.1 * n, rle, by) for n, (rle, by) in enumerate(zip(found, sources, strict=True))
    ]
    store.set_suggestions(image.id, offered, by=("fine@1", "wide@1"))
    store.record(gesture(store.image(image.id), accept(store.instances(image.id)[1].key)))
    before = store.instances(image.id, states=tuple(State))
    bulk_id, report = carry_out(store, order(kind, 80))
    after = store.instances(image.id, states=tuple(State))
    assert after[0].state is State.REJECTED
    assert report.emptied == 0
    shown = [one for one in after if one.state in (State.SUGGESTED, State.ACCEPTED)]
    assert [rle_area(one.rle) for one in shown] == left
    store.bulk.undo(bulk_id, who="me")
    assert store.instances(image.id, states=tuple(State)) == before
