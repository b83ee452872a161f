"""Which pictures are meant by files and folders, and what they are called in a project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from annotator.core.errors import ImageError
from annotator.vision.pictures.kinds import OF_MACOS, SUFFIXES


def find_pictures(paths: Iterable[Path]) -> list[Path]:
    """Files as they are given, folders as the pictures below them in the order of their names, each once.

    Raises ImageError for a path that is not there.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            below = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
            files = [file for file in below if file.is_file() and not file.name.startswith(OF_MACOS)]
        elif path.exists():
            files = [path]
        else:
            raise ImageError(f"{path}: no such file or folder")
        for file in files:
            found.setdefault(_absolute(file), file)
    return list(found.values())


def count_of_macos(paths: Iterable[Path]) -> int:
    """How many files below the folders only look like pictures: macOS lays them beside each file of a foreign disk."""
    return sum(file.name.startswith(OF_MACOS) for path in paths if path.is_dir() for file in path.rglob(f"{OF_MACOS}*"))


def relative_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Names from the folder that all pictures share, so that two files of one name stay apart and no home is told."""
    if not paths:
        return {}
    root = Path(os.path.commonpath([_absolute(path).parent for path in paths]))
    return {path: _absolute(path).relative_to(root).as_posix() for path in paths}


def _absolute(path: Path) -> Path:
    """Without `..`, and with links as they are: their own names are those that people know."""
    return Path(os.path.abspath(path))
