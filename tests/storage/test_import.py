"""A dataset into a project: all of it or nothing, ids kept wherever they are free, and never twice."""

import json
from dataclasses import replace

import pytest

from annotator.core.dataset import (
    Category,
    State,
)
from annotator.core.errors import CocoError
from annotator.core.review import Change
from annotator.exchange import coco
from annotator.storage import instances
from annotator.storage.imports import Picture, files
from annotator.storage.store import Store
from tests.exchange.coco.test_writer import document
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture, import_dataset, suggestion
from tests.storage.imports import DATASET, HELMET, PERSON, an_image, an_instance, bring


def test_every_id_stays_in_an_empty_project(empty):
    report = bring(empty, DATASET)
    assert (report.images_added, report.instances_added, report.categories_added, report.notes) == (2, 3, 2, ())
    out = empty.dataset()
    assert out.categories == DATASET.categories
    assert [(one.id, one.file_name, one.reviewed) for one in out.images] == [(4, "b.jpg", True), (30, "a.jpg", True)]
    assert [(one.id, one.image_id, one.category_id, one.rle, one.source) for one in out.instances] == [
        (5, 4, 7, block(3), "import"),
        (6, 4, 1, block(9), "import"),
        (100, 30, 1, block(2), "import"),
    ]
    assert out.extra == DATASET.extra
    assert {decision.verb for decision in empty.decisions()} == {"import"}


def test_what_is_new_gets_ids_beyond_all_imported_ones(empty):
    bring(empty, DATASET)
    assert empty.add_category("vest").id == 91
    image = add_image(empty)
    assert image.id == 31
    empty.record(gesture(image, accept("n", rle=block())))
    assert empty.instances(image.id)[0].id == 101


def test_ones_own_export_comes_back_as_the_same_bytes(tmp_path, empty):
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document()))
    dataset = coco.read(path)
    bring(empty, dataset)
    first = coco.write(empty.dataset(), tmp_path / "1.json")
    again = coco.read(tmp_path / "1.json")
    assert bring(empty, again).instances_added == 0
    assert coco.write(empty.dataset(), tmp_path / "2.json").sha256 == first.sha256
    with Store.open(tmp_path / "other") as other:
        bring(other, again)
        assert coco.write(other.dataset(), tmp_path / "3.json").sha256 == first.sha256


def test_half_done_work_goes_on_elsewhere(tmp_path, store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(8)])
    first, second = store.instances(image.id)
    store.record(gesture(image, accept(first.key, rle=block(3)), verb="edit", seconds=3.0, reviewed=True))
    store.record(gesture(image, accept(second.key), number=1, revision=1))
    coco.write(store.dataset(), tmp_path / "out.json")
    with Store.open(tmp_path / "other") as other:
        dataset = coco.read(tmp_path / "out.json")
        import_dataset(other, dataset, {image.id: Picture(b"picture", WIDTH, HEIGHT)})
        edited, _ = other.instances(image.id)
        assert (edited.source, edited.score) == ("starter-person@1", 0.9)
        other.record(gesture(other.image(image.id), accept(edited.key, rle=block(4)), verb="edit", seconds=2.0))
        (again, untouched) = other.dataset().instances
        assert again.provenance["edits"] == 2
        assert again.provenance["seconds"] == 5.0
        assert again.provenance["decision"] == "edit"
        assert untouched.provenance["iou"] == 1.0


# --- conflicts -------------------------------------------------------------------------------------------------------


def test_a_category_is_found_by_its_name_whatever_its_number(store):
    store.add_category("helmet", id=500)
    dataset = replace(DATASET, categories=(Category(1, "helmet"), Category(7, "person"), Category(500, "vest")))
    dataset = replace(dataset, instances=(*dataset.instances, an_instance(8, 4, 1, category_id=500)))
    report = bring(store, dataset)
    names = {category.id: category.name for category in store.categories()}
    assert names == {1: "person", 500: "helmet", 501: "vest"}
    assert [names[one.category_id] for one in store.dataset().instances] == ["person", "helmet", "vest", "helmet"]
    assert len(report.notes) == 3


def test_a_known_category_learns_what_the_file_says_beyond_it(empty):
    empty.add_category("helmet", id=7)
    keypoints = Category(7, "helmet", "gear", {"keypoints": ["rim"]})
    bring(empty, replace(DATASET, categories=(PERSON, keypoints)))
    assert empty.categories()[1] == keypoints
    other = Category(7, "helmet", "hats", {"keypoints": [], "more": 1})
    bring(empty, replace(DATASET, categories=(PERSON, other)))
    assert empty.categories()[1] == Category(7, "helmet", "gear", {"keypoints": ["rim"], "more": 1})


def test_numbers_that_are_taken_move_and_are_reported(store, image):
    store.record(gesture(image, accept("n", rle=block())))
    dataset = replace(DATASET, images=(an_image(image.id, "z.jpg"),), instances=(an_instance(1, image.id, 5),))
    report = bring(store, dataset)
    assert [note.split(":")[0] for note in report.notes] == ["image 1 'z.jpg'", "annotation 1"]
    (mine,) = store.instances(image.id)
    assert (mine.id, mine.key) == (1, "n")
    other = store.queue()[1].image
    assert (other.id, other.file_name) == (2, "z.jpg")
    assert store.instances(other.id)[0].id == 2


def test_a_suggestion_gives_its_number_up(store, image):
    store.set_suggestions(image.id, [suggestion(2)])
    (offered,) = store.instances(image.id)
    dataset = replace(DATASET, images=(an_image(9, "z.jpg"),), instances=(an_instance(offered.id, 9, 5),))
    assert bring(store, dataset).notes == ()
    assert store.dataset().instances[0].id == offered.id
    (moved,) = store.instances(image.id)
    assert moved.key == offered.key
    assert moved.id > offered.id


def test_a_suggestion_that_the_file_holds_is_accepted_by_that(store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(9)])
    offered, _ = store.instances(image.id)
    dataset = replace(DATASET, images=(an_image(image.id, "picture"),), instances=(an_instance(70, image.id, 2),))
    bring(store, dataset)
    suggested, accepted = store.instances(image.id)
    assert (accepted.key, accepted.state, accepted.score, accepted.id) == (offered.key, State.ACCEPTED, 0.9, 70)
    assert suggested.state == State.SUGGESTED


def test_numbers_change_places_when_suggestions_hold_each_others(store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(9)])
    first, second = store.instances(image.id)
    dataset = replace(
        DATASET,
        images=(an_image(image.id, "picture"),),
        instances=(an_instance(second.id, image.id, 2), an_instance(first.id, image.id, 9)),
    )
    assert bring(store, dataset).notes == ()
    assert {one.key: one.id for one in store.instances(image.id)} == {first.key: second.id, second.key: first.id}
    assert {one.state for one in store.instances(image.id)} == {State.ACCEPTED}


# --- the same objects by another outline -----------------------------------------------------------------------------


def test_a_crowd_comes_in_and_is_told(empty):
    crowd = replace(DATASET, instances=(an_instance(1, 30, crowd=True), an_instance(2, 4)))
    assert bring(empty, crowd).crowds == 1
    assert [one.crowd for one in empty.dataset().instances] == [True, False]
    assert [one.crowd for one in empty.decisions()] == [True, False]


# --- names and numbers -----------------------------------------------------------------------------------------------


def test_category_names_stay_to_the_letter(empty):
    odd = replace(DATASET, categories=(PERSON, HELMET, Category(8, "vest"), Category(9, "vest ")))
    for _ in range(2):
        assert bring(empty, odd).notes == ()
        assert empty.categories() == odd.categories
    report = bring(empty, replace(odd, categories=(PERSON, Category(7, " helmet"), Category(10, "a\0b"))))
    assert report.notes == (
        "category 7 ' helmet': is called 'helmet' in the project",
        "category 10 'a\\x00b': is called 'a?b' in the project",
    )


def test_a_stale_tab_is_told_after_an_import(store, image):
    dataset = replace(DATASET, images=(an_image(image.id, "picture"),), instances=(an_instance(70, image.id),))
    bring(store, dataset)
    assert store.image(image.id).revision == 1


def test_an_imported_mask_that_is_edited_and_undone_is_not_edited(empty):
    bring(empty, DATASET)
    image = empty.image(30)
    (found,) = empty.instances(30)
    empty.record(gesture(image, accept(found.key, rle=block(9)), verb="edit"))
    assert empty.instances(30)[0].edited
    empty.record(gesture(image, Change(found.key, 1, State.ACCEPTED, block(2)), number=1, revision=2, verb="undo"))
    assert not empty.instances(30)[0].edited


# --- all or nothing --------------------------------------------------------------------------------------------------


def test_a_missing_picture_and_one_of_another_size_are_both_listed_and_nothing_comes_in(store):
    before = store.dataset(reviewed_only=False), store.categories()
    with pytest.raises(CocoError) as error:
        bring(store, DATASET, {4: Picture(b"b.jpg", WIDTH, HEIGHT + 1)})
    assert list(map(str, error.value.problems)) == [
        "image 30 'a.jpg': no picture was given for it",
        f"image 4 'b.jpg': the picture is {WIDTH} x {HEIGHT + 1}, the file says {WIDTH} x {HEIGHT}",
    ]
    assert (store.dataset(reviewed_only=False), store.categories()) == before


def test_a_picture_that_may_be_turned_by_its_orientation_is_told(store):
    with pytest.raises(CocoError) as error:
        bring(store, DATASET, {30: Picture(b"a.jpg", HEIGHT, WIDTH), 4: Picture(b"b.jpg", WIDTH, HEIGHT)})
    assert list(map(str, error.value.problems)) == [
        f"image 30 'a.jpg': the picture is {HEIGHT} x {WIDTH}, the file says {WIDTH} x {HEIGHT}; "
        "its EXIF orientation may turn it"
    ]


def test_an_image_that_would_get_more_masks_than_a_page_can_fetch_takes_none(store, monkeypatch):
    monkeypatch.setattr(instances, "MAX_IMAGE_MASKS", 2 * len(block().counts))
    many = replace(DATASET, instances=tuple(an_instance(id, 4, id) for id in range(1, 9)))
    with pytest.raises(CocoError, match=r"image \d+: masks of \d+ bytes, expected at most \d+$"):
        bring(store, many)
    assert (store.images(), store.decisions()) == ((), ())


def test_a_failure_half_way_takes_everything_back(store, monkeypatch):
    monkeypatch.setattr(files, "keep_top_level", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bring(store, DATASET)
    assert store.queue() == ()
    assert [category.name for category in store.categories()] == ["person"]


def test_a_picture_that_a_file_lists_twice_is_one_image(empty):
    twice = replace(
        DATASET,
        images=(an_image(30, "a.jpg"), an_image(31, "copy of a.jpg"), an_image(4, "b.jpg")),
        instances=(an_instance(1, 30), an_instance(2, 31), an_instance(3, 31, 9), an_instance(4, 4)),
    )
    report = bring(empty, twice, {id: Picture(b"b" if id == 4 else b"a", WIDTH, HEIGHT) for id in (30, 31, 4)})
    assert (report.images_added, report.images_known) == (2, 1)
    assert [(one.id, one.image_id) for one in empty.dataset().instances] == [(1, 30), (3, 30), (4, 4)]
    assert (report.instances_added, report.instances_known) == (3, 1)
    assert empty.image(30).revision == 1


# --- what is not ours ------------------------------------------------------------------------------------------------


def test_annotations_without_a_mask_follow_their_image_and_category(tmp_path, store):
    store.add_category("thing", id=44)
    add_image(store)  # takes number 1
    found = document()
    found["images"][1]["id"] = 1
    for annotation in found["annotations"]:
        if annotation["image_id"] == 5:
            annotation["image_id"] = 1
    found["annotations"][3]["category_id"] = 0
    report = bring(store, coco.coco_to_dataset(found))
    assert any("3 annotations have no mask" in note for note in report.notes)
    out = coco.dataset_to_coco(store.dataset())
    image = next(one for one in out["images"] if one["file_name"] == "a.jpg")
    carried = {one["id"]: one for one in out["annotations"] if not one.get("segmentation") or one["id"] == 43}
    assert set(carried) == {41, 42, 43}
    assert {one["image_id"] for one in carried.values()} == {image["id"]}
    assert carried[41]["category_id"] == 44
    assert carried[41]["keypoints"] == [1, 2, 2]


def test_top_level_keys_of_several_files_are_merged(empty):
    bring(empty, replace(DATASET, extra={"licenses": [{"id": 1}], "info": {"a": 1}}))
    second = replace(DATASET, extra={"licenses": [{"id": 1}, {"id": 2}], "info": {"b": 2}, "more": 5})
    report = bring(empty, second)
    assert empty.dataset().extra == {"licenses": [{"id": 1}, {"id": 2}], "info": {"a": 1}, "more": 5}
    assert report.notes == ("info: kept as an earlier import had it",)
