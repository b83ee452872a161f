"""Many boxes become masks: those of instances, and those that an import brought as boxes alone."""

from dataclasses import replace

import numpy as np
import pytest

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Category, Dataset, State, without_mask
from annotator.core.errors import ModelError
from annotator.core.masks import mask_to_rle
from annotator.core.prompt import Prompt, Prompted
from annotator.core.query import of_ids, parse
from annotator.core.review import Change
from annotator.storage.bulk_masks import Answered
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.store import Store
from tests.storage.builders import HEIGHT, WIDTH, accept, gesture, suggestion
from tests.storage.imports import an_image, bring

ORDER = Order(Verb.MASKS, network="disks")
BESIDE = {"bbox": [40, 2, 4, 3]}
CARRIED = [
    {"id": 8, "image_id": 1, "category_id": 1, "bbox": [2, 2, 4, 3], "iscrowd": 0, "attributes": {"far": True}},
    {"id": 9, "image_id": 1, "category_id": 1, "bbox": [2, 2, 9, 9], "iscrowd": 1},
    {"id": 10, "image_id": 1, "category_id": 1} | BESIDE,
]


@pytest.fixture
def store(empty):
    """The picture 1 with a box, a crowd and a box beside it that were imported; 2 with a suggested box and a mask."""
    aside = {PROVENANCE: {WITHOUT_MASK: CARRIED}}
    images = replace(an_image(1), extra=aside), an_image(2, "y.jpg")
    bring(empty, Dataset((Category(1, "person"),), images, ()))
    empty.set_suggestions(2, [suggestion(), replace(suggestion(9), rle=bent(9, 2, 13, 5))])
    return empty


def bent(left, top, right, bottom):
    """A box without its first pixel."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[int(top) : int(bottom), int(left) : int(right)] = True
    mask[int(top), int(left)] = False
    return mask_to_rle(mask)


def ask(image, boxes):
    return [Answered(bent(*box), None, said(box)) for box in boxes]


def said(box):
    return Prompted(Prompt(box_xyxy=box), "disks@0123456789ab")


def carry_out(store, order=ORDER, **more):
    return store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me", ask=ask, **more)


def test_boxes_become_masks_and_the_undo_makes_boxes_of_them_again(store):
    before = store.instances(2)
    found = store.bulk.preview(ORDER)
    assert (found.instances, found.images, [one.image_id for one in found.nearest]) == (2, 2, [2])
    bulk_id, report = carry_out(store)
    assert (report.total, report.done, report.emptied) == (2, 2, 0)
    (made,) = store.instances(1)
    assert (made.state, made.source, made.rle) == (State.ACCEPTED, "import", bent(2, 2, 6, 5))
    assert made.prompted == said((2, 2, 6, 5))
    assert [one.rle for one in store.instances(2)] == [bent(2, 2, 6, 5), before[1].rle]
    assert [one.edited for one in store.instances(2)] == [True, False]
    dataset = store.dataset()
    assert without_mask(dataset.images[0]) == CARRIED[1:], "said once: with its mask"
    assert dataset.instances[0].extra == {"attributes": {"far": True}}
    assert dataset.instances[0].provenance["prompt"] == {"by": "disks@0123456789ab", "points": 0, "box": True}
    assert store.bulk.preview(ORDER).instances == 0
    with Store.open(store.folder) as again:
        assert again.bulk.undo(bulk_id, who="me").done == 2
    assert (store.instances(1), store.instances(2)) == ((), before)
    assert without_mask(store.dataset().images[0]) == CARRIED
    assert carry_out(store)[1].done == 2, "and once more"
    assert len(store.instances(1)) == 1


def test_a_box_that_a_person_deleted_as_an_instance_stays_away(store):
    carry_out(store)
    (made,) = store.instances(1)
    image = store.image(1)
    store.record(gesture(image, Change(made.key, 1, State.DELETED), verb="delete"))
    assert without_mask(store.dataset().images[0]) == CARRIED[1:]
    assert store.bulk.preview(ORDER).instances == 0


def test_only_what_is_asked_for_is_found(store):
    assert store.bulk.preview(replace(ORDER, query=of_ids([2]))).instances == 1
    assert store.bulk.preview(replace(ORDER, query=parse("category:person"))).instances == 1, "of instances alone"
    assert store.bulk.preview(replace(ORDER, threshold=0.95)).instances == 1, "the suggestion is hidden"


def test_what_somebody_changed_meanwhile_and_what_is_not_found_stays(store):
    as_of = store.bulk.preview(ORDER).as_of
    found = store.bulk.targets(ORDER)
    box, _ = store.instances(2)
    store.record(gesture(store.image(2), accept(box.key)))
    nothing = lambda image, boxes: [None] * len(boxes)  # noqa: E731
    _, report = store.bulk.carry_out(ORDER, as_of=as_of, who="me", found=found, ask=nothing)
    assert (report.done, report.passed_over, report.names) == (0, 1, ["y.jpg"])
    assert (report.emptied, report.emptied_names) == (1, ["x.jpg"])
    assert store.instances(1) == ()


def test_a_network_that_fails_ends_it_and_the_rest_is_done_later(store):
    def broken(image, boxes):
        if image.id == 2:
            raise ModelError("disks: no number")
        return ask(image, boxes)

    with pytest.raises(ModelError):
        store.bulk.carry_out(ORDER, as_of=store.bulk.preview(ORDER).as_of, who="me", ask=broken)
    last = store.bulk.last()
    assert (last.done, last.ended, last.can_go_on) == (1, False, True)
    assert store.bulk.go_on(last.id, who="me", ask=ask).done == 2
    assert store.bulk.undo(last.id, who="me").done == 2
