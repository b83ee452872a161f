"""What is wrong with a COCO file, and what forbids an export."""

from __future__ import annotations

import json
import os
import unicodedata
import warnings
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image as Picture

from annotator.core.coco_lint import Problem, inspect_coco
from annotator.core.coco_values import name_of, shown
from annotator.core.errors import CocoError
from annotator.core.numbers import is_id
from annotator.system.collection import collection_paused
from annotator.system.files import is_file

__all__ = ["Problem", "check_coco", "check_file", "load", "loads"]

_ORIENTATION = 0x0112  # EXIF
_MANY = 5  # reasons in one line
_PACKED = {b"\x1f\x8b": "gzip", b"PK\3\4": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def check_coco(document: object) -> list[Problem]:
    """Every problem of a decoded COCO instances file, or of a list of results, in the document's order."""
    return inspect_coco(document).problems


@collection_paused()
def check_file(path: Path, *, images: Path | None = None) -> list[Problem]:
    """As `check_coco`, of a file; with `images`, also whether every picture lies in that folder and has its size.

    Raises CocoError if the file cannot be read at all, or if that folder is none.
    """
    if images is not None and not images.is_dir():
        raise CocoError([f"{images}: no such folder, expected the pictures of {path.name}"])
    content = _content(path)
    document, problems = _parsed(content)
    if document is _NOTHING:
        return problems
    problems = [*_encoding_problems(content), *problems, *check_coco(document)]
    if images is not None and isinstance(document, dict) and isinstance(document.get("images"), list):
        problems += _picture_problems(document["images"], images)
    return problems


def load(path: Path) -> Any:
    """The JSON of a file. Raises CocoError if it cannot be read, is not JSON, or says something twice."""
    return loads(_content(path), name=str(path))


def loads(content: bytes, *, name: str) -> Any:
    """As `load`, of a file's bytes; `name` is what problems call it."""
    document, problems = _parsed(content)
    if problems:
        raise CocoError([str(problem) if problem.place else f"{name}: {problem}" for problem in problems])
    return document


_NOTHING = object()


def _content(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CocoError([f"{path}: cannot be read: {error.strerror or error}"]) from error


def _parsed(content: bytes) -> tuple[Any, list[Problem]]:
    """The document, and the keys that some object of it has twice; `_NOTHING` and the reason where it is not JSON."""
    doubled: list[tuple[dict[str, Any], str]] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = Counter(name for name, _ in pairs)
            doubled.append((found, next(name for name, count in names.items() if count > 1)))
        return found

    try:
        document = json.loads(content, object_pairs_hook=made)
    except (ValueError, RecursionError) as error:  # also wrong UTF-8, numbers of thousands of digits, endless nesting
        packed = next((name for start, name in _PACKED.items() if content.startswith(start)), None)
        reason = f"it is packed with {packed}" if packed else " ".join(str(error).split()) or "too deep"
        return _NOTHING, [Problem("error", "", f"is not JSON: {reason}")]
    return document, _doubled_problems(document, doubled) if doubled else []


def _doubled_problems(document: Any, doubled: list[tuple[dict[str, Any], str]]) -> list[Problem]:
    """A key that is there twice, with its place: each reader keeps another one of the values."""
    names = {id(found): name for found, name in doubled}
    problems = []
    waiting = deque([("", document)])
    while waiting and names:
        place, inner = waiting.popleft()
        if id(inner) in names:
            problems.append(Problem("error", place, f"the key {shown(names.pop(id(inner)))} is there twice"))
        if isinstance(inner, list):
            waiting.extend((f"{place}[{index}]", item) for index, item in enumerate(inner))
        elif isinstance(inner, dict):
            waiting.extend((f"{place}.{name}".lstrip("."), item) for name, item in inner.items())
    return problems


def _encoding_problems(content: bytes) -> list[Problem]:
    """What is read here, and by few others: JSON is UTF-8 without a mark."""
    found = json.detect_encoding(content)
    if found == "utf-8-sig":
        return [Problem("warning", "", "begins with a byte order mark, expected plain UTF-8; most readers stop at it")]
    if found != "utf-8":
        return [Problem("warning", "", f"is {found.upper()}, expected UTF-8; most readers stop at it")]
    return []


def _picture_problems(found: list[Any], folder: Path) -> Iterator[Problem]:
    """Pictures that are not in the folder, are none, or have another size; only their heads are read."""
    root = folder.resolve()
    others: dict[str, list[str]] | None = None
    for index, image in enumerate(found):
        name = name_of(image) if isinstance(image, dict) else None
        if not isinstance(name, str) or not name or "\0" in name:
            continue
        place = f"images[{index}].file_name"
        path = Path(os.path.normpath(root / name.replace("\\", "/")))
        if not path.is_relative_to(root) or not is_file(path):
            others = others if others is not None else _files_by_name(root)
            yield Problem("error", place, f"{shown(name)} is not in {folder}{_elsewhere(name, others)}")
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Picture.DecompressionBombWarning)  # nothing is decoded
                with Picture.open(path) as picture:
                    turned = picture.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
                    width, height = picture.size[::-1] if turned else picture.size
        except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
            yield Problem("error", place, f"{shown(name)} is not a picture that can be read: {shown(str(error))}")
            continue
        sides = image.get("width"), image.get("height")
        if (width, height) != sides and all(is_id(side) and side > 0 for side in sides):
            expected = f"{shown(sides[0])} x {shown(sides[1])}"
            is_turned = turned and (height, width) == sides
            why = "; its EXIF orientation turns it" if is_turned else ""
            yield Problem("error", place, f"{shown(name)} is {width} x {height} px, the file says {expected}{why}")


def _files_by_name(root: Path) -> dict[str, list[str]]:
    """Every file below the folder, by the last part of its name in small letters, accents composed."""
    found: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*")):
        found.setdefault(_folded(path.name), []).append(path.relative_to(root).as_posix())
    return found


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _elsewhere(name: str, others: dict[str, list[str]]) -> str:
    """Where a picture of nearly that name is, as the end of a message."""
    candidates = others.get(_folded(name.replace("\\", "/").rsplit("/", 1)[-1]), [])
    return f"; {', '.join(shown(candidate) for candidate in candidates[:_MANY])} is" if candidates else ""
