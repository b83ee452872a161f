"""What a gallery goes by is kept beside the masks, and nobody who saves waits for its order."""

import pytest
from sqlalchemy import select

from annotator.core import repair
from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.masks import rle_area, rle_box_xyxy
from annotator.core.settings import NAME
from annotator.storage import bulk_orders, gallery, gallery_order, images, instances, schema
from annotator.storage.archive import unpack_project
from annotator.storage.gallery_order import Order
from annotator.storage.imports import Picture
from annotator.storage.store import Store
from tests.storage.archives import with_database
from tests.storage.builders import HEIGHT, WIDTH, accept, block, gesture, import_dataset, older_project, suggestion

SHOWN = (State.SUGGESTED, State.ACCEPTED, State.REJECTED)


def page(store, *, category_id=1, order=Order.AREA, limit=100, **asked):
    return store.gallery.page(category_id=category_id, states=SHOWN, threshold=0.5, order=order, limit=limit, **asked)


def shapes(store):
    columns = schema.instances.c
    with store._database.read() as connection:
        rows = connection.execute(select(columns.key, columns.area, columns.box_width, columns.box_height))
        return {key: sizes for key, *sizes in rows}


def true_shapes(store):
    found = {}
    for image in store.images():
        for one in store.instances(image.id, states=tuple(State)):
            left, top, right, bottom = rle_box_xyxy(one.rle)
            found[one.key] = [rle_area(one.rle), right - left, bottom - top]
    return found


def test_every_way_to_a_mask_leaves_its_size_beside_it(store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(8)])
    key = store.instances(image.id)[0].key
    store.record(gesture(image, accept(key, rle=block(1, 1, 9, 2)), accept("new", rle=block(0, 0, 1, 9)), number=1))
    mine = Instance(7, "7", 5, 1, State.ACCEPTED, block(3, 3, 5, 2))
    dataset = Dataset((Category(1, "person"),), (Image(5, "b.jpg", WIDTH, HEIGHT, ""),), (mine,))
    import_dataset(store, dataset, {5: Picture(b"another", WIDTH, HEIGHT)})
    assert len(shapes(store)) == 4
    assert shapes(store) == true_shapes(store)


def test_masks_that_were_repaired_many_at_once_are_measured_when_somebody_asks(store, image):
    store.set_suggestions(image.id, [suggestion(2), suggestion(8)])
    wanted = bulk_orders.Order(bulk_orders.Verb.REPAIR, repair=repair.Repair(repair.Kind.GROW, 1))
    store.bulk.carry_out(wanted, as_of=store.bulk.preview(wanted).as_of, who="me")
    assert {one.area for one in page(store).entries} == {26}
    assert shapes(store) == true_shapes(store)


def test_an_older_project_is_measured_when_somebody_asks(tmp_path):
    with older_project(tmp_path, before="0008_shapes") as older:
        older.executemany(
            "INSERT INTO instances (key, image_id, category_id, state, rle, source) VALUES (?, 1, 1, ?, ?, 'x')",
            [("large", "accepted", block(0, 0, 9, 9).counts), ("small", "accepted", block(0, 0, 2, 2).counts)],
        )
    with Store.open(tmp_path) as store:
        assert [one.key for one in page(store).entries] == ["small", "large"]
        assert shapes(store) == true_shapes(store)


def test_what_an_archive_says_of_sizes_is_not_believed(archived, packed, tmp_path):
    lying = with_database(packed, tmp_path, "UPDATE instances SET area = 1, box_width = 1, box_height = 1")
    unpack_project(lying, tmp_path / "opened")
    with Store.open(tmp_path / "opened") as store:
        assert page(store).total == 1
        assert shapes(store) == true_shapes(store)


def test_pages_go_on_behind_what_was_decided_meanwhile(store, image):
    store.set_suggestions(image.id, [suggestion(x, score=0.9) for x in range(6)])  # all of one score and size
    keys = [one.key for one in page(store).entries]
    for order in Order:
        first = page(store, order=order, limit=2)
        rest = page(store, order=order, after=gallery.place_from_text(first.after))
        assert [one.key for one in (*first.entries, *rest.entries)] == keys
    store.record(gesture(image, accept(keys[0])))
    asked = {"category_id": 1, "states": [State.SUGGESTED], "threshold": 0.5, "order": Order.ODD, "limit": 9}
    found = store.gallery.page(**asked, after=gallery.place_from_text(first.after))
    assert [one.key for one in found.entries] == keys[2:]


def test_further_pages_go_by_the_list_of_the_first_for_a_while(store, image, monkeypatch):
    store.set_suggestions(image.id, [suggestion(x, score=0.9) for x in range(6)])
    reads = []
    monkeypatch.setattr(gallery, "fetch", lambda *asked, **more: reads.append(1) or gallery_order.fetch(*asked, **more))
    first = page(store, limit=2)
    store.set_setting(NAME, "changed")
    page(store, limit=2, after=gallery.place_from_text(first.after))
    assert len(reads) == 1
    page(store, limit=2)
    assert len(reads) == 2
    store.set_setting(NAME, "changed again")
    monkeypatch.setattr(gallery, "FRESH_S", 0.0)
    page(store, limit=2, after=gallery.place_from_text(first.after))
    assert len(reads) == 3


READERS = {
    "gallery": (gallery, "in_order", page),
    "a page of it": (gallery, "_entry", page),
    "images": (images, "image_of", lambda store: store.images()),
    "instances": (instances, "instance_of", lambda store: store.instances(1)),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_save_does_not_wait_for_what_a_reader_computes(store, image, monkeypatch, reader):
    store.set_suggestions(image.id, [suggestion()])
    module, name, read = READERS[reader]
    computed = getattr(module, name)
    saved = []

    def compute(*arguments):
        with Store.open(store.folder, patience=0.2) as other:
            other.set_setting(NAME, "saved")
        saved.append(True)
        return computed(*arguments)

    monkeypatch.setattr(module, name, compute)
    read(store)
    assert saved
