"""What was said to a network is kept with the instance, each prompt with the heatmap of its mask."""

import json
import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from annotator.core.dataset import PROVENANCE, State, Suggestion
from annotator.core.errors import ArchiveError, GestureError
from annotator.core.heatmap import Heatmap
from annotator.core.prompt import Point, Prompt, Prompted
from annotator.core.review import Change
from annotator.exchange import coco
from annotator.storage.archive import pack_project, unpack_project
from annotator.storage.store import Store
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture, suggestion

BY = "starter-click@0123456789ab"
FIRST = Prompted(Prompt((Point(4, 3),)), BY)
SECOND = Prompted(Prompt((Point(4, 3), Point(9.5, 3, belongs=False)), (1.0, 1.0, 8.0, 7.0)), BY)


def cone(left=2):
    """Highest in the middle: each level gives another mask."""
    y, x = np.mgrid[:9, :9] - 4
    return Heatmap((100 - 12 * np.hypot(x, y)).astype(np.uint8), left, 1, 14, 10)


def made_by(prompted, heatmap, *, level=None, key="one", **more):
    rle = heatmap.at(level or 50, height=HEIGHT, width=WIDTH)
    return Change(key, 1, State.ACCEPTED, rle=rle, level=level, prompted=prompted, heatmap=heatmap, **more)


def lefts(store, image, *keys):
    return [store.heatmap(image.id, key).left for key in keys]


@pytest.fixture
def repaired(store):
    """A suggestion with a heatmap of its own, repaired twice by clicks."""
    image = add_image(store)
    store.set_suggestions(image.id, [Suggestion(1, 0.9, suggestion().rle, "starter-person@1", cone(2))])
    (one,) = store.instances(image.id)
    store.record(gesture(image, made_by(FIRST, cone(3), key=one.key), verb="edit"))
    store.record(gesture(image, made_by(SECOND, cone(4), key=one.key), verb="edit", number=1, revision=1))
    return store.image(image.id), one


def test_points_stay_with_the_instance_and_a_gesture_that_is_silent_leaves_them(store, image):
    store.record(gesture(image, made_by(SECOND, cone()), verb="add"))
    store.record(gesture(image, Change("one", 1, State.REJECTED), number=1, revision=1))
    (one,) = store.instances(image.id)
    assert (one.prompted, one.source) == (SECOND, "manual")
    assert [decision.prompted for decision in store.decisions()] == [SECOND, SECOND]


def test_each_prompt_has_its_heatmap_and_an_undo_finds_the_one_before(store, repaired):
    image, one = repaired
    assert lefts(store, image, one.key) == [4]
    back = made_by(FIRST, cone(3), key=one.key)
    store.record(gesture(image, replace(back, heatmap=None), verb="undo", number=2, revision=2))
    assert store.instances(image.id)[0].prompted == FIRST
    assert lefts(store, image, one.key) == [3]
    first = Change(one.key, 1, State.SUGGESTED, rle=one.rle, prompted=Prompted())
    store.record(gesture(image, first, verb="undo", number=3, revision=3))
    assert store.instances(image.id) == (one,)
    assert lefts(store, image, one.key) == [2]
    assert store.heatmap(image.id, one.key).half == one.rle


def test_a_level_is_that_of_the_prompts_own_heatmap(store, repaired):
    image, one = repaired
    moved = made_by(None, cone(4), key=one.key, level=30)
    store.record(gesture(image, replace(moved, heatmap=None), verb="edit", number=2, revision=2))
    assert store.decisions()[-1].level == 30
    assert store.instances(image.id)[0].prompted == SECOND
    wrong = made_by(None, cone(2), key=one.key, level=30)
    with pytest.raises(GestureError, match="the mask is not its heatmap at level"):
        store.record(gesture(image, replace(wrong, heatmap=None), verb="edit", number=3, revision=3))


def test_a_redo_that_brings_level_and_prompt_together_is_kept_whole(store, image):
    store.record(gesture(image, made_by(FIRST, cone(3), level=40), verb="redo"))
    assert store.decisions()[-1].level == 40
    assert lefts(store, image, "one") == [3]


def test_a_prompt_outside_the_picture_is_refused(store, image):
    outside = Prompted(Prompt((Point(WIDTH + 1, 3),)), BY)
    with pytest.raises(GestureError, match=r"instance one: points\[0\] \[21, 3\] lies outside"):
        store.record(gesture(image, accept("one", rle=block(), prompted=outside)))


def test_an_export_says_which_network_it_was_and_how_many_points(store, image, tmp_path):
    store.record(gesture(image, made_by(SECOND, cone()), verb="add", reviewed=True))
    coco.write(store.dataset(), tmp_path / "instances.json")
    (row,) = json.loads((tmp_path / "instances.json").read_text())["annotations"]
    assert row[PROVENANCE]["prompt"] == {"by": BY, "points": 2, "box": True}


@pytest.mark.sqlite
def test_an_archive_brings_points_and_heatmaps_along_and_refuses_what_no_project_wrote(store, repaired, tmp_path):
    image, one = repaired
    pack_project(store, tmp_path / "packed.zip")
    unpack_project(tmp_path / "packed.zip", tmp_path / "whole")
    with Store.open(tmp_path / "whole") as whole:
        assert whole.instances(image.id)[0].prompted == SECOND
        assert lefts(whole, image, one.key) == [4]
    for text in ("[]", '{"by": "x"}', "nothing", '{"by": "a@0", "points": [[1, 2]]}'):
        with sqlite3.connect(store.folder / "project.db") as database:
            database.execute("UPDATE instances SET prompt = ?", (text,))
        pack_project(store, tmp_path / "packed.zip")
        with pytest.raises(ArchiveError, match="not one that a project wrote"):
            unpack_project(tmp_path / "packed.zip", tmp_path / "broken")
