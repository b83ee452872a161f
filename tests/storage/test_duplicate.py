"""A duplicate has the pictures and the pre-labels, and nothing that anybody decided."""

import os

import numpy as np
import pytest

from annotator.core.dataset import State, Suggestion
from annotator.core.errors import StoreError
from annotator.core.masks import mask_to_rle
from annotator.core.review import Change, Gesture
from annotator.core.settings import NAME, THRESHOLD
from annotator.storage import duplicate as duplicating
from annotator.storage.duplicate import duplicate, size_of_copy
from annotator.storage.store import Store
from tests.conftest import picture


def suggestion(left, score):
    mask = np.zeros((48, 64), bool)
    mask[10:30, left : left + 10] = True
    return Suggestion(1, score, mask_to_rle(mask), "known@1")


@pytest.fixture
def decided(tmp_path):
    """Three pictures, one in the bin; of three suggestions one is accepted, one rejected; one was drawn."""
    with Store.open(tmp_path / "first") as store:
        store.add_category("person")
        store.add_category("helmet")
        images = [
            store.add_image(picture(seed=seed), file_name=f"{seed}.png", width=64, height=48) for seed in range(3)
        ]
        store.remove_image(images[2].id)
        store.set_suggestions(images[0].id, [suggestion(0, 0.9), suggestion(20, 0.6), suggestion(40, 0.3)])
        first, second, _ = store.instances(images[0].id)
        drawn = suggestion(50, 0.1).rle
        changes = (
            Change(first.key, 91, State.ACCEPTED),
            Change(second.key, 1, State.REJECTED),
            Change("mine", 1, State.ACCEPTED, rle=drawn),
        )
        gesture = Gesture(images[0].id, "tab", 1, 0, "edit", "me", changes, reviewed=True)
        store.record(gesture)
        store.set_setting(THRESHOLD, 0.4)
        store.set_setting(NAME, "First")
        yield store


def test_a_duplicate_says_how_far_it_is_and_can_be_stopped(decided, tmp_path):
    told = []
    duplicate(decided, tmp_path / "second", name="Second", progress=lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        duplicate(decided, tmp_path / "third", name="Third", progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir() if "third" in path.name) == []


def test_a_duplicate_has_pictures_and_prelabels_and_no_decision(decided, tmp_path):
    duplicate(decided, tmp_path / "second", name="Second")
    with Store.open(tmp_path / "second") as copy:
        assert [row.image.file_name for row in copy.queue()] == ["0.png", "1.png"]
        assert [image.reviewed for image in copy.images()] == [False, False]
        assert [image.revision for image in copy.images()] == [0, 0]
        assert copy.bin() == ()
        offered = copy.instances(1)
        assert [(one.state, one.category_id, one.score) for one in offered] == [
            (State.SUGGESTED, 1, 0.9),
            (State.SUGGESTED, 1, 0.6),
            (State.SUGGESTED, 1, 0.3),
        ]
        assert [one.rle for one in offered] == [suggestion(left, 0.5).rle for left in (0, 20, 40)]
        assert copy.decisions() == ()
        assert [category.name for category in copy.categories()] == ["person", "helmet"]
        assert (copy.setting(NAME), copy.setting(THRESHOLD)) == ("Second", 0.4)
        assert copy.key != decided.key
        for image in copy.images():
            assert copy.content(image) == decided.content(image)
        changed = Change(offered[0].key, 1, State.ACCEPTED)
        copy.record(Gesture(1, "tab", 1, 0, "accept", "me", (changed,)))
    assert len(decided.decisions()) == 3
    assert [one.state for one in decided.instances(1)].count(State.SUGGESTED) == 1


def test_a_suggestion_is_of_what_its_category_was_merged_into_and_stays_behind_where_that_is_gone(decided, tmp_path):
    decided.category_manager.merge(1, into=91, who="me")
    duplicate(decided, tmp_path / "second", name="Second")
    decided.category_manager.remove(91, who="me")
    duplicate(decided, tmp_path / "third", name="Third")
    with Store.open(tmp_path / "second") as second, Store.open(tmp_path / "third") as third:
        assert [one.category_id for one in second.instances(1)] == [91, 91, 91]
        assert [category.name for category in second.categories()] == ["helmet"]
        assert third.instances(1) == ()
        assert third.categories() == ()


def test_emptying_the_bin_of_one_leaves_the_pictures_of_the_other(decided, tmp_path):
    duplicate(decided, tmp_path / "second", name="Second")
    content = decided.content(decided.images()[0])
    decided.remove_images()
    decided.empty_bin()
    with Store.open(tmp_path / "second") as copy:
        assert copy.content(copy.images()[0]) == content


def test_a_disk_that_knows_no_links_gets_copies(decided, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(duplicating.os, "link", refuse)
    duplicate(decided, tmp_path / "second", name="Second")
    with Store.open(tmp_path / "second") as copy:
        assert [copy.content(image) for image in copy.images()] == [
            decided.content(image) for image in decided.images()
        ]
    assert size_of_copy(decided) >= sum(path.stat().st_size for path in (tmp_path / "second" / "images").glob("??/*"))


def test_on_a_full_disk_nothing_is_left(decided, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(duplicating.os, "link", full)
    monkeypatch.setattr(duplicating.shutil, "copyfile", full)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(StoreError, match="cannot be duplicated: No space left on device; nothing was changed"):
        duplicate(decided, tmp_path / "second", name="Second")
    assert sorted(os.listdir(tmp_path)) == before


def test_a_folder_that_is_there_stays_as_it_is(decided, tmp_path):
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        duplicate(decided, tmp_path / "second", name="Second")
    assert os.listdir(tmp_path / "second") == ["mine.txt"]
