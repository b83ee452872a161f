"""A list of categories as somebody pastes it, or as a COCO file has it.

A line is a name; an id may stand before it and a supercategory behind it, with commas or tabs between them:

    person
    3, car, vehicle
    truck, vehicle
    0: bicycle

Tests: tests/exchange/test_category_list.py
"""

from __future__ import annotations

import csv
import json
import re
from typing import Any

from annotator.core.dataset import Category
from annotator.core.errors import CategoryError
from annotator.core.limits import MAX_NAME
from annotator.core.numbers import is_id
from annotator.core.text import is_plain

MAX_CATEGORIES = 20_000

_NUMBERED = re.compile(r"(\d{1,16})\s*[:=]\s*(.+)", re.ASCII)  # as YAML and label maps have them
_HEADINGS = {"id", "name", "category", "supercategory", "supercat"}


def read_categories(text: str) -> tuple[Category, ...]:
    """The categories of a list, in its order; an id of 0 is none in particular.

    text: lines as above, or JSON: a COCO file, its `categories`, or names alone.
    Raises CategoryError, naming the first place that cannot be read.
    """
    text = text.removeprefix("\ufeff")
    found = _from_json(text) if text.lstrip()[:1] in ("{", "[") else _from_lines(text)
    if not found:
        raise CategoryError("list of categories: empty, expected a name a line")
    if len(found) > MAX_CATEGORIES:
        raise CategoryError(f"list of categories: {len(found)} of them, expected at most {MAX_CATEGORIES}")
    return tuple(found)


def _from_lines(text: str) -> list[Category]:
    found = []
    separator = "\t" if "\t" in text else ","
    for number, line in enumerate(text.splitlines(), start=1):
        fields = [field.strip() for field in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
        numbered = _NUMBERED.fullmatch(line.strip())
        if numbered is not None:
            fields = [numbered[1], numbered[2].strip().strip("'\"")]
        while fields and fields[-1] == "":
            fields.pop()
        is_heading = number == 1 and len(fields) > 1 and {field.lower() for field in fields} <= _HEADINGS
        if fields and not is_heading:
            found.append(_of_fields(fields, f"line {number}"))
    return found


def _of_fields(fields: list[str], path: str) -> Category:
    id = 0
    if len(fields) > 1 and fields[0].isascii() and fields[0].isdecimal():
        id, fields = int(fields[0]), fields[1:]
    if len(fields) > 2:
        raise CategoryError(f"{path}: {len(fields)} texts, expected a name and a supercategory")
    return _category(id, fields[0], fields[1] if len(fields) > 1 else "", path)


def _from_json(text: str) -> list[Category]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CategoryError("list of categories: not JSON") from error
    items = document.get("categories") if isinstance(document, dict) else document
    if not isinstance(items, list):
        raise CategoryError("list of categories: no categories in it, expected a COCO file")
    return [_of_item(item, f"categories[{index}]") for index, item in enumerate(items)]


def _of_item(item: Any, path: str) -> Category:
    if isinstance(item, str):
        return _category(0, item, "", path)
    if not isinstance(item, dict):
        raise CategoryError(f"{path}: {type(item).__name__}, expected an object")
    return _category(item.get("id", 0), item.get("name"), item.get("supercategory") or "", path)


def _category(id: Any, name: Any, supercategory: Any, path: str) -> Category:
    if not is_id(id):
        raise CategoryError(f"{path}: id {id!r:.40}, expected a whole number from 0 on")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_NAME or not is_plain(name):
        raise CategoryError(f"{path}: {name!r:.40}, expected a name of 1 to {MAX_NAME} printable characters")
    if not isinstance(supercategory, str) or len(supercategory) > MAX_NAME or not is_plain(supercategory):
        raise CategoryError(f"{path}: supercategory {supercategory!r:.40}, expected a printable text")
    return Category(id, name.strip(), supercategory.strip())
