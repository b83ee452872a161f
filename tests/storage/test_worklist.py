"""The queue as a list to work from: a stretch of it, what it counts, and what is done to many pictures at once."""

import pytest

from annotator.core.dataset import State
from annotator.core.errors import StaleRevisionError
from annotator.core.limits import MAX_FLAGS
from annotator.core.query import parse
from annotator.core.review import Change
from annotator.core.settings import THRESHOLD
from annotator.storage.search import Search, Sort
from annotator.storage.store import Store
from tests.storage.builders import add_image, gesture, suggestion


@pytest.fixture
def images(store):
    return [add_image(store, f"{number}".encode(), f"{number}.jpg") for number in range(1, 6)]


def reviewed(store):
    return [image.id for image in store.images() if image.reviewed]


def test_a_stretch_has_its_rows_in_the_order_that_was_asked_for(store, images):
    store.set_suggestions(2, [suggestion(1), suggestion(7)])
    rows = store.worklist.rows([4, 2, 99, 1])
    assert [(row.image.id, row.suggested) for row in rows] == [(4, 0), (2, 2), (1, 0)]
    assert rows[1:2] == store.queue()[1:2]
    assert store.worklist.rows([]) == ()


def test_a_version_is_another_one_after_whatever_anybody_stores(store, images):
    versions = [store.worklist.version()]

    def changed():
        versions.append(store.worklist.version())
        return versions[-1] != versions[-2]

    assert not changed()
    store.set_suggestions(1, [suggestion(1)])
    assert changed()
    with Store.open(store.folder) as other:
        if (store.folder / "project.db").is_file():  # a server counts for all
            assert other.worklist.version() not in versions
        other.remove_image(2)
    assert changed()
    store.worklist.ids(Search())
    assert not changed()


def test_a_flag_is_given_once_and_taken_back_and_a_page_that_did_not_know_is_told(store, images):
    store.remove_image(5)
    late = gesture(images[0], verb="review", reviewed=True)
    assert store.worklist.flag([3, 1, 5, 99, 3], "blurred", True, who="me") == [3, 1]
    assert store.worklist.flag([1, 2], "blurred", True, who="me") == [2]
    assert store.worklist.flag([1], "a", True, who="me") == [1]
    assert [image.flags for image in store.images()] == [("a", "blurred"), ("blurred",), ("blurred",), ()]
    assert store.worklist.flag([1, 2, 3, 4], "blurred", False, who="me") == [1, 2, 3]
    assert [image.flags for image in store.images()] == [("a",), (), (), ()]
    with pytest.raises(StaleRevisionError):
        store.record(late)


def test_a_picture_has_no_more_flags_than_an_instance(store, images):
    for number in range(MAX_FLAGS):
        assert store.worklist.flag([1], f"{number}", True, who="me") == [1]
    assert store.worklist.flag([1, 2], "one more", True, who="me") == [2]


def test_a_failure_stands_until_the_picture_is_pre_labelled(store, images):
    store.worklist.note_failures({1: "cannot be decoded", 2: "no room"})
    store.worklist.note_failures({2: "the network fails"})
    with Store.open(store.folder) as other:
        assert other.worklist.ids(Search(parse("state:failed"))) == [1, 2]
        assert [row.failure for row in other.worklist.rows([1, 2, 3])] == ["cannot be decoded", "the network fails", ""]
        other.set_suggestions(1, [])
    assert store.worklist.ids(Search(parse("state:failed"))) == [2]


def test_what_is_marked_reviewed_is_so_once_and_can_be_taken_back(store, images):
    store.remove_image(5)
    store.record(gesture(images[1], verb="review", reviewed=True))
    assert store.worklist.missing([3, 2, 5, 99, 99, 1]) == [5, 99]
    assert store.worklist.mark_reviewed([3, 2, 5, 99, 3, 1], True, who="me") == [3, 1]
    assert reviewed(store) == [1, 2, 3]
    assert store.worklist.counts() == (4, 3)
    assert store.worklist.mark_reviewed([1, 3], False, who="me") == [1, 3]
    assert reviewed(store) == [2]
    assert store.worklist.mark_reviewed([], True, who="me") == []


def test_a_gesture_made_before_a_picture_was_marked_is_stale(store, images):
    store.worklist.mark_reviewed([1], True, who="me")
    with pytest.raises(StaleRevisionError):
        store.record(gesture(images[0], verb="review", reviewed=False))
    store.record(gesture(store.image(1), verb="review", reviewed=False))
    assert reviewed(store) == []


def test_pictures_that_were_marked_count_as_changed_then(store, images):
    store.worklist.mark_reviewed([4, 2], True, who="me")
    assert store.worklist.ids(Search(parse("changed:export"), sort=Sort.CHANGED)) == [2, 4]


def test_many_pictures_go_into_the_bin_at_once(store, images):
    assert store.worklist.remove([4, 1, 99, 4]) == [4, 1]
    assert store.worklist.remove([4]) == []
    assert [image.id for image in store.bin()] == [1, 4]
    assert store.worklist.counts() == (3, 0)


def test_what_a_reviewed_picture_holds_undecided_is_counted_from_the_threshold_on(store, images):
    for image_id in (1, 2, 3):
        store.set_suggestions(image_id, [suggestion(1, score=0.9), suggestion(7, score=0.5), suggestion(12, score=0.4)])
    keys = [one.key for one in store.instances(2)]
    accept = [Change(key, 1, State.ACCEPTED) for key in keys[:2]]
    store.record(gesture(store.image(2), *accept, reviewed=True, number=1))
    store.worklist.mark_reviewed([1], True, who="me")
    assert store.worklist.undecided(0.5) == (1, 2)
    assert store.worklist.undecided(0.3) == (2, 4)
    assert store.worklist.undecided(0.3, parse("#2..")) == (1, 1)
    assert store.worklist.undecided(0.95) == (0, 0)


def test_names_of_an_older_project_are_ordered_when_it_is_opened(store, tmp_path):
    for number in (10, 9):
        add_image(store, f"n{number}".encode(), f"n{number}.jpg")
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE images SET name_order = ''")
    with Store.open(store.folder) as again:
        assert again.worklist.ids(Search(sort=Sort.NAME)) == [2, 1]


def test_only_what_fits_is_in_the_dataset(store, images):
    store.set_setting(THRESHOLD, 0.5)
    for image_id in (1, 2):
        store.set_suggestions(image_id, [suggestion(1)])
        (key,) = [one.key for one in store.instances(image_id)]
        store.record(gesture(store.image(image_id), Change(key, 1, State.ACCEPTED), number=image_id, reviewed=True))
    dataset = store.dataset(only=Search(parse("#2..")))
    assert [image.id for image in dataset.images] == [2]
    assert [one.image_id for one in dataset.instances] == [2]
