"""COCO's 80 categories."""

import json
from pathlib import Path

import pytest

from annotator.core.categories import COCO_BY_NAME, COCO_CATEGORIES, FIRST_OWN_ID
from tests.machine import DATA, NO_DATA


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


@pytest.mark.skipif(not DATA, reason=NO_DATA)
def test_they_are_those_of_coco_itself():
    original = json.loads((Path(DATA) / "data/eval/instances_80.json").read_text())["categories"]
    ours = [{"id": one.id, "name": one.name, "supercategory": one.supercategory} for one in COCO_CATEGORIES]
    assert ours == original
