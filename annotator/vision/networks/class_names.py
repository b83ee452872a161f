"""Names of a network's classes -> categories, and where names lie that an export does not carry.

Tests: tests/vision/networks/test_own_model.py, tests/vision/networks/adapters/test_rf_detr.py
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from annotator.core.categories import COCO_BY_NAME, FIRST_OWN_ID
from annotator.core.dataset import Category
from annotator.core.errors import ModelError

NAMES_FILE = "labels.txt"
"""A name a line, in the order of the class index."""

TRAINING_FILE = "training_config.json"
"""What RF-DETR writes beside its checkpoints."""

MOST_BYTES = 1_000_000


def read_names(folder: Path) -> tuple[str, ...]:
    """The names that a file of a folder lists; none where there is no such file. Raises ModelError for one that is no
    text."""
    path = folder / NAMES_FILE
    if path.is_file():
        lines = _text(path).splitlines()
        return tuple(line.strip() for line in lines if line.strip())
    path = folder / TRAINING_FILE
    if path.is_file():
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            names = json.loads(_text(path))["class_names"]
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                return tuple(names)
    return ()


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise ModelError(f"{path}: {path.stat().st_size} bytes, expected at most {MOST_BYTES}")
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: is no text in UTF-8") from error


def to_categories(names: Sequence[str], *, where: str) -> tuple[Category, ...]:
    """Names -> categories: COCO's own, then from 91 on. Raises ModelError that begins with `where`."""
    categories: list[Category] = []
    own = FIRST_OWN_ID
    for name in map(str.strip, names):
        category = COCO_BY_NAME.get(name.replace("_", " "))
        if category is None:
            category, own = Category(own, name), own + 1
        categories.append(category)
    said = [category.name for category in categories]
    if not said or len(set(said)) != len(said) or names[0].startswith("[") or not all(_is_shown(name) for name in said):
        found = " ".join(names)[:80]
        raise ModelError(f"{where}: found {found!r}, expected printable names that differ")
    return tuple(categories)


def _is_shown(name: str) -> bool:
    return bool(name) and name.isprintable()
