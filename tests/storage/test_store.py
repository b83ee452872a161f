"""A project opens as it was left; its settings."""

from annotator.core.settings import PROGRESS, THRESHOLD
from annotator.core.trace import rle_to_parts
from annotator.storage.store import Store
from tests.storage.builders import accept, block, gesture, suggestion


def test_a_project_opens_as_it_was_left(store, image):
    store.set_suggestions(image.id, [suggestion()])
    store.record(gesture(image, accept("n", parts=rle_to_parts(block(9)))))
    store.set_setting(THRESHOLD, {"starter-person": 0.4})
    with Store.open(store.folder) as again:
        assert again.key == store.key
        assert again.categories() == store.categories()
        assert again.queue() == store.queue()
        assert [one.rle for one in again.instances(image.id)] == [one.rle for one in store.instances(image.id)]
        assert again.setting(THRESHOLD) == {"starter-person": 0.4}


def test_keys_cannot_be_guessed(tmp_path):
    keys = set()
    for name in ("a", "b"):
        with Store.open(tmp_path / name) as store:
            keys.add(store.key)
            assert len(store.key) == 32
    assert len(keys) == 2


def test_settings_are_any_json(store):
    assert store.setting(PROGRESS) is None
    for value in (0, [], {"a": [1.5, None]}, "text", False):
        store.set_setting(THRESHOLD, value)
        assert store.setting(THRESHOLD) == value
