"""Whole numbers that a tool wrote as 640.0: taken as what they are, and told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from annotator.core.numbers import MAX_ID
from annotator.core.problems import Findings

_KEYS = {"images": ("id", "width", "height"), "categories": ("id",)}
_OF_ANNOTATIONS = ("id", "image_id", "category_id")
_OF_RESULTS = ("image_id", "category_id")


def take_whole_numbers(document: Any, findings: Findings) -> Any:
    """The document with whole numbers in its ids and sides; its annotations follow one by one (`whole_annotation`)."""
    if not isinstance(document, dict):
        return document
    lists = {
        name: [_whole_item(item, keys, findings, f"{name}[{index}]") for index, item in enumerate(document[name])]
        for name, keys in _KEYS.items()
        if isinstance(document.get(name), list)
    }
    return {**document, **lists}


def whole_annotation(annotation: Any, findings: Findings, index: int) -> Any:
    """The annotation with whole numbers in its ids; itself where they are whole already."""
    return _whole_item(annotation, _OF_ANNOTATIONS, findings, f"annotations[{index}]")


def whole_result(result: Any, findings: Findings, index: int) -> Any:
    """The same of a result."""
    return _whole_item(result, _OF_RESULTS, findings, f"[{index}]")


def _whole_item(item: Any, keys: Iterable[str], findings: Findings, path: str) -> Any:
    if not isinstance(item, dict):
        return item
    changed: dict[str, int] = {}
    for key in keys:
        value = item.get(key)
        if type(value) is float and value.is_integer() and abs(value) <= MAX_ID:
            findings.warn(f"{path}.{key}", f"is {value}, taken as {int(value)}; strict readers fail on it")
            changed[key] = int(value)
    return {**item, **changed} if changed else item
