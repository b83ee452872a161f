"""What decisions say, read from a project in which each is known."""

import numpy as np
import pytest

from annotator.core.answers import Verdict
from annotator.core.dataset import State
from annotator.core.query import parse
from annotator.core.repair import Kind, Repair
from annotator.core.review import Change
from annotator.insight.advice import advise
from annotator.insight.effort import by_tool
from annotator.storage import decisions, runs
from annotator.storage.bulk_orders import Order, Verb
from tests.storage.builders import accept, add_image, block, gesture, suggestion


@pytest.fixture
def picture(store):
    """One picture with four suggestions of persons."""
    image = add_image(store)
    store.set_suggestions(image.id, [suggestion(2 + x, score=0.9 - 0.2 * x) for x in range(4)], by="starter-person@1")
    return image


def decide(store, image, *changes, number, **more):
    store.record(gesture(store.image(image.id), *changes, number=number, **more))


def test_each_outcome_is_told_with_what_it_took(store, picture):
    car = store.add_category("car").id
    first, second, third, fourth = store.instances(picture.id)
    decide(store, picture, accept(first.key), number=1, seconds=2.0, threshold=0.2)
    decide(store, picture, Change(second.key, 1, State.ACCEPTED, rle=block(1)), number=2, verb="edit", seconds=9.0)
    decide(store, picture, Change(third.key, 1, State.REJECTED), number=3, verb="reject", seconds=1.0)
    decide(store, picture, Change(fourth.key, car, State.ACCEPTED), number=4, verb="relabel", seconds=4.0)
    decide(store, picture, accept("drawn", rle=block(9)), number=5, verb="add", seconds=30.0, threshold=0.2)
    found = store.evidence.read()
    assert found.networks == ("starter-person@1",)
    assert found.answers.verdicts.tolist() == [Verdict.AS_IT_IS, Verdict.ADJUSTED, Verdict.WRONG, Verdict.WRONG]
    assert found.answers.categories.tolist() == [1, 1, 1, 1], "as it was suggested"
    assert found.answers.scores.tolist() == pytest.approx([0.9, 0.7, 0.5, 0.3])
    assert found.answers.seconds.tolist() == [2, 9, 1, 4]
    assert (found.drawings.seconds.tolist(), found.drawings.images.tolist()) == ([30], [picture.id])
    (worked,) = found.pictures.ids.tolist()
    assert (worked, found.pictures.seconds[0], found.pictures.gestures[0]) == (picture.id, 46, 5)
    assert found.waiting == 1


def test_a_gesture_about_several_is_shared_out_and_all_gestures_about_one_add_up(store, picture):
    first, second, _, _ = store.instances(picture.id)
    decide(store, picture, accept(first.key), accept(second.key), number=1, seconds=4.0)
    decide(store, picture, accept(first.key, rle=block(1)), number=2, verb="edit", seconds=6.0)
    found = store.evidence.read().answers
    assert (found.seconds.tolist(), found.gestures.tolist()) == ([8, 2], [1.5, 0.5])


def test_each_tool_is_told_with_what_it_took_on_adjusted_and_on_drawn_ones(store, picture):
    first, second, third, _ = store.instances(picture.id)
    decide(store, picture, accept(first.key), number=1, seconds=1.0)
    decide(store, picture, accept(second.key, rle=block(1)), number=2, verb="edit", seconds=6.0, tool="brush", clicks=3)
    decide(store, picture, accept(second.key, rle=block(2)), number=3, verb="edit", seconds=2.0, tool="brush", clicks=1)
    decide(store, picture, accept(third.key, rle=block(3)), number=4, verb="edit", seconds=4.0, tool="point", clicks=2)
    decide(store, picture, accept("drawn", rle=block(9)), number=5, verb="add", seconds=9.0, tool="polygon", clicks=7)
    decide(store, picture, accept("old", rle=block(8)), number=6, verb="add", seconds=9.0)
    found = by_tool(store.evidence.read().repairs)
    assert [(one.tool, one.drawn, one.spent.count, one.spent.gestures, one.clicks) for one in found] == [
        ("brush", False, 1, 2, 4),
        ("point", False, 1, 1, 2),
        ("polygon", True, 1, 1, 7),
    ]
    assert [one.spent.seconds for one in found] == [8, 4, 9]


def test_a_pause_is_no_work(store, picture):
    first, second, _, _ = store.instances(picture.id)
    decide(store, picture, accept(first.key), number=1, seconds=300.0)
    decide(store, picture, accept(second.key, rle=block(1)), number=2, verb="edit", seconds=300.0)
    assert store.evidence.read().answers.seconds.tolist() == [60, 180]


def test_what_was_decided_about_many_at_once_or_taken_back_is_no_answer(store, picture):
    first, second, _, _ = store.instances(picture.id)
    decide(store, picture, accept(first.key), number=1)
    decide(store, picture, Change(first.key, 1, State.SUGGESTED), number=2, verb="undo")
    decide(store, picture, accept(second.key), number=3)
    order = Order(Verb.ACCEPT, parse("score:..0.6"))
    store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me")
    found = store.evidence.read()
    assert found.answers.scores.tolist() == pytest.approx([0.7])
    # Somebody who looks at one of the many afterwards answers for it.
    third = store.instances(picture.id)[2]
    decide(store, picture, Change(third.key, 1, State.REJECTED), number=4, verb="reject")
    assert store.evidence.read().answers.verdicts.tolist() == [Verdict.AS_IT_IS, Verdict.WRONG]


def test_a_repair_of_many_masks_leaves_the_answers_that_were_given_before(store, picture):
    first, second, _, _ = store.instances(picture.id)
    decide(store, picture, accept(first.key), number=1)
    decide(store, picture, Change(second.key, 1, State.REJECTED), number=2, verb="reject")
    given = store.evidence.read().answers
    order = Order(Verb.REPAIR, parse("is:accepted"), repair=Repair(Kind.GROW, 1))
    store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me")
    answers = store.evidence.read().answers
    assert (answers.scores.tolist(), answers.is_right.tolist()) == (given.scores.tolist(), [True, False])
    store.bulk.undo(store.bulk.last().id, who="me")
    assert store.evidence.read().answers.verdicts.tolist() == given.verdicts.tolist()


def test_what_the_threshold_hid_is_marked(store, picture):
    first, _, _, last = store.instances(picture.id)
    decide(store, picture, accept(first.key), number=1, threshold=0.5)
    decide(store, picture, accept(last.key), number=2, threshold=0.5)
    assert store.evidence.read().answers.seen.tolist() == [True, False]
    store.category_manager.set_threshold(1, 0.2, who="me")
    found = store.evidence.read()
    assert (found.answers.seen.tolist(), found.thresholds) == ([True, True], {1: 0.2})
    store.category_manager.set_threshold(1, 0.95, who="me")
    assert store.evidence.read().answers.seen.tolist() == [True, False], "a newer threshold hides no earlier answer"


def test_a_reviewed_picture_says_from_which_score_on_suggestions_were_shown(store, picture):
    decide(store, picture, number=1, verb="review", reviewed=True, threshold=0.3)
    found = store.evidence.read()
    assert (found.pictures.reviewed.tolist(), found.pictures.seen_from.tolist()) == ([True], [0.3])
    assert (found.pictures.networks.tolist(), found.waiting) == ([0], 0)


def test_what_the_first_network_missed_stays_known_when_another_one_saw_the_picture_later(store, picture, monkeypatch):
    def at(second):
        for module in (runs, decisions):
            monkeypatch.setattr(module, "now", lambda: f"2099-01-01T00:00:{second:02}.000Z")

    at(1)
    first = store.instances(picture.id)[0]
    decide(store, picture, accept(first.key), accept("drawn", rle=block(9)), number=1, reviewed=True, threshold=0.2)
    at(2)
    store.set_suggestions(picture.id, [suggestion(7, source="other@1")], by="other@1")
    found = store.evidence.read()
    assert found.networks[found.pictures.networks[0]] == "starter-person@1"
    assert found.pictures.alone.tolist() == [True]
    late = next(one for one in store.instances(picture.id) if one.source == "other@1")
    decide(store, picture, accept(late.key), number=2, reviewed=True, threshold=0.2)
    evidence = store.evidence.read()
    missed = {one.network: one.missed.total[50] for one in advise(evidence)}
    assert missed == {"starter-person@1": 3, "other@1": 0}, "one found, one drawn, one that the other network found"


def test_of_networks_before_the_review_the_last_one_is_what_people_saw(store, picture):
    store.set_suggestions(picture.id, [suggestion(7, source="other@1")], by="other@1")
    decide(store, picture, accept(store.instances(picture.id)[0].key), number=1, reviewed=True, threshold=0.2)
    found = store.evidence.read()
    assert [found.networks[one] for one in found.pictures.networks.tolist()] == ["other@1"]
    assert found.pictures.alone.tolist() == [False]


def test_what_was_drawn_before_a_network_saw_the_picture_is_nothing_that_it_missed(store, monkeypatch):
    image = add_image(store)
    decide(store, image, accept("drawn", rle=block(9)), number=1, reviewed=True, threshold=0.2)
    monkeypatch.setattr(runs, "now", lambda: "2099-01-01T00:00:00.000Z")
    store.set_suggestions(image.id, [suggestion(7, source="other@1")], by="other@1")
    assert store.evidence.read().pictures.networks.tolist() == [-1]


def test_open_suggestions_are_counted_by_score(store, picture):
    first, _, _, _ = store.instances(picture.id)
    decide(store, picture, accept(first.key), number=1)
    found = store.evidence.read().open
    assert sorted(zip(found.scores.tolist(), found.counts.tolist(), strict=True)) == [(0.3, 1), (0.5, 1), (0.7, 1)]
    assert not found.reviewed.any()


def test_what_is_in_the_bin_and_what_was_merged_is_left_out_or_follows(store, picture):
    people = store.add_category("people").id
    first = store.instances(picture.id)[0]
    decide(store, picture, accept(first.key), number=1)
    store.category_manager.merge(1, into=people, who="me")
    found = store.evidence.read()
    assert (found.answers.categories.tolist(), found.answers.verdicts.tolist()) == ([people], [Verdict.AS_IT_IS])
    store.remove_image(picture.id)
    found = store.evidence.read()
    assert (len(found.answers), int(found.open.counts.sum()), len(found.pictures), found.waiting) == (0, 0, 0, 0)


def test_a_project_without_a_decision_has_none(store):
    found = store.evidence.read()
    assert (len(found.answers), len(found.drawings), len(found.pictures), found.waiting) == (0, 0, 0, 0)
    add_image(store)
    assert store.evidence.read().waiting == 1


def test_it_is_read_again_only_after_somebody_stored_something(store, picture):
    first = store.evidence.read()
    assert store.evidence.read() is first
    decide(store, picture, accept(store.instances(picture.id)[0].key), number=1)
    assert len(store.evidence.read().answers) == 1
    with pytest.raises(ValueError, match="read-only"):
        store.evidence.read().answers.scores[:] = np.nan
