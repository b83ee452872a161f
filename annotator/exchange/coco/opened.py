"""A COCO document whose annotations or results stay in their file: whoever goes through them reads it again.

Tests: tests/exchange/coco/test_stream.py, tests/exchange/coco/test_check.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from annotator.core.errors import CocoError
from annotator.exchange.coco.document import load
from annotator.exchange.coco.packing import packed
from annotator.exchange.coco.stream import END, UnstreamableError, elements, items
from annotator.exchange.coco.values import LISTS

_ANNOTATIONS = "annotations"


class StoredList:
    """The annotations of a file, or its results, one after the other; long polygons are arrays (`packing.packed`)."""

    def __init__(self, path: Path, read: Callable[[Path], Iterator[Any]], count: int) -> None:
        self._path, self._read, self._count = path, read, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        """Raises CocoError where the file is another by now."""
        try:
            yield from self._read(self._path)
        except (UnstreamableError, OSError) as error:
            raise CocoError(f"{self._path}: was changed while it was read, expected a file that stays") from error


def _annotations(path: Path) -> Iterator[Any]:
    return (item for name, item in items(path, lists=LISTS, made=_object) if name == _ANNOTATIONS and item is not END)


def _results(path: Path) -> Iterator[Any]:
    return elements(path, made=_object)


def _open_document(path: Path) -> dict[str, Any]:
    """The document, its annotations as a `StoredList`. The whole file was parsed once then."""
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
        found[_ANNOTATIONS] = StoredList(path, _annotations, count)
    return found


def opened(path: Path) -> Any:
    """As `document.load`; annotations and results of an ordinary file stay in it, as a `StoredList`.

    Raises CocoError.
    """
    try:
        return open_streamed(path)
    except (UnstreamableError, OSError):
        return load(path)


def open_streamed(path: Path) -> dict[str, Any] | StoredList:
    """As `opened`, but raises UnstreamableError where the file is to be read as a whole, and OSError."""
    with suppress(UnstreamableError):
        return _open_document(path)
    return StoredList(path, _results, sum(1 for _ in _results(path)))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnstreamableError("a key twice")
    return packed(found)
