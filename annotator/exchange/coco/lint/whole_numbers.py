"""Whole numbers that a tool wrote as 640.0: taken as what they are, and told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from annotator.core.numbers import MAX_ID
from annotator.core.problems import Findings

_KEYS = {
    "images": ("id", "width", "height"),
    "categories": ("id",),
    "annotations": ("id", "image_id", "category_id"),
}
_OF_RESULTS = ("image_id", "category_id")


def take_whole_numbers(document: Any, findings: Findings) -> Any:
    """The document with whole numbers in its ids and sides; itself where they are whole already."""
    if isinstance(document, list):
        return _whole_items(document, _OF_RESULTS, findings, path="")
    if not isinstance(document, dict):
        return document
    lists = {
        name: _whole_items(document[name], keys, findings, path=name)
        for name, keys in _KEYS.items()
        if isinstance(document.get(name), list)
    }
    return {**document, **lists}


def _whole_items(items: list[Any], keys: Iterable[str], findings: Findings, *, path: str) -> list[Any]:
    changed: dict[int, dict[str, Any]] = {}
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            continue
        for key in keys:
            value = item.get(key)
            if type(value) is float and value.is_integer() and abs(value) <= MAX_ID:
                said = f"is {value}, taken as {int(value)}; strict readers fail on it"
                findings.warn(f"{path}[{index}].{key}", said)
                changed[index] = {**changed.get(index, item), key: int(value)}
    return [changed.get(index, item) for index, item in enumerate(items)] if changed else items
