"""A list of categories that somebody pastes, or a COCO file has."""

import json

import pytest

from annotator.core.dataset import Category
from annotator.core.errors import CategoryError
from annotator.exchange.category_list import read_categories


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("person\n\n  traffic light  \n", [(0, "person", ""), (0, "traffic light", "")]),
        ("3, car, vehicle\ntruck,vehicle\n17,cat", [(3, "car", "vehicle"), (0, "truck", "vehicle"), (17, "cat", "")]),
        ("id\tname\tsupercategory\n1\tperson, sitting\tperson", [(1, "person, sitting", "person")]),
        ('"a, b", things', [(0, "a, b", "things")]),
        ("0: person\n1: 'traffic light'", [(0, "person", ""), (1, "traffic light", "")]),
        ("\ufeffhelmet\r\nvest,\r\n", [(0, "helmet", ""), (0, "vest", "")]),
        ("911", [(0, "911", "")]),
        ('["a", "b"]', [(0, "a", ""), (0, "b", "")]),
        ('[{"id": 7, "name": "a", "supercategory": null}]', [(7, "a", "")]),
        ('{"images": [], "categories": [{"id": 7, "name": "a", "keypoints": ["x"]}]}', [(7, "a", "")]),
        ("<b>x</b>\n头盔", [(0, "<b>x</b>", ""), (0, "头盔", "")]),
    ],
)
def test_a_list_is_read_with_ids_and_supercategories(text, expected):
    assert read_categories(text) == tuple(Category(*each) for each in expected)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "empty, expected a name a line"),
        (" \n\t\n", "empty, expected a name a line"),
        ("person\n1, a, b, c", "line 2: 3 texts, expected a name and a supercategory"),
        ("person\n" + "n" * 1001, "line 2: 'nnn"),
        ("a\x07b", "line 1: 'a\\x07b', expected a name"),
        ("99999999999999999, a", "line 1: id 99999999999999999, expected a whole number"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"images": []}', "no categories in it, expected a COCO file"),
        ('[{"id": "1", "name": "a"}]', "categories[0]: id '1', expected a whole number from 0 on"),
        ("[7]", "categories[0]: int, expected an object"),
        ('[{"name": ""}]', "categories[0]: '', expected a name"),
        ('[{"name": "a", "supercategory": 7}]', "categories[0]: supercategory 7, expected a printable text"),
        (json.dumps(["a"] * 20_001), "20001 of them, expected at most 20000"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, line):
    with pytest.raises(CategoryError) as told:
        read_categories(text)
    assert line in str(told.value)
