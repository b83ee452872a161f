"""The JSON of a COCO file, parsed once; keys that appear twice in an object are found.

Tests: tests/exchange/coco/test_check.py, tests/exchange/coco/test_odd_coco.py
"""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotator.core.errors import CocoError
from annotator.core.problems import Problem
from annotator.exchange.coco.packing import packed
from annotator.exchange.coco.values import shown
from annotator.system.files import read_plain

_PACKED = {b"\x1f\x8b": "gzip", b"PK\3\4": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def load(path: Path) -> Any:
    """The JSON of a file. Raises CocoError if it cannot be read, is not JSON, or has a key twice."""
    return loads(read_content(path), name=str(path))


def loads(content: bytes, *, name: str) -> Any:
    """As `load`, of a file's bytes; `name` is what problems call it."""
    document, problems = parse(content)
    del content
    if problems:
        raise CocoError([problem if problem.path else replace(problem, file=name) for problem in problems])
    return document


NOTHING = object()
"""What `parse` gives where the bytes are no JSON; every JSON value may be a document."""


def read_content(path: Path) -> bytes:
    """A file's bytes. Raises CocoError where they cannot be read: also of a pipe, a device, or a file with holes."""
    try:
        return read_plain(Path(path))
    except MemoryError as error:
        raise CocoError(f"{path}: cannot be read: it needs more memory than there is") from error
    except OSError as error:
        raise CocoError(f"{path}: cannot be read: {error.strerror or error}") from error


def parse(content: bytes) -> tuple[Any, list[Problem]]:
    """The document, and the keys that some object of it has twice; `NOTHING` and the reason where it is not JSON.

    Long polygons are arrays (see `packing.packed`).
    """
    doubled: list[tuple[dict[str, Any], str]] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = Counter(name for name, _ in pairs)
            doubled.append((found, next(name for name, count in names.items() if count > 1)))
        return packed(found)

    try:
        document = json.loads(content, object_pairs_hook=made)
    except (
        ValueError,
        RecursionError,
        MemoryError,
    ) as error:  # also wrong UTF-8, numbers of thousands of digits, endless nesting
        archive = next((name for start, name in _PACKED.items() if content.startswith(start)), None)
        deep = "it needs more memory than there is" if isinstance(error, MemoryError) else "too deep"
        reason = f"it is packed with {archive}" if archive else " ".join(str(error).split()) or deep
        return NOTHING, [Problem("error", "", f"is not JSON: {reason}")]
    return document, _doubled_problems(document, doubled) if doubled else []


def _doubled_problems(document: Any, doubled: list[tuple[dict[str, Any], str]]) -> list[Problem]:
    """A key that appears twice, with its path: each reader keeps another one of the values."""
    names = {id(found): name for found, name in doubled}
    problems = []
    waiting = deque([("", document)])
    while waiting and names:
        path, inner = waiting.popleft()
        if id(inner) in names:
            problems.append(Problem("error", path, f"the key {shown(names.pop(id(inner)))} appears twice"))
        if isinstance(inner, list):
            waiting.extend((f"{path}[{index}]", item) for index, item in enumerate(inner))
        elif isinstance(inner, dict):
            waiting.extend((f"{path}.{name}".lstrip("."), item) for name, item in inner.items())
    return problems
