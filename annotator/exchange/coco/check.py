"""What is wrong with a COCO file, and with the pictures that it names."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image as Picture

from annotator.core.errors import CocoError
from annotator.core.numbers import is_id
from annotator.exchange.coco.document import NOTHING, parse, read_content
from annotator.exchange.coco.lint import Problem, inspect_coco
from annotator.exchange.coco.values import name_of, shown
from annotator.exchange.names import folded
from annotator.system.collection import collection_paused
from annotator.system.files import is_file

_ORIENTATION = 0x0112  # EXIF
_MANY = 5  # reasons in one line


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
    content = read_content(path)
    document, problems = parse(content)
    if document is NOTHING:
        return problems
    problems = [*_encoding_problems(content), *problems, *check_coco(document)]
    if images is not None and isinstance(document, dict) and isinstance(document.get("images"), list):
        problems += _picture_problems(document["images"], images)
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
        found.setdefault(folded(path.name), []).append(path.relative_to(root).as_posix())
    return found


def _elsewhere(name: str, others: dict[str, list[str]]) -> str:
    """Where a picture of nearly that name is, as the end of a message."""
    candidates = others.get(folded(name.replace("\\", "/").rsplit("/", 1)[-1]), [])
    return f"; {', '.join(shown(candidate) for candidate in candidates[:_MANY])} is" if candidates else ""
