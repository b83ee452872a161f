"""What is read again of decisions gives what reading all of them anew gives, whatever changed without a gesture."""

from dataclasses import asdict

import numpy as np
import pytest

from annotator.core.dataset import State
from annotator.core.query import parse
from annotator.core.review import Change
from annotator.storage import answers, decided
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, suggestion


@pytest.fixture
def project(store):
    """Seven pictures with two suggestions of persons each, on which somebody decided."""
    for number in range(7):
        image = add_image(store, f"{number}".encode(), f"{number}.jpg")
        store.set_suggestions(image.id, [suggestion(2), suggestion(5, score=0.4)], by="starter-person@1")
        first, second = store.instances(image.id)
        changes = accept(first.key), Change(second.key, 1, State.REJECTED)
        store.record(gesture(store.image(image.id), *changes, number=number, reviewed=number < 3, seconds=2.0))
    return store


def told(store):
    """Everything that is said of the decisions, with columns as lists."""
    found = asdict(store.evidence.read()), [asdict(one) for one in store.people.figures()]
    return _plain(found)


def _plain(value):
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def draw(store):
    store.record(gesture(store.image(2), accept("drawn", rle=block(9)), number=50, verb="add", seconds=9.0))


def take_back(store):
    change = Change(store.instances(4)[0].key, 1, State.SUGGESTED)
    store.record(gesture(store.image(4), change, number=51, verb="undo"))


def merge_and_undo(store):
    car = store.add_category("car").id
    draw(store)
    store.category_manager.merge(1, into=car, who="me")
    told(store)
    store.category_manager.undo(store.category_manager.last().id, who="me")


def merge(store):
    store.category_manager.merge(1, into=store.add_category("car").id, who="me")


def remove_category(store):
    store.category_manager.remove(1, who="me")


def empty_the_bin(store):
    store.remove_image(3)
    told(store)
    store.empty_bin()
    add_image(store, b"2", "2.jpg")


def reject_many(store):
    order = Order(Verb.REJECT, parse("is:accepted"))
    store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me")


@pytest.mark.parametrize(
    "change", [draw, take_back, merge, merge_and_undo, remove_category, empty_the_bin, reject_many]
)
def test_what_changed_is_told_as_by_whoever_reads_everything(project, change):
    before = told(project)
    change(project)
    after = told(project)
    assert after != before
    with Store.open(project.folder) as again:
        assert after == told(again)


def test_only_instances_of_changed_pictures_are_read_again(project, monkeypatch):
    told(project)
    draw(project)
    read, table_by_name = [], decided.table_by_name

    def watched(rows, *more):
        read.extend(rows)
        return table_by_name(rows, *more)

    monkeypatch.setattr(decided, "table_by_name", watched)
    told(project)
    assert {row[1] for row in read} == {2}


def test_a_project_that_is_opened_again_goes_on_from_what_was_kept(project, monkeypatch):
    monkeypatch.setattr(answers, "WORTH_KEEPING", 5)
    told(project)
    kept = project.folder / "decisions.npz"
    first = kept.read_bytes()
    draw(project)
    merge(project)
    expected = told(project)
    assert kept.read_bytes() == first, "one gesture more is not worth it"
    read, continue_history = [], answers.continue_history
    monkeypatch.setattr(
        answers,
        "continue_history",
        lambda connection, known: read.append(len(known.gestures)) or continue_history(connection, known),
    )
    with Store.open(project.folder) as again:
        assert told(again) == expected
    assert read[0] == 7
    # Of another history, or damaged: all is read anew, and kept again.
    monkeypatch.setattr("annotator.storage.kept_history._FORM", 0)
    for content in (first, b"", first[:-100]):
        kept.write_bytes(content)
        read.clear()
        with Store.open(project.folder) as again:
            assert told(again) == expected
        assert (read[0], kept.read_bytes() != content) == (0, True)


def test_a_backup_that_others_went_on_from_is_read_anew(project, monkeypatch):
    monkeypatch.setattr(answers, "WORTH_KEEPING", 5)
    told(project)
    content = (project.folder / "decisions.npz").read_bytes()
    path = project.folder / "decisions.npz"
    with np.load(path) as stored:
        columns = dict(stored)
    columns["gestures"][:, 2] = 50.0
    columns["is"][1] = columns["is"][1].replace("tab", "tub")
    np.savez(path, **columns)
    assert path.read_bytes() != content
    expected = told(project)
    with Store.open(project.folder) as again:
        assert told(again) == expected
