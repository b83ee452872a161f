"""Finds the COCO files and lists of results that paths mean: a file itself, or every such file in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotator.core.errors import CocoError
from annotator.core.problems import Problem
from annotator.core.words import are, counted
from annotator.exchange import coco
from annotator.exchange.coming import CocoFile, Reading, named, read_document
from annotator.vision.pictures.kinds import SUFFIXES, is_hidden

_MANY = 5  # names in one line


def read_import(paths: Sequence[Path], *, images: Path | None, most: int | None = None) -> Reading:
    """What `coming.bring` takes.

    paths: files; folders are looked through for files of any name that are COCO's, and have their own pictures unless
    they have none. images: the folder of all pictures, where there is one.
    most: problems of a kind that are listed; the others are counted.
    Raises CocoError listing every offending place of every file.
    """
    if images is not None and not images.is_dir():
        raise CocoError(f"{images}: no such folder, expected the pictures of {paths[0].name}")
    gathering = _Gathering(most)
    for path in dict.fromkeys(paths):
        if path.is_dir():
            gathering.look_through(path, images=images)
        else:
            gathering.read(path, name=path.name, folder=images, is_alone=len(paths) == 1)
    return gathering.reading()


@dataclass
class _Gathering:
    most: int | None
    files: list[CocoFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: int = 0

    def read(self, path: Path, *, name: str, folder: Path | None, is_alone: bool) -> None:
        try:
            self._take(coco.opened(path), path, name=name, folder=folder)
        except CocoError as error:
            self.problems += error.problems if is_alone else named(error, name)

    def look_through(self, folder: Path, *, images: Path | None) -> None:
        """Every COCO file below the folder; whatever other JSON lies there is passed over, and named."""
        before = len(self.files) + len(self.problems)
        own = images or (folder if _has_pictures(folder) else None)
        for path in _json_below(folder):
            below = path.relative_to(folder)
            if is_hidden(below):
                self.hidden += 1
                continue
            name = below.as_posix()
            try:
                document = coco.opened(path)
                if is_coco(document):
                    self._take(document, path, name=name, folder=own)
                else:
                    self.others.append(name)
            except CocoError as error:
                self.problems += named(error, name)
        if len(self.files) + len(self.problems) == before:
            more = f"; {self._passed_over()}" if self.others else ""
            self.problems.append(Problem("error", "", f"no COCO file there{more}", str(folder)))

    def _take(self, document: Any, path: Path, *, name: str, folder: Path | None) -> None:
        self.files.append(CocoFile(name, read_document(document, most=self.most), path, folder))

    def reading(self) -> Reading:
        if self.problems:
            raise CocoError(self.problems)
        passed = [self._passed_over()] if self.others else []
        if self.hidden:
            passed.append(f"{counted(self.hidden, 'hidden file')} passed over")
        return Reading(tuple(self.files), tuple(passed))

    def _passed_over(self) -> str:
        some = ", ".join(self.others[:_MANY]) + (", ..." if len(self.others) > _MANY else "")
        return f"{counted(len(self.others), 'file')} that {are(len(self.others))} not COCO's passed over: {some}"


def is_coco(document: Any) -> bool:
    """Whether a decoded JSON document is a COCO file of instances, or a list of results."""
    if isinstance(document, list | coco.StoredList):
        return len(document) > 0 and all(isinstance(one, dict) and "category_id" in one for one in document)
    if not isinstance(document, dict):
        return False
    images, annotations = document.get("images"), document.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list | coco.StoredList):
        return False
    return coco.other_form(annotations) is None


def _json_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".json" and path.is_file():
            yield path


def _has_pictures(folder: Path) -> bool:
    pictures = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return not all(is_hidden(path.relative_to(folder)) for path in pictures)
