"""The part of a COCO file that is about pictures which the project has, where others of it are not there.

Tests: tests/web/routes/test_annotations.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from annotator.core.dataset import Dataset
from annotator.core.rows import part_of
from annotator.core.words import counted
from annotator.exchange.coming import Reading
from annotator.exchange.matching import Names
from annotator.storage.store import Store

_FEW: Final = 20  # pictures that are named


@dataclass(frozen=True)
class Partial:
    """reading: without the images that are `missing`, by name; there: how many are left."""

    reading: Reading
    missing: tuple[str, ...]
    there: int

    @property
    def lines(self) -> list[str]:
        """What is left out, for a person."""
        if not self.missing:
            return []
        more = len(self.missing) - _FEW
        some = ", ".join(map(repr, self.missing[:_FEW])) + (f" and {more} more" if more > 0 else "")
        return [f"{counted(len(self.missing), 'image')} left out, the project has no picture of that name: {some}"]


def part(reading: Reading, store: Store) -> Partial:
    """What a reading has for pictures of the project; files with a folder of their own stay as they are."""
    names = Names((image.file_name, image) for image in store.images())
    files, missing, there = [], [], 0
    for file in reading.files:
        if file.folder is not None or not isinstance(file.content, Dataset):
            files.append(file)
            continue
        beside = PurePosixPath(file.path.as_posix()).parent.as_posix()
        known = {
            image.id
            for image in file.content.images
            if names.find(image.file_name, beside=beside, called=file.path.stem).found is not None
        }
        missing += [image.file_name for image in file.content.images if image.id not in known]
        there += len(known)
        files.append(replace(file, content=part_of(file.content, known)))
    return Partial(replace(reading, files=tuple(files)), tuple(missing), there)
