"""Flags, notes and locks: one decision each, kept, searched, exported under our key and back by an import."""

import json

import pytest

from annotator.core.dataset import State
from annotator.core.errors import GestureError
from annotator.core.query import parse
from annotator.core.review import Change, Gesture
from annotator.exchange import coco
from annotator.storage.archive import pack_project, unpack_project
from annotator.storage.imports import Arrival, Picture
from annotator.storage.search import Search
from annotator.storage.store import Store
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture

SAID = {"flags": ("truncated", "头", "truncated"), "note": "left <b>wing</b>\nis cut", "locked": True}


@pytest.fixture
def said(store):
    """A picture with a note and two instances, one of them flagged."""
    image = add_image(store)
    changes = (accept("one", rle=block(), **SAID), accept("two", rle=block(8)))
    store.record(gesture(image, *changes, verb="flag", reviewed=True, note="ask Anna"))
    return store.image(image.id)


def told(store, image):
    return {one.key: (one.flags, one.note, one.locked) for one in store.instances(image.id)}


def test_flags_are_a_sorted_set_and_stay_where_a_gesture_leaves_them_out(store, said):
    expected = {"one": (("truncated", "头"), "left <b>wing</b>\nis cut", True), "two": ((), "", False)}
    assert told(store, said) == expected
    store.record(gesture(said, Change("one", 1, State.REJECTED), number=1))
    assert told(store, said) == expected
    assert store.image(said.id).note == "ask Anna"


def test_each_is_one_decision_that_the_history_keeps_and_an_undo_takes_back(store, said):
    back = Change("one", 1, State.ACCEPTED, flags=(), note="", locked=False)
    store.record(gesture(said, back, verb="undo", number=1, note=""))
    assert told(store, said)["one"] == ((), "", False)
    assert store.image(said.id).note == ""
    assert [(one.verb, one.flags, one.note, one.locked) for one in store.decisions() if one.key == "one"] == [
        ("flag", ("truncated", "头"), "left <b>wing</b>\nis cut", True),
        ("undo", (), "", False),
    ]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"flags": ("",)}, "flags: expected at most 20 printable texts of 1 to 60 characters"),
        ({"flags": ("a" * 61,)}, "flags: expected at most 20"),
        ({"flags": (" a",)}, "flags: expected at most 20"),
        ({"flags": ("a\nb",)}, "flags: expected at most 20"),
        ({"flags": tuple(map(str, range(21)))}, "flags: expected at most 20"),
        ({"note": "n" * 2001}, "note: expected at most 2000 characters"),
        ({"note": "\x1b[31m"}, "note: expected at most 2000 characters"),
    ],
)
def test_what_cannot_be_said_is_refused_in_one_line(store, more, line):
    image = add_image(store)
    with pytest.raises(GestureError) as refused:
        store.record(gesture(image, accept("one", rle=block(), **more)))
    assert line in str(refused.value)
    assert store.decisions() == ()


def test_a_gesture_from_before_there_were_flags_keeps_its_number_and_its_answer(store):
    image = add_image(store)
    old = Gesture(image.id, "tab", 7, 0, "accept", "me", (accept("one", rle=block()),))
    assert store.record(old) == store.record(old) == 1


def test_the_same_number_with_other_flags_is_another_gesture(store):
    image = add_image(store)
    store.record(gesture(image, accept("one", rle=block())))
    with pytest.raises(GestureError, match="used for another gesture"):
        store.record(gesture(image, accept("one", rle=block(), flags=("occluded",))))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("flag:truncated", True),
        ("flag:头", True),
        ("flag:locked", True),
        ("flag:occluded", False),
        ("flag:trunc", False),
        ("flag:", True),
        ("note:anna", True),
        ("note:wing", True),
        ("note:", True),
        ("note:nobody", False),
        ("-note:", False),
    ],
)
def test_pictures_are_found_by_flags_and_notes(store, said, query, found):
    store.add_image(b"other", file_name="other.jpg", width=WIDTH, height=HEIGHT)
    ids = store.worklist.ids(Search(parse(query)))
    assert (said.id in ids) is found


def test_an_export_says_them_under_our_key_and_an_import_brings_them_back(tmp_path, store, said):
    coco.write(store.dataset(), tmp_path / "instances.json")
    document = json.loads((tmp_path / "instances.json").read_text())
    assert document["images"][0]["annotator"] == {"note": "ask Anna"}
    ours = document["annotations"][0]["annotator"]
    assert (ours["flags"], ours["note"], ours["locked"]) == (["truncated", "头"], "left <b>wing</b>\nis cut", True)
    assert not {"flags", "note", "locked"} & set(document["annotations"][1]["annotator"])
    found = coco.read(tmp_path / "instances.json")
    with Store.open(tmp_path / "other") as other:
        other.import_files([Arrival("", found, {said.id: Picture(b"picture", WIDTH, HEIGHT)})])
        (image,) = other.images()
        assert image.note == "ask Anna"
        assert sorted(told(other, image).values()) == sorted(told(store, said).values())
        coco.write(other.dataset(), tmp_path / "again.json")
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["annotations"][0]["annotator"]["flags"] == ["truncated", "头"]


def test_a_flag_of_a_picture_goes_to_an_export_and_comes_back_beside_those_that_are_there(tmp_path, store, said):
    assert store.worklist.flag([said.id, 99], "blurred", True, who="me") == [said.id]
    coco.write(store.dataset(), tmp_path / "instances.json")
    document = json.loads((tmp_path / "instances.json").read_text())
    assert document["images"][0]["annotator"] == {"flags": ["blurred"], "note": "ask Anna"}
    store.worklist.flag([said.id], "blurred", False, who="me")
    store.worklist.flag([said.id], "头", True, who="me")
    found = coco.read(tmp_path / "instances.json")
    store.import_files([Arrival("", found, {said.id: Picture(b"picture", WIDTH, HEIGHT)})])
    assert store.image(said.id).flags == ("blurred", "头")


def test_an_export_without_our_key_says_nothing_of_them(tmp_path, store, said):
    coco.write(store.dataset(), tmp_path / "instances.json", provenance=False)
    assert '"annotator":' not in (tmp_path / "instances.json").read_text()


def test_what_stands_under_our_key_and_cannot_be_ours_is_passed_over(tmp_path, store, said):
    coco.write(store.dataset(), tmp_path / "instances.json")
    document = json.loads((tmp_path / "instances.json").read_text())
    document["annotations"][0]["annotator"] |= {"flags": ["good", "", 7, "x" * 61], "note": 7, "locked": "yes"}
    document["images"][0]["annotator"] = {"note": ["a"], "flags": "good"}
    (tmp_path / "odd.json").write_text(json.dumps(document))
    found = coco.read(tmp_path / "odd.json")
    assert (found.instances[0].flags, found.instances[0].note, found.instances[0].locked) == (("good",), "", False)
    assert (found.images[0].note, found.images[0].flags) == ("", ())


def test_an_archive_carries_them(tmp_path, store, said):
    pack_project(store, tmp_path / "project.zip")
    unpack_project(tmp_path / "project.zip", tmp_path / "other")
    with Store.open(tmp_path / "other") as other:
        assert told(other, other.images()[0]) == told(store, said)
        assert other.images()[0].note == "ask Anna"
