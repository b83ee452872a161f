"""A COCO document whose annotations stay in their file: whoever goes through them reads it again.

Tests: tests/exchange/coco/test_stream.py, tests/exchange/coco/test_check.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotator.core.errors import CocoError
from annotator.exchange.coco.document import load
from annotator.exchange.coco.packing import packed
from annotator.exchange.coco.stream import END, UnstreamableError, items
from annotator.exchange.coco.values import LISTS

_ANNOTATIONS = "annotations"


class StoredList:
    """The annotations of a file, one after the other; long polygons are arrays (see `packing.packed`)."""

    def __init__(self, path: Path, count: int) -> None:
        self._path, self._count = path, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        """Raises CocoError where the file is another by now."""
        try:
            for name, item in items(self._path, lists=LISTS, made=_object):
                if name == _ANNOTATIONS and item is not END:
                    yield item
        except (UnstreamableError, OSError) as error:
            raise CocoError(f"{self._path}: was changed while it was read, expected a file that stays") from error


def open_document(path: Path) -> dict[str, Any]:
    """The document, its annotations as a `StoredList`. The whole file was parsed once then.

    Raises UnstreamableError where it is to be read as a whole, which tells why it is out of the ordinary, and OSError.
    """
    found: dict[str, Any] = {}
    count = 0
    for name, item in items(path, lists=LISTS, made=_object):
        if name not in LISTS:
            found[name] = item
        elif item is END:
            found.setdefault(name, [])
        elif name == _ANNOTATIONS:
            count += 1
        else:
            found.setdefault(name, []).append(item)
    if _ANNOTATIONS in found:
        found[_ANNOTATIONS] = StoredList(path, count)
    return found


def opened(path: Path) -> Any:
    """As `document.load`; the annotations of an ordinary file stay in it, as a `StoredList`. Raises CocoError."""
    try:
        return open_document(path)
    except (UnstreamableError, OSError):
        return load(path)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnstreamableError("a key twice")
    return packed(found)
