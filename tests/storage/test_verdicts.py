"""A reviewer accepts what is done, or sends it back: whose it is then, how it is found, and how it is taken back."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from annotator.core.errors import GestureError, StaleRevisionError, StoreError
from annotator.core.people import Role
from annotator.core.query import parse
from annotator.exchange import coco
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.imports import Picture
from annotator.storage.leases import Holder
from annotator.storage.search import Search
from annotator.storage.standing import Verdict
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture, import_dataset

ANN, BEN = Holder("ann", "tab-a"), Holder("ben", "tab-b")


@pytest.fixture
def pictures(store):
    """Four: ann did the first two, ben the third."""
    found = [add_image(store, f"{number}".encode(), f"{number}.jpg").id for number in range(4)]
    store.worklist.mark_reviewed([1, 2], True, who="ann")
    store.worklist.mark_reviewed([3], True, who="ben")
    store.verdicts.switch(True)
    return found


def found(store, query):
    return store.worklist.ids(Search(parse(query)))


def stands(store):
    return {word: found(store, f"verdict:{word}") for word in ("toreview", "accepted", "sentback")}


def take(store, who, **asked):
    lease = store.hand_out.take_next(Search(**asked), who, after=None, ordered=list, who=who.name)
    return None if lease is None else lease.image_id


def test_what_is_done_waits_for_a_reviewer_who_accepts_it_once(store, pictures):
    assert stands(store) == {"toreview": [1, 2, 3], "accepted": [], "sentback": []}
    assert store.verdicts.accept([2, 4, 99, 2, 1], who="rolf") == [2, 1]
    assert store.verdicts.accept([1], who="rolf") == []
    assert stands(store) == {"toreview": [3], "accepted": [1, 2], "sentback": []}
    assert found(store, "-verdict:accepted state:reviewed") == [3]
    assert found(store, "-verdict:sentback") == [1, 2, 3, 4]
    assert store.verdicts.counts() == {"toreview": 1, "accepted": 2, "sentback": 0}
    assert store.verdicts.among([4, 3, 1]) == {3: "toreview", 1: "accepted"}


def test_a_picture_that_is_changed_after_it_was_accepted_waits_again(store, pictures):
    store.verdicts.accept([1], who="rolf")
    store.record(gesture(store.image(1), accept("n", rle=block())))
    assert stands(store)["accepted"] == []
    assert 1 in stands(store)["toreview"]


def category_changes(store):
    """Changes of accepted instances of picture 1 that touch no revision, each with its undo."""
    manager = store.category_manager
    yield "a merge", lambda: manager.merge(3, into=1, who="mara")
    yield "its undo", lambda: manager.undo(manager.last().id, who="mara")
    yield "its redo", lambda: manager.redo(manager.last_undone().id, who="mara")
    yield "another undo", lambda: manager.undo(manager.last().id, who="mara")
    yield "a removal", lambda: manager.remove(3, who="mara")
    yield "what it took comes back", lambda: manager.undo(manager.last().id, who="mara")


def other_changes(store):
    """All others give the picture a new revision."""
    reject = Order(Verb.REJECT, parse("#1 is:accepted"))
    yield "many at once", lambda: store.bulk.carry_out(reject, as_of=store.bulk.preview(reject).as_of, who="mara")
    yield "their undo", lambda: store.bulk.undo(store.bulk.last().id, who="mara")
    yield "a decision", lambda: store.record(gesture(store.image(1), accept("new", rle=block(9)), number=9))
    dataset = store.dataset(reviewed_only=False)
    moved = tuple(replace(one, rle=block(12, 5), parts=None) for one in dataset.instances if one.image_id == 1)
    pictures = {1: Picture(b"0", WIDTH, HEIGHT)}
    some = replace(dataset, images=tuple(one for one in dataset.images if one.id == 1), instances=moved)
    yield "an import", lambda: import_dataset(store, some, pictures)


def test_what_a_reviewer_accepted_waits_again_after_every_change_of_it_and_nothing_else_does(store, pictures):
    store.add_category("car")
    store.record(gesture(store.image(1), accept("a", category_id=3, rle=block())))
    store.record(gesture(store.image(2), accept("b", rle=block()), number=8))
    for changes in (category_changes, other_changes):
        for name, change in changes(store):
            store.verdicts.accept([1, 2], who="rolf")
            if name == "a removal":
                store.remove_image(1)
            change()
            if name == "a removal":
                store.restore_image(1)
            assert store.verdicts.among([1, 2]) == {1: "toreview", 2: "accepted"}, name
    assert {one.who for one in store.verdicts.history(1) if one.verdict is Verdict.WITHDRAWN} == {""}
    assert {one.name for one in store.people.figures()} == {"me", "ann", "ben", "rolf"}


def test_a_verdict_on_what_the_reviewer_has_not_seen_is_refused_whoever_changed_it(store, pictures):
    seen = store.image(1).revision
    store.record(gesture(store.image(1), accept("n", rle=block())))
    saying = (
        lambda: store.verdicts.accept([1], who="rolf", revision=seen),
        lambda: store.verdicts.send_back([1], note="the dog", who="rolf", revision=seen),
        lambda: store.verdicts.free([1], who="rolf", revision=seen),
        lambda: store.verdicts.withdraw([1], who="rolf", revision=seen),
    )
    for say in saying:
        with pytest.raises(StaleRevisionError, match="image 1: was changed or judged since you looked at it"):
            say()
    seen = store.image(1).revision
    assert store.verdicts.accept([1], who="mara", revision=seen) == [1]
    with pytest.raises(StaleRevisionError):
        store.verdicts.send_back([1], note="the dog", who="rolf", revision=seen)
    assert stands(store)["accepted"] == [1]


def test_own_work_is_accepted_by_another_reviewer_where_there_is_one(store, pictures):
    assert store.verdicts.accept([1], who="ann") == [1], "nobody signs in"
    store.verdicts.withdraw([1], who="ann")
    store.people.claim("1", "ann")
    store.people.add("ben", Role.ANNOTATE, by="ann")
    store.people.add("rolf", Role.REVIEW, by="ann")
    assert store.verdicts.accept([1], who="ann") == [1], "rolf has never signed in"
    store.verdicts.withdraw([1], who="ann")
    store.people.role_of("2", "rolf")
    assert (store.verdicts.is_own(1, "ann"), store.verdicts.is_own(3, "ann")) == (True, False)
    with pytest.raises(GestureError, match="your own work: another reviewer of the project is to accept it"):
        store.verdicts.accept([1, 2], who="ann")
    assert store.verdicts.accept([1, 3], who="ann") == [3]
    assert store.verdicts.accept([1, 2], who="rolf") == [1, 2]


def test_a_picture_that_was_sent_back_is_not_kept_by_a_reviewer_who_looks_on(store, pictures):
    reviewer = Holder("rolf", "tab-r")
    for id in (4, 2):
        assert store.hand_out.keep(id, reviewer, who="rolf").is_of(reviewer)
    store.verdicts.send_back([2], note="again", who="rolf")
    assert store.hand_out.keep(2, reviewer, who="rolf") is None
    assert take(store, ANN) == 2
    assert store.hand_out.keep(2, reviewer, who="rolf").is_of(ANN)
    store.hand_out.give_back(ANN)
    store.verdicts.free([2], who="rolf")
    assert store.hand_out.keep(2, reviewer, who="rolf").is_of(reviewer)


def test_what_is_sent_back_is_to_do_with_its_note_until_it_is_done_again(store, pictures):
    late = gesture(store.image(1), verb="review", reviewed=False)
    store.verdicts.accept([1], who="rolf")
    assert store.verdicts.send_back([1, 4], note="the dog is missing", who="rolf") == [1]
    with pytest.raises(StaleRevisionError):
        store.record(late)
    assert stands(store) == {"toreview": [2, 3], "accepted": [], "sentback": [1]}
    assert 1 in found(store, "state:unreviewed")
    (first, second) = store.verdicts.history(1)
    assert (first.verdict, first.stands, second.stands) == (Verdict.ACCEPTED, False, True)
    assert (second.note, second.who, second.whom) == ("the dog is missing", "rolf", "ann")
    store.record(gesture(store.image(1), accept("dog", rle=block()), number=5, reviewed=True))
    assert stands(store)["toreview"] == [1, 2, 3]
    assert not store.verdicts.history(1)[-1].stands
    for note in ("x" * 100_000, "", " \n\u3000"):
        with pytest.raises(GestureError, match=r"verdict\.note: "):
            store.verdicts.send_back([1], note=note, who="rolf")
    assert 1 in stands(store)["toreview"]


def test_a_verdict_is_taken_back_and_what_was_sent_back_is_done_again_unless_somebody_began(store, pictures):
    store.verdicts.accept([1], who="rolf")
    store.verdicts.send_back([2, 3], note="again", who="rolf")
    store.record(gesture(store.image(3), accept("n", rle=block())))
    assert store.verdicts.withdraw([1, 2, 3, 4], who="rolf") == [1, 2, 3]
    assert stands(store) == {"toreview": [1, 2], "accepted": [], "sentback": []}
    assert not store.image(3).reviewed
    assert store.verdicts.withdraw([1, 2, 3], who="rolf") == []
    assert [one.verdict for one in store.verdicts.history(2)] == [Verdict.SENT_BACK, Verdict.WITHDRAWN]


def test_a_verdict_that_is_taken_back_leaves_the_picture_the_work_of_whoever_did_it(store, pictures):
    for reviewer in ("rolf", "mara"):
        assert store.verdicts.send_back([1], note="the dog", who=reviewer) == [1]
        assert store.verdicts.history(1)[-1].whom == "ann"
        assert store.verdicts.withdraw([1], who=reviewer) == [1]


def test_what_was_sent_back_comes_first_to_whoever_did_it_and_to_nobody_else_while_they_are_here(store, pictures):
    store.hand_out.take(2, Holder("rolf", "tab-r"))
    store.verdicts.send_back([2], note="again", who="rolf")
    assert take(store, BEN) == 4
    assert take(store, ANN, query=parse("3.jpg")) == 2, "whatever list she looks at"
    store.hand_out.give_back(ANN)
    store.worklist.mark_reviewed([4], True, who="ben")
    assert take(store, BEN) is None
    assert store.verdicts.free([2, 1], who="mara") == [2]
    assert store.verdicts.history(2)[-1].note == "again"
    assert take(store, BEN) == 2


def test_what_was_sent_back_to_somebody_who_is_away_goes_to_others(store, pictures, monkeypatch):
    store.verdicts.send_back([2], note="again", who="rolf")
    store.worklist.mark_reviewed([4], True, who="ben")
    assert take(store, BEN) is None
    monkeypatch.setattr("annotator.storage.leases.time_now", lambda connection: 4_102_444_800_000)  # 2100
    assert take(store, BEN) == 2


def test_who_is_taken_out_of_the_people_holds_nothing_back(store, pictures):
    store.people.claim("1", "mara")
    ann = store.people.add("ann", Role.ANNOTATE, by="mara")
    store.verdicts.send_back([2], note="the dog", who="rolf")
    store.verdicts.send_back([3], note="the cat", who="rolf")
    store.hand_out.take(4, ANN)
    assert take(store, BEN) == 3
    store.worklist.mark_reviewed([3], True, who="ben")
    assert take(store, BEN) is None
    store.people.remove(ann.id, revision=ann.revision)
    assert [one.holder for one in store.hand_out.all()] == [BEN]
    freed = store.verdicts.history(2)[-1]
    assert (freed.verdict, freed.note, freed.who, freed.whom) == (Verdict.SENT_BACK, "the dog", "rolf", "")
    assert take(store, BEN) == 2
    assert [one.whom for one in store.verdicts.history(3)] == ["ben"]


def test_a_picture_that_was_deleted_for_good_comes_back_without_verdict_lease_and_note(store, pictures):
    store.record(gesture(store.image(1), verb="note", note="blurred"))
    store.verdicts.send_back([1], note="the dog", who="rolf")
    store.verdicts.accept([2], who="rolf")
    store.hand_out.take(1, ANN)
    for id in (1, 2):
        store.remove_image(id)
    store.empty_bin()
    assert [add_image(store, f"{id - 1}".encode(), f"{id}.jpg").id for id in (1, 2)] == [1, 2]
    assert stands(store) == {"toreview": [3], "accepted": [], "sentback": []}
    assert (store.hand_out.all(), store.image(1).note) == ((), "")
    assert take(store, BEN) == 1
    assert [(one.verdict, one.stands) for one in store.verdicts.history(2)][-1] == (Verdict.WITHDRAWN, False)


def test_pictures_are_found_by_who_worked_on_them_but_not_by_who_judged_them(store, pictures):
    store.verdicts.accept([1], who="rolf")
    assert (found(store, "by:ann"), found(store, "by:ben"), found(store, "by:rolf")) == ([1, 2], [3], [])
    assert found(store, "by:ann,ben verdict:toreview") == [2, 3]


def test_an_export_says_what_a_reviewer_said_and_what_it_brings_back_changes_no_verdict(tmp_path, store, pictures):
    store.verdicts.accept([1, 3], who="rolf")
    store.verdicts.send_back([2], note="the dog", who="rolf")
    store.record(gesture(store.image(3), accept("n", rle=block())))
    coco.write(store.dataset(reviewed_only=False), tmp_path / "instances.json")
    document = json.loads((tmp_path / "instances.json").read_text())
    assert {one["id"]: one.get("annotator") for one in document["images"]} == {
        1: {"verdict": "accepted"},
        2: {"reviewed": False, "verdict": "sentback", "verdict_note": "the dog"},
        3: None,
        4: {"reviewed": False},
    }
    only = store.dataset(only=Search(parse("verdict:accepted")))
    assert [(one.id, one.verdict) for one in only.images] == [(1, "accepted")]
    before = stands(store)
    known = {id: Picture(f"{id - 1}".encode(), WIDTH, HEIGHT) for id in (1, 2, 3, 4)}
    import_dataset(store, coco.read(tmp_path / "instances.json"), known)
    assert stands(store) == before


def test_verdicts_stay_as_they_were_said(store, pictures):
    store.verdicts.accept([1], who="rolf")
    for statement in ("DELETE FROM verdicts", "UPDATE verdicts SET who = ''"):
        with pytest.raises(StoreError, match="verdicts can only be added to"), store._database.write() as connection:
            connection.execute(text(statement))
