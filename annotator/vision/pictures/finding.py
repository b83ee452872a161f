"""Which pictures are meant by files and folders, and what they are called in a project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from annotator.core.errors import ImageError
from annotator.vision.pictures.kinds import SUFFIXES, is_hidden


def find_pictures(paths: Iterable[Path]) -> list[Path]:
    """Files as they are given, folders as the pictures below them by their names, each once; hidden ones not.

    Raises ImageError for a path that is not there.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            files = sorted(file for file in _below(path) if not is_hidden(file.relative_to(path)))
        elif path.exists():
            files = [path]
        else:
            raise ImageError(f"{path}: no such file or folder")
        for file in files:
            found.setdefault(_absolute(file), file)
    return list(found.values())


def count_hidden(paths: Iterable[Path]) -> int:
    """How many pictures below the folders are hidden, and so passed over."""
    return sum(is_hidden(file.relative_to(path)) for path in paths if path.is_dir() for file in _below(path))


def _below(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def relative_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Names from the folder that all pictures share, so that two files of one name stay apart and no home is told."""
    if not paths:
        return {}
    root = Path(os.path.commonpath([_absolute(path).parent for path in paths]))
    return {path: _absolute(path).relative_to(root).as_posix() for path in paths}


def _absolute(path: Path) -> Path:
    """Without `..`, and with links as they are: their own names are those that people know."""
    return Path(os.path.abspath(path))
