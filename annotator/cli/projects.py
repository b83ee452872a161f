"""The project that a verb works on."""

from __future__ import annotations

from pathlib import Path

from annotator.core.errors import AnnotatorError


def require_project(folder: Path) -> None:
    if not (folder / "project.db").is_file():
        raise AnnotatorError(f"{folder}: no project there, expected a folder with project.db")
