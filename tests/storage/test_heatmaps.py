"""Heatmaps: kept with the suggestion, gone with the instance, and what a change may say about its level."""

import sqlite3

import numpy as np
import pytest

from annotator.core.dataset import State, Suggestion
from annotator.core.errors import GestureError
from annotator.core.heatmap import Heatmap
from annotator.core.review import Change
from annotator.storage import schema
from annotator.storage.archive import pack_project, unpack_project
from annotator.storage.store import Store
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture, suggestion


def cone():
    """Highest in the middle: each level gives another mask."""
    y, x = np.mgrid[:9, :9] - 4
    return Heatmap((100 - 12 * np.hypot(x, y)).astype(np.uint8), 2, 1, 14, 10)


def offered(store, image, *, heatmap=None):
    """The instance of one suggestion with a heatmap."""
    plain = suggestion()
    store.set_suggestions(image.id, [Suggestion(1, 0.9, plain.rle, plain.source, heatmap or cone())])
    return store.instances(image.id)[0]


def at_level(key, level, *, by=None):
    rle = (by or cone()).at(level, height=HEIGHT, width=WIDTH)
    return Change(key, 1, State.ACCEPTED, rle=rle, level=level)


def kept(store):
    with store._database.read() as connection:
        return set(connection.exec_driver_sql("SELECT key FROM heatmaps").scalars())


def test_a_heatmap_is_kept_with_its_suggestion(store, image):
    one = offered(store, image)
    found = store.heatmap(image.id, one.key)
    assert np.array_equal(found.values, cone().values)
    assert found.region == cone().region
    assert found.half == one.rle
    assert store.heatmap(image.id, "unknown") is None
    assert store.heatmap(add_image(store, b"other").id, one.key) is None


def test_new_suggestions_take_the_place_of_untouched_heatmaps_only(store, image):
    decided = offered(store, image)
    store.record(gesture(image, accept(decided.key)))
    for _ in range(2):
        offered(store, image)
    (fresh,) = store.instances(image.id, states=[State.SUGGESTED])
    assert kept(store) == {decided.key, fresh.key}


def test_emptying_the_bin_deletes_heatmaps(store, image):
    offered(store, image)
    store.remove_image(image.id)
    assert kept(store)
    store.empty_bin()
    assert not kept(store)


def test_a_level_is_recorded(store, image):
    one = offered(store, image)
    store.record(gesture(image, at_level(one.key, 30), verb="edit"))
    (after,) = store.instances(image.id)
    assert after.rle == cone().at(30, height=HEIGHT, width=WIDTH)
    assert (after.state, after.edited, after.source) == (State.ACCEPTED, True, one.source)
    assert [(decision.verb, decision.level) for decision in store.decisions()] == [("edit", 30)]


def test_the_level_of_a_half_is_the_suggestion_again(store, image):
    one = offered(store, image)
    change = Change(one.key, 1, State.ACCEPTED, rle=one.rle, level=50)
    store.record(gesture(image, change, verb="edit"))
    assert not store.instances(image.id)[0].edited


def test_a_mask_that_the_level_does_not_give_is_refused(store, image):
    one = offered(store, image)
    wrong = Change(one.key, 1, State.ACCEPTED, rle=block(), level=30)
    with pytest.raises(GestureError, match=r"the mask is not its heatmap at level 0\.30"):
        store.record(gesture(image, wrong, verb="edit"))
    assert store.instances(image.id) == (one,)


@pytest.mark.parametrize("level", [0, 100, -1, 50.0, True, "50"])
def test_a_level_that_is_none_is_refused(store, image, level):
    one = offered(store, image)
    with pytest.raises(GestureError, match="expected 1 to 99 hundredths"):
        store.record(gesture(image, Change(one.key, 1, State.ACCEPTED, rle=block(), level=level)))


def test_a_level_needs_the_mask_that_it_made(store, image):
    one = offered(store, image)
    with pytest.raises(GestureError, match="expected beside the rle"):
        store.record(gesture(image, Change(one.key, 1, State.ACCEPTED, level=50)))


def test_a_level_of_a_heatmap_that_is_gone_stays_as_a_mask(store, image):
    one = offered(store, image)
    offered(store, image)  # pre-labelled again, before the gesture arrived
    store.record(gesture(image, at_level(one.key, 30), verb="edit"))
    after = next(found for found in store.instances(image.id) if found.key == one.key)
    assert after.rle == cone().at(30, height=HEIGHT, width=WIDTH)
    assert store.decisions()[-1].level is None


def test_a_new_instance_brings_its_heatmap(store, image):
    mask = cone().at(50, height=HEIGHT, width=WIDTH)
    drawn = Change("drawn", 1, State.ACCEPTED, rle=mask, heatmap=cone())
    store.record(gesture(image, drawn, verb="add"))
    assert store.heatmap(image.id, "drawn").half is None
    store.record(gesture(image, at_level("drawn", 70), verb="edit", number=1, revision=1))
    assert store.decisions()[-1].level == 70


def test_what_is_kept_is_not_replaced_by_what_a_gesture_brings(store, image):
    one = offered(store, image)
    other = Heatmap(np.full((4, 4), 90, np.uint8), 0, 0, 9, 9)
    store.record(gesture(image, Change(one.key, 1, State.ACCEPTED, rle=block(), heatmap=other)))
    assert np.array_equal(store.heatmap(image.id, one.key).values, cone().values)


def test_heatmaps_travel_with_the_project(store, image, tmp_path):
    one = offered(store, image)
    pack_project(store, tmp_path / "project.zip")
    unpack_project(tmp_path / "project.zip", tmp_path / "opened")
    with Store.open(tmp_path / "opened") as opened:
        assert np.array_equal(opened.heatmap(image.id, one.key).values, cone().values)


@pytest.mark.sqlite
def test_a_project_from_before_heatmaps_opens_and_takes_levels(tmp_path):
    with sqlite3.connect(tmp_path / "project.db") as database:
        for statement in schema.MIGRATIONS["0001_first"]:
            database.execute(statement)
        database.execute("INSERT INTO migrations VALUES ('0001_first', 'then')")
        database.execute("INSERT INTO categories (id, name) VALUES (1, 'person')")
        database.execute(
            "INSERT INTO images (sha256, file_name, width, height, added_at) VALUES (?, 'a.jpg', ?, ?, 'then')",
            ("0" * 64, WIDTH, HEIGHT),
        )
        database.execute(
            "INSERT INTO gestures (image_id, client, number, digest, verb, who, at, revision_before, revision_after) "
            "VALUES (1, 'tab', 0, '', 'add', 'me', 'then', 0, 1)"
        )
        database.execute(
            "INSERT INTO decisions (gesture_id, key, state, category_id, rle, source) "
            "VALUES (1, 'old', 'accepted', 1, ?, 'manual')",
            (block().counts,),
        )
    database.close()
    with Store.open(tmp_path) as store:
        assert [decision.level for decision in store.decisions()] == [None]
        image = store.image(1)
        assert store.heatmap(1, "old") is None
        one = offered(store, image)
        store.record(gesture(image, at_level(one.key, 40), number=1, verb="edit"))
        assert store.decisions()[-1].level == 40
