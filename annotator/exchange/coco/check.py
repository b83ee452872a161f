"""What is wrong with a COCO file, and with the pictures that it names."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from PIL import Image as Picture

from annotator.core.errors import CocoError
from annotator.core.numbers import is_id
from annotator.core.problems import Findings, Problem
from annotator.exchange.coco.document import NOTHING, parse, read_content
from annotator.exchange.coco.lint import inspect_coco
from annotator.exchange.coco.opened import open_streamed
from annotator.exchange.coco.stream import UnstreamableError
from annotator.exchange.coco.values import name_of, shown
from annotator.exchange.matching import Folder
from annotator.system.collection import collection_paused

_ORIENTATION = 0x0112  # EXIF


def check_coco(document: object, *, most: int | None = None) -> list[Problem]:
    """Every problem of a decoded COCO instances file, or of a list of results, in the document's order.

    most: problems of a kind that are told; the last of them says how many more there are.
    """
    return inspect_coco(document, most=most).problems


@collection_paused()
def check_file(path: Path, *, images: Path | None = None, most: int | None = None) -> list[Problem]:
    """As `check_coco`, of a file; with `images`, also whether every picture lies in that folder and has its size.

    Raises CocoError if the file cannot be read at all, or if that folder is none.
    """
    if images is not None and not images.is_dir():
        raise CocoError(f"{images}: no such folder, expected the pictures of {path.name}")
    said: list[Problem] = []
    try:
        document: Any = open_streamed(path)
    except (UnstreamableError, OSError):
        content = read_content(path)
        document, doubled = parse(content)
        if document is NOTHING:
            return doubled
        said = _encoding_problems(content) + doubled
        del content  # as large as the document, and needed no more
    findings = Findings(most)
    for problem in (*said, *check_coco(document, most=most)):
        findings.add(problem)
    if images is not None and isinstance(document, dict) and isinstance(document.get("images"), list):
        _inspect_pictures(findings, document["images"], Folder(images, beside=path.parent), called=images)
    return findings.problems


def _encoding_problems(content: bytes) -> list[Problem]:
    """Encodings that we read and few other readers do: JSON is UTF-8 without a byte order mark."""
    found = json.detect_encoding(content)
    if found == "utf-8-sig":
        return [Problem("warning", "", "begins with a byte order mark, expected plain UTF-8; most readers fail on it")]
    if found != "utf-8":
        return [Problem("warning", "", f"is {found.upper()}, expected UTF-8; most readers fail on it")]
    return []


def _inspect_pictures(findings: Findings, images: list[Any], folder: Folder, *, called: Path) -> None:
    """Pictures that are not in the folder, are none, or have another size; only their heads are read."""
    for index, image in enumerate(images):
        name = name_of(image) if isinstance(image, dict) else None
        if not isinstance(name, str) or not name or "\0" in name:
            continue
        path = f"images[{index}].file_name"
        file = folder.named(name)
        if file is None:
            # An import looks further than a trainer does: that the picture is elsewhere is a hint.
            sought = folder.elsewhere(name)
            found = sought.found.relative_to(folder.path).as_posix() if sought.found is not None else ""
            missing = f"{shown(name)} is not in {called}"
            said = f"{missing}; {shown(found)} is" if found else f"{missing}{sought.hint and '; '}{sought.hint}"
            findings.error(path, said)
        else:
            _inspect_picture(findings, path, file, image, name)


def _inspect_picture(findings: Findings, path: str, file: Path, image: dict[str, Any], name: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)  # nothing is decoded
            with Picture.open(file) as picture:
                turned = picture.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
                width, height = picture.size[::-1] if turned else picture.size
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        findings.error(path, f"{shown(name)} is not a picture that can be read: {shown(str(error))}")
        return
    sides = image.get("width"), image.get("height")
    if (width, height) != sides and all(is_id(side) and side != 0 for side in sides):
        expected = f"{shown(sides[0])} x {shown(sides[1])}"
        why = "; its EXIF orientation turns it" if turned and (height, width) == sides else ""
        findings.error(path, f"{shown(name)} is {width} x {height} px, the file says {expected}{why}")
