"""A large import comes in short transactions; whatever ends it, the same import again ends as if it had run once."""

from dataclasses import replace

import pytest

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, State, Suggestion
from annotator.core.settings import NAME, UNFINISHED
from annotator.exchange.outlook import outlook
from annotator.storage.imports import How, Offer, is_unfinished, stretches
from annotator.storage.imports.arrival import Arrival
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, suggestion
from tests.storage.imports import DATASET, an_image, an_instance, pictures

IMAGES = 9


class Killed(BaseException):
    pass


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A picture or two in each transaction."""
    monkeypatch.setattr(stretches, "WEIGHT", 4)


def aside(image_id):
    """An annotation that has no mask."""
    item = {"id": 900 + image_id, "image_id": image_id, "category_id": 1, "bbox": [1, 1, 4, 4]}
    return {PROVENANCE: {WITHOUT_MASK: [item]}}


def a_file():
    """Pictures with what an import has to decide about: taken numbers, known and torn objects, a picture twice."""
    images = [an_image(id, f"{id}.jpg") for id in range(1, IMAGES + 1)]
    images[3] = replace(images[3], extra=aside(4))
    images.append(an_image(20, "1.jpg"))  # the picture of image 1 again
    instances = [an_instance(10 * id + x, id, x) for id in range(1, IMAGES + 1) for x in (1, 8)]
    instances += [an_instance(200, 20, 1), an_instance(201, 20, 14), an_instance(202, 5, 3, category_id=7, crowd=True)]
    return replace(DATASET, images=tuple(images), instances=tuple(instances))


def a_project(folder):
    """Decided, suggested and imported before; some numbers of the file are taken."""
    store = Store.open(folder)
    store.add_category("person")
    for id in (3, 2, 7):
        image = add_image(store, f"{id}.jpg".encode(), f"{id}.jpg")
        store.set_suggestions(image.id, [suggestion(8), suggestion(1, score=0.6)])
        key = store.instances(image.id)[0].key
        store.record(gesture(image, accept(key, rle=block(8, 2, 5, 3)), accept(f"own-{id}", rle=block(14)), number=id))
    return store


def bring(store, dataset, **how):
    return store.import_files([Arrival("", dataset, pictures(dataset))], how=How(name="file.json", **how))


def content_of(store):
    """All that an export and the history say, but keys and times."""
    everything = {
        image.id: [
            (one.id, one.category_id, one.state, one.rle, one.source, one.edited, one.crowd, one.extra)
            for one in store.instances(image.id, states=tuple(State))
        ]
        for image in store.images()
    }
    said = sorted((one.image_id, one.revision, one.verb, one.state, one.rle.counts) for one in store.decisions())
    return store.images(), store.categories(), everything, said, store.dataset().extra


def stop_at(number):
    calls = []

    def progress(done, total):
        calls.append(done)
        if len(calls) == number:
            raise Killed

    return progress


@pytest.mark.slow
@pytest.mark.parametrize("on_conflict", ["skip", "replace", "add"])
def test_an_import_that_was_killed_and_runs_again_ends_as_if_it_had_run_once(tmp_path, on_conflict):
    with a_project(tmp_path / "once") as store:
        bring(store, a_file(), on_conflict=on_conflict)
        expected = content_of(store)
        bring(store, a_file(), on_conflict=on_conflict)
        assert content_of(store) == expected
    for number in (1, 4, 6):
        with a_project(tmp_path / f"killed-{number}") as store:
            with pytest.raises(Killed):
                bring(store, a_file(), on_conflict=on_conflict, progress=stop_at(number))
            left = store.setting(UNFINISHED)
            assert is_unfinished(left)
            assert 0 < left["done"] < left["total"] == IMAGES + 1
            assert f"'file.json' was stopped after {left['done']} of {IMAGES + 1} images" in outlook(store).lines[-1]
            bring(store, a_file(), on_conflict=on_conflict)
            assert content_of(store) == expected
            assert store.setting(UNFINISHED) is None
            assert outlook(store).unfinished is None


def test_results_that_were_stopped_go_on_too(store):
    images = [add_image(store, f"{number}".encode(), f"{number}.jpg") for number in range(6)]
    offers = [Offer(image.id, [Suggestion(1, 0.8, block(x), "other@1") for x in (1, 8)]) for image in images]
    with pytest.raises(Killed):
        store.import_files([], offers, how=How(name="results.json", progress=stop_at(2)))
    assert store.setting(UNFINISHED) == {"name": "results.json", "done": 2, "total": 6}
    assert store.import_files([], offers).offered == 12
    assert [(row.suggested, row.image.prelabelled) for row in store.queue()] == [(2, True)] * 6
    assert store.setting(UNFINISHED) is None


@pytest.mark.slow
def test_somebody_saves_in_between(tmp_path, store):
    saved = []

    def save(done, total):
        with Store.open(store.folder, patience=0.2) as other:
            other.set_setting(NAME, f"{done} of {total}")
        saved.append(done)

    bring(store, a_file(), progress=save)
    assert saved == sorted(saved)
    assert len(saved) > IMAGES // 2
    assert saved[-1] == IMAGES + 1
    assert store.image_count() == IMAGES


def test_a_small_import_is_one_transaction(store, monkeypatch):
    monkeypatch.setattr(stretches, "WEIGHT", 500)
    told = []
    bring(store, a_file(), progress=lambda *far: told.append(far))
    assert told == [(IMAGES + 1, IMAGES + 1)]


@pytest.mark.parametrize("value", [[], {"name": "x", "done": 1}, {"name": 3, "done": 1, "total": 2},
                                   {"name": "x", "done": -1, "total": 2}, {"name": "x" * 9999, "done": 1, "total": 2},
                                   {"name": "x", "done": True, "total": 2}])  # fmt: skip
def test_what_an_archive_says_of_an_unfinished_import_is_looked_at(value):
    assert not is_unfinished(value)
