"""Categories get ids that never change."""

import pytest

from annotator.core.errors import StoreError


def test_cocos_names_get_cocos_ids_and_others_go_on_at_91(store):
    assert (store.add_category("zebra").id, store.add_category("zebra").supercategory) == (24, "animal")
    helmet = store.add_category("  helmet ", supercategory="gear")
    assert (helmet.id, helmet.name, helmet.supercategory) == (91, "helmet", "gear")
    assert store.add_category("vest").id == 92
    assert store.add_category("helmet") == helmet
    assert store.add_category("sign", id=500).id == 500
    assert store.add_category("next").id == 501
    assert [category.id for category in store.categories()] == [1, 24, 91, 92, 500, 501]


def test_a_taken_id_and_an_empty_name_are_refused(store):
    with pytest.raises(StoreError, match="id 1 is taken by 'person'"):
        store.add_category("helmet", id=1)
    with pytest.raises(StoreError, match="a name of 0 characters"):
        store.add_category("  ")
    assert len(store.categories()) == 1
