"""What a file brings that the project has already: as it is, as it was, or drawn anew."""

from dataclasses import replace

import pytest

from annotator.core.dataset import (
    PROVENANCE,
    WITHOUT_MASK,
    State,
    without_mask,
)
from annotator.core.masks import mask_to_rle, rle_to_mask
from annotator.core.review import Change
from annotator.core.vote import Agreement, Vote
from tests.storage.builders import accept, block, gesture, suggestion
from tests.storage.imports import DATASET, an_image, an_instance, bring


def joined(*rles):
    return mask_to_rle(sum(rle_to_mask(rle) for rle in rles) > 0)


def test_importing_again_changes_nothing(empty):
    bring(empty, DATASET)
    before = empty.dataset(), empty.decisions()
    report = bring(empty, DATASET)
    assert (report.images_known, report.instances_known, report.instances_added, report.notes) == (2, 3, 0, ())
    assert (empty.dataset(), empty.decisions()) == before


def test_the_same_object_twice_in_a_file_stays_twice(empty):
    twice = replace(DATASET, instances=(an_instance(1, 30), an_instance(2, 30)))
    for expected in (2, 0):
        assert bring(empty, twice).instances_added == expected
        assert [one.id for one in empty.dataset().instances] == [1, 2]


def test_an_older_export_takes_back_neither_masks_nor_categories(empty):
    bring(empty, DATASET)
    moved, relabelled = empty.instances(4)
    empty.record(gesture(empty.image(4), accept(moved.key, category_id=7, rle=block(12)), verb="edit", revision=1))
    empty.record(gesture(empty.image(4), accept(relabelled.key, category_id=7), number=1, revision=2, verb="relabel"))
    before = empty.dataset(), empty.decisions()
    report = bring(empty, DATASET)
    assert (report.instances_added, report.instances_known) == (0, 3)
    assert report.notes == ("2 annotations were changed since in the project, which keeps its own (ids 5, 6)",)
    assert (empty.dataset(), empty.decisions()) == before


def test_what_was_deleted_since_an_export_comes_in_again(empty):
    bring(empty, DATASET)
    (gone,) = empty.instances(30)
    empty.record(gesture(empty.image(30), Change(gone.key, 1, State.DELETED), revision=1, verb="delete"))
    assert bring(empty, DATASET).instances_added == 1
    assert [one.id for one in empty.dataset().instances] == [5, 6, 100]


def test_an_earlier_version_that_the_file_has_beside_the_present_one_is_another_object(empty):
    bring(empty, DATASET)
    (mine,) = empty.instances(30)
    empty.record(gesture(empty.image(30), accept(mine.key, rle=block(9)), revision=1, verb="edit"))
    both = replace(DATASET, instances=(an_instance(100, 30), an_instance(101, 30, 9)))
    report = bring(empty, both)
    assert (report.instances_added, report.instances_known) == (1, 1)
    assert [one.rle for one in empty.instances(30)] == [block(9), block(2)]


def test_a_mask_that_was_changed_elsewhere_comes_in_beside_the_projects_and_is_told(empty):
    bring(empty, DATASET)
    elsewhere = replace(DATASET, instances=(an_instance(100, 30, 3), an_instance(5, 4, 14, category_id=7)))
    report = bring(empty, elsewhere, on_conflict="add")
    assert report.notes == (
        "annotation 100: is annotation 101 in the project, where 100 lies over it with an IoU of 0.60: "
        "the same object in two versions?",
        "annotation 5: is annotation 102 in the project, its number was taken",
    )
    assert [one.id for one in empty.dataset().instances] == [5, 6, 100, 101, 102]


TRACED = replace(
    DATASET, instances=(an_instance(900, 30, 3), an_instance(901, 4, 4, category_id=7), an_instance(9, 4, 9))
)
"""As a tool writes it that traces masks anew, and numbers them."""


def test_what_another_tool_traced_anew_is_already_here(empty):
    bring(empty, DATASET)
    before = empty.dataset(), empty.decisions()
    for _ in range(2):
        report = bring(empty, TRACED)
        assert (report.instances_added, report.instances_known, report.instances_met) == (0, 3, 2)
        assert report.notes == ()
        assert (empty.dataset(), empty.decisions()) == before


def test_its_outlines_take_the_place_of_the_projects_where_asked_and_the_history_keeps_both(empty):
    bring(empty, DATASET)
    (mine,) = empty.instances(30)
    traced = replace(TRACED, instances=(an_instance(900, 30, 3, extra={"attributes": 1}), *TRACED.instances[1:]))
    report = bring(empty, traced, on_conflict="replace")
    assert (report.instances_added, report.instances_known, report.instances_met) == (0, 3, 2)
    (now,) = empty.instances(30)
    assert (now.key, now.id, now.rle, now.source, now.extra) == (mine.key, 100, block(3), "import", {"attributes": 1})
    assert [one.id for one in empty.dataset().instances] == [5, 6, 100]
    assert [(one.key, one.verb, one.rle) for one in empty.decisions(30)] == [
        (mine.key, "import", block(2)),
        (mine.key, "import", block(3)),
    ]
    assert empty.image(30).revision == 2
    # It is measured against what was brought first, whatever is decided about it afterwards.
    assert now.edited
    empty.record(gesture(empty.image(30), accept(mine.key, category_id=7), revision=2, verb="relabel"))
    assert empty.instances(30)[0].edited
    empty.record(gesture(empty.image(30), accept(mine.key), revision=3, number=1, verb="relabel"))
    # The masks of before are known as earlier ones: an older file takes nothing back.
    assert bring(empty, DATASET, on_conflict="replace").instances_met == 0
    assert empty.instances(30) == (now,)


def test_both_are_there_where_asked(empty):
    bring(empty, DATASET)
    report = bring(empty, TRACED, on_conflict="add")
    assert (report.instances_added, report.instances_known, report.instances_met) == (2, 1, 2)
    assert sorted(one.id for one in empty.dataset().instances) == [5, 6, 100, 900, 901]


def test_one_of_the_project_is_met_by_one_of_the_file(empty):
    bring(empty, DATASET)
    twice = replace(DATASET, instances=(an_instance(1, 30, 3), an_instance(2, 30, 1)))
    report = bring(empty, twice)
    assert (report.instances_added, report.instances_known, report.instances_met) == (1, 1, 1)


WHOLE = replace(
    DATASET, instances=(replace(an_instance(100, 30), rle=joined(block(1, 1), block(6, 1), block(6, 5, 1, 1))),)
)
TORN = replace(
    DATASET,
    instances=tuple(
        replace(an_instance(id, 30), rle=rle)
        for id, rle in ((1, block(6, 5, 1, 1)), (2, block(6, 1)), (3, block(1, 1)))
    ),
)


def test_the_pieces_of_one_that_a_tool_tore_apart_are_already_here(empty):
    bring(empty, WHOLE)
    before = empty.dataset(), empty.decisions()
    report = bring(empty, TORN)
    assert (report.instances_added, report.instances_known, report.instances_met) == (0, 3, 3)
    assert (empty.dataset(), empty.decisions()) == before


@pytest.mark.parametrize(("on_conflict", "ids"), [("replace", [1, 3, 100]), ("add", [1, 2, 3, 100])])
def test_the_pieces_come_in_where_asked_and_no_pixel_is_lost(empty, on_conflict, ids):
    bring(empty, WHOLE)
    for _ in range(2):
        bring(empty, TORN, on_conflict=on_conflict)
        assert sorted(one.id for one in empty.instances(30)) == ids
        assert joined(*(one.rle for one in empty.instances(30))) == WHOLE.instances[0].rle


@pytest.mark.parametrize("is_crowd", [True, False])
def test_a_crowd_that_is_none_elsewhere_is_told_and_taken_where_asked(empty, is_crowd):
    def with_crowd(crowd):
        return replace(DATASET, instances=(an_instance(100, 30, crowd=crowd),))

    here, there = ("a crowd", "no crowd") if is_crowd else ("no crowd", "a crowd")
    bring(empty, with_crowd(is_crowd))
    for on_conflict in ("skip", "add"):
        report = bring(empty, with_crowd(not is_crowd), on_conflict=on_conflict)
        assert (report.instances_added, report.instances_known) == (0, 1)
        assert report.notes == (f"annotation 100: is {here} in the project, which keeps that, and {there} here",)
    report = bring(empty, with_crowd(not is_crowd), on_conflict="replace")
    assert report.notes == (f"annotation 100: was {here} in the project, and is {there} now",)
    assert [one.crowd for one in empty.instances(30)] == [not is_crowd]
    # An older export takes nothing back.
    assert bring(empty, with_crowd(is_crowd), on_conflict="replace").notes == ()
    assert [one.crowd for one in empty.instances(30)] == [not is_crowd]


def test_another_category_or_picture_is_another_object(empty):
    bring(empty, DATASET)
    others = replace(DATASET, instances=(an_instance(1, 30, 3, category_id=7), an_instance(2, 4, 3)))
    report = bring(empty, others)
    assert (report.instances_added, report.instances_met) == (2, 0)


def test_a_suggestion_that_the_file_has_by_another_outline_is_accepted_with_that(store, image):
    vote = Vote(Agreement.ONE, "second@1")
    store.set_suggestions(image.id, [replace(suggestion(2), vote=vote), suggestion(9)])
    offered, _ = store.instances(image.id)
    dataset = replace(DATASET, images=(an_image(image.id, "picture"),), instances=(an_instance(70, image.id, 3),))
    assert bring(store, dataset).instances_added == 1
    _, accepted = store.instances(image.id)
    assert (accepted.key, accepted.state, accepted.rle, accepted.edited) == (
        offered.key,
        State.ACCEPTED,
        block(3),
        True,
    )
    assert accepted.vote == vote


def aside(id, **more):
    """An annotation whose mask a tool lost."""
    return {"id": id, "image_id": 4, "category_id": 1, "segmentation": [], "area": 12, "iscrowd": 0, **more}


@pytest.mark.parametrize(
    ("lost", "on_conflict", "kept"),
    [
        (aside(77, bbox=[9, 2, 4, 3]), "skip", 0),
        (aside(77, bbox=[10, 3, 3, 3]), "replace", 0),
        (aside(77, bbox=[9, 2, 4, 3]), "add", 1),
        (aside(77, bbox=[9, 2, 4, 3], keypoints=[1, 2, 2]), "skip", 1),
        (aside(77, bbox=[9, 2, 4, 3]) | {"category_id": 7}, "skip", 1),
        (aside(77, bbox=[1, 2, 15, 9]), "skip", 1),
        (aside(77), "skip", 1),
    ],
)
def test_an_annotation_that_lost_its_mask_is_here_by_its_box_and_nothing_else_of_it_is_lost(
    empty, lost, on_conflict, kept
):
    mine = replace(DATASET, instances=(an_instance(5, 4, 14, category_id=7), an_instance(6, 4, 9)))
    bring(empty, mine)
    image = replace(an_image(4, "b.jpg"), extra={PROVENANCE: {WITHOUT_MASK: [lost]}})
    report = bring(empty, replace(mine, images=(image,), instances=()), on_conflict=on_conflict)
    assert len(without_mask(empty.image(4))) == kept
    assert report.notes == (
        ("1 annotation has no mask: it is kept aside and leaves with the next export",)
        if kept
        else ("1 annotation without a mask is already in the project, found by its box",)
    )
