"""What leaves in an export, with how each instance came to be."""

from dataclasses import replace

import pytest

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Image, without_mask
from annotator.storage import datasets
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, suggestion


def test_a_dataset_holds_what_was_accepted_on_reviewed_images(store, image):
    other = add_image(store, b"other")
    store.set_suggestions(image.id, [suggestion(1), suggestion(5)])
    first, _ = store.instances(image.id)
    store.record(gesture(image, accept(first.key), reviewed=True, seconds=3.0))
    store.record(gesture(other, accept("n", rle=block()), number=1, verb="add"))
    dataset = store.dataset()
    assert [one.id for one in dataset.images] == [image.id]
    (kept,) = dataset.instances
    assert kept.provenance == {
        "source": "starter-person@1",
        "model": "starter-person",
        "version": "1",
        "score": 0.9,
        "decision": "accept",
        "edits": 0,
        "iou": 1.0,
        "seconds": 3.0,
    }
    everything = store.dataset(reviewed_only=False)
    assert [one.id for one in everything.images] == [image.id, other.id]
    assert everything.instances[1].provenance == {"source": "manual", "decision": "add", "edits": 0}


def test_provenance_tells_how_far_an_edit_went(store, image):
    store.set_suggestions(image.id, [suggestion(2)])
    (offered,) = store.instances(image.id)
    store.record(gesture(image, accept(offered.key, rle=block(2, w=2)), verb="edit", reviewed=True, seconds=4.0))
    store.record(gesture(image, accept(offered.key), number=1, revision=1, seconds=1.5))
    (kept,) = store.dataset().instances
    assert (kept.provenance["decision"], kept.provenance["edits"], kept.provenance["iou"]) == ("edit", 1, 0.5)
    assert kept.provenance["seconds"] == 5.5


def test_what_a_gesture_changed_shares_its_seconds(store, image):
    changes = [accept(key, rle=block(x)) for key, x in (("a", 1), ("b", 5), ("c", 9))]
    store.record(gesture(image, *changes, verb="add", reviewed=True, seconds=6.0))
    store.record(gesture(image, changes[0], number=1, revision=1, verb="edit", seconds=1.0))
    assert [one.provenance["seconds"] for one in store.dataset().instances] == [3.0, 2.0, 2.0]


def accepted_on(store, count):
    """So many reviewed images with an accepted instance each."""
    images = [add_image(store, f"{number}".encode(), f"{number}.jpg") for number in range(count)]
    for image in images:
        store.record(gesture(image, accept(f"k{image.id}", rle=block()), number=image.id, reviewed=True))
    return [store.image(image.id) for image in images]


def in_the_middle(monkeypatch, act, *, calls=1):
    """Two images in a stretch; `act` is done while the export computes, for so many stretches."""
    monkeypatch.setattr(datasets, "STRETCH", 2)
    original, done = datasets._set_aside, []

    def compute(*arguments):
        if len(done) < calls:
            done.append(act())
        return original(*arguments)

    monkeypatch.setattr(datasets, "_set_aside", compute)


def test_an_export_is_of_one_moment_although_somebody_saves_while_it_is_read(store, monkeypatch):
    images = accepted_on(store, 9)

    def save():
        with Store.open(store.folder, patience=0.2) as other:
            first, last = other.image(images[0].id), other.image(images[-1].id)
            other.record(gesture(first, accept("new", rle=block(9)), number=50, client="other"))
            other.record(gesture(last, number=51, reviewed=False, client="other", verb="review"))
            other.remove_image(images[4].id)

    in_the_middle(monkeypatch, save)
    found = store.dataset()
    assert [image.id for image in found.images] == [images[place].id for place in (0, 1, 2, 3, 5, 6, 7)]
    assert [image.revision for image in found.images] == [2, 1, 1, 1, 1, 1, 1]
    assert [one.key for one in found.instances if one.image_id == images[0].id] == [f"k{images[0].id}", "new"]
    assert found == store.dataset()


def test_categories_that_are_merged_meanwhile_are_merged_in_all_of_it(store, monkeypatch):
    accepted_on(store, 9)
    other_id = store.add_category("car").id
    in_the_middle(monkeypatch, lambda: store.category_manager.merge(1, into=other_id, who="me"))
    assert {one.category_id for one in store.dataset().instances} == {other_id}


@pytest.mark.slow
def test_where_everybody_saves_all_the_time_they_wait_once(store, monkeypatch):
    images = accepted_on(store, 9)
    numbers = iter(range(100, 1000))

    def save_all():
        for image in images:
            number = next(numbers)
            store.record(gesture(store.image(image.id), accept(f"n{number}", rle=block(1)), number=number))

    in_the_middle(monkeypatch, save_all, calls=99)
    found = store.dataset()
    revisions = {image.id: image.revision for image in found.images}
    assert all(len([one for one in found.instances if one.image_id == id]) == revisions[id] for id in revisions)


def test_of_what_somebody_handed_over_only_annotations_that_can_be_named_are_carried():
    sound = {"id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]}
    odd = [
        "x",
        {},
        {"id": 8},
        {"id": "9", "category_id": 1},
        {"id": 10, "category_id": None},
        {"id": -1, "category_id": 1},
    ]
    image = Image(1, "a.jpg", 9, 9, "", extra={PROVENANCE: {WITHOUT_MASK: [*odd, sound]}})
    assert without_mask(image) == [sound]
    for ours in (None, [], {WITHOUT_MASK: "x"}, {}):
        assert without_mask(replace(image, extra={PROVENANCE: ours})) == []
