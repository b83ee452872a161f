"""COCO's 80 categories."""

import hashlib
import json

from annotator.core.categories import COCO_BY_NAME, COCO_CATEGORIES, FIRST_OWN_ID


def test_there_are_80_in_the_order_of_their_ids():
    ids = [category.id for category in COCO_CATEGORIES]
    assert len(ids) == 80
    assert ids == sorted(set(ids))
    assert (ids[0], ids[-1]) == (1, FIRST_OWN_ID - 1)
    assert set(range(1, 91)) - set(ids) == {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}


def test_the_class_index_of_networks_is_the_place_in_the_tuple():
    assert COCO_CATEGORIES[0].name == "person"
    assert COCO_CATEGORIES[79].name == "toothbrush"
    assert COCO_CATEGORIES[11].name == "stop sign"
    assert COCO_BY_NAME["hair drier"].id == 89


def test_they_are_those_of_coco_itself():
    ours = [{"id": one.id, "name": one.name, "supercategory": one.supercategory} for one in COCO_CATEGORIES]
    # of the "categories" of instances_val2017.json, written with these keys in this order
    assert (
        hashlib.sha256(json.dumps(ours).encode()).hexdigest()
        == "937ea96b0a4b49b9df72d654d4905f7bf5f902828e3b907421b9d58651be9881"
    )
