"""A JSON file whose top level is an object or a list, read item by item: it needs the memory of its largest item.

What is out of the ordinary (an encoding other than UTF-8, a key twice, no JSON) is left to whoever reads the
file as a whole and says what is wrong with it: `UnstreamableError`.

Tests: tests/exchange/coco/test_stream.py
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Collection, Iterator
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, BinaryIO

from annotator.system.files import open_plain

_BLOCK = 1 << 18  # bytes
_BEGIN_OF_UTF_16_OR_32 = 4
_EXPONENT = len("e+")  # what may follow a number's digits before it is a number again


class UnstreamableError(Exception):
    """The file is to be read as a whole."""


def items(
    path: Path, *, lists: Collection[str], made: Callable[[list[tuple[str, Any]]], Any] = dict
) -> Iterator[tuple[str, Any]]:
    """The items of each list that is named in `lists`, and every other value, with its key; a list ends with `END`.

    The file is an object. made: an object from its keys and values.
    Raises UnstreamableError, also after some items, and OSError.
    """
    with open_plain(path) as file:
        text = _Text(file, json.JSONDecoder(object_pairs_hook=made))
        names: set[str] = set()
        for name in text.object_keys():
            if name in names:
                raise UnstreamableError(f"{name} appears twice")
            names.add(name)
            if name not in lists:
                yield name, text.value()
                continue
            for item in text.list_items():
                yield name, item
            yield name, END


def elements(path: Path, *, made: Callable[[list[tuple[str, Any]]], Any] = dict) -> Iterator[Any]:
    """The items of a file that is a list; otherwise as `items`."""
    with open_plain(path) as file:
        text = _Text(file, json.JSONDecoder(object_pairs_hook=made))
        yield from text.list_items()
        text.require_end()


END = object()
"""Behind the last item of a list."""


class _Text:
    """A file's text from where it is read on; of what lies before nothing is kept."""

    def __init__(self, file: BinaryIO, decoder: json.JSONDecoder) -> None:
        self._file = file
        self._scan = decoder.raw_decode
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogatepass").decode
        self._text, self._at, self._is_whole = "", 0, False
        begin = file.read(_BEGIN_OF_UTF_16_OR_32)
        if json.detect_encoding(begin) != "utf-8":
            raise UnstreamableError("not UTF-8")
        file.seek(0)

    def object_keys(self) -> Iterator[str]:
        """The keys of the object that is the file; the value of each has to be taken before the next."""
        self._take("{")
        if self._next() != "}":
            while True:
                if self._next() != '"':
                    raise UnstreamableError("no key")
                name = self.value()
                self._take(":")
                yield str(name)
                if self._next() != ",":
                    break
                self._take(",")
        self._take("}")
        self.require_end()

    def list_items(self) -> Iterator[Any]:
        self._take("[")
        if self._next() != "]":
            while True:
                yield self.value()
                if self._next() != ",":
                    break
                self._take(",")
        self._take("]")

    def value(self) -> Any:
        """The next value. What lacks its end is tried again with twice as much of the file."""
        block = _BLOCK
        self._next()
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except RecursionError as error:
                raise UnstreamableError("too deep") from error
            except ValueError as error:
                if self._is_whole:
                    raise UnstreamableError(str(error)) from error
            else:
                if end + _EXPONENT < len(self._text) or self._is_whole:  # else a number may go on
                    self._at = end
                    return value
            self._read(block)
            block *= 2

    def require_end(self) -> None:
        if self._next():
            raise UnstreamableError("more behind the end")

    def _next(self) -> str:
        """The next character that is no space; empty at the file's end."""
        while True:
            self._at = WHITESPACE.match(self._text, self._at).end()
            if self._at < len(self._text) or self._is_whole:
                return self._text[self._at : self._at + 1]
            self._read(_BLOCK)

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise UnstreamableError(f"no {sign}")
        self._at += 1

    def _read(self, count: int) -> None:
        content = self._file.read(count)
        self._is_whole = not content
        try:
            self._text = self._text[self._at :] + self._decode(content, final=self._is_whole)
        except UnicodeDecodeError as error:
            raise UnstreamableError(str(error)) from error
        self._at = 0
