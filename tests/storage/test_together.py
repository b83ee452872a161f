"""Several changes as one transaction."""

import threading

import pytest

from annotator.core.errors import MissingError
from annotator.storage.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "project") as opened:
        yield opened


def add(store, number):
    return store.add_image(bytes([number]), file_name=f"{number}.png", width=4, height=3)


def test_what_is_stored_together_is_seen_inside_and_by_others_at_its_end(store):
    seen_by_others = []

    def look():
        seen_by_others.append(store.image_count())

    with store.together():
        for number in range(3):
            add(store, number)
        assert store.image_count() == 3
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert (seen_by_others, store.image_count()) == ([0], 3)


def test_a_block_that_raises_leaves_nothing(store):
    add(store, 0)

    def fail():
        with store.together(), store.together():
            add(store, 1)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert store.image_count() == 1
    assert add(store, 2).file_name == "2.png"


def test_what_is_missing_may_be_passed_over(store):
    first, second = add(store, 0), add(store, 1)
    store.remove_image(first.id)
    with store.together():
        with pytest.raises(MissingError):
            store.set_suggestions(first.id, [])
        store.set_suggestions(second.id, [])
    assert [row.image.prelabelled for row in store.queue()] == [True]


def test_others_wait_and_then_write(store):
    inside, written = threading.Event(), []

    def write():
        inside.wait(10)
        add(store, 1)
        written.append(store.image_count())

    thread = threading.Thread(target=write)
    thread.start()
    with store.together():
        add(store, 0)
        inside.set()
        thread.join(0.2)
        assert written == []
    thread.join()
    assert written == [2]
