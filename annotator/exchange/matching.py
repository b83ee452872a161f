"""The picture that a name in a file means: in a folder, or in the project."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from annotator.core.dataset import Dataset, Image
from annotator.system.files import is_file
from annotator.vision.pictures import decode


class FolderPictures(Mapping[int, tuple[bytes, int, int]]):
    """The pictures of a dataset by image id, each read when it is asked for: content, width, height.

    An image is found by its name below the folder, else by the last part of its name anywhere below it, if only one
    file there has it. No name leads out of the folder.
    """

    def __init__(self, dataset: Dataset, folder: Path, progress: Callable[[], None]) -> None:
        self._names = {image.id: image.file_name for image in dataset.images}
        self._folder = folder.resolve()
        self._bylast_part: dict[str, list[Path]] = {}
        self._progress = progress
        for path in sorted(self._folder.rglob("*")):
            self._bylast_part.setdefault(composed(path.name), []).append(path)

    def __getitem__(self, image_id: int) -> tuple[bytes, int, int]:
        path = self._find(self._names[image_id])
        if path is None:
            raise KeyError(image_id)
        photo = decode.read(path)
        self._progress()
        return photo.content, photo.width, photo.height

    def __iter__(self) -> Iterator[int]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _find(self, name: str) -> Path | None:
        plain = name.replace("\\", "/")
        if "\0" in plain:
            return None
        # A link that the user laid is followed; a name leads nowhere else.
        named = Path(os.path.normpath(self._folder / plain))
        if named.is_relative_to(self._folder) and is_file(named):
            return named
        # macOS takes names apart (e and its accent) that a file from elsewhere has as one letter.
        candidates = [path for path in self._bylast_part.get(composed(last_part(plain)), []) if path.is_file()]
        if len(candidates) > 1:
            whole = composed(plain)
            candidates = [path for path in candidates if composed(path.relative_to(self._folder).as_posix()) == whole]
        return candidates[0] if len(candidates) == 1 else None


class ProjectPictures(Mapping[int, Image]):
    """The project's own images by a dataset's image ids: the only one of that name, or of its last part."""

    def __init__(self, dataset: Dataset, known: Sequence[Image], progress: Callable[[], None]) -> None:
        self._names = {image.id: composed(image.file_name.replace("\\", "/")) for image in dataset.images}
        self._by_name: dict[str, list[Image]] = {}
        self._progress = progress
        for image in known:
            name = composed(image.file_name)
            for one in {name, last_part(name)}:
                self._by_name.setdefault(one, []).append(image)

    def __getitem__(self, image_id: int) -> Image:
        name = self._names[image_id]
        candidates = self._by_name.get(name) or self._by_name.get(last_part(name), [])
        if len(candidates) != 1:
            raise KeyError(image_id)
        self._progress()
        return candidates[0]

    def __iter__(self) -> Iterator[int]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
