"""Where things lie on disk. Environment variables win, so that a server or a test can move everything.

Tests: tests/web/test_hosting.py, tests/vision/networks/test_zoo.py
"""

from __future__ import annotations

import os
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]

EXAMPLES = Path(__file__).resolve().parents[1] / "web" / "examples"
"""Photographs that come with the package, free of rights."""


def home() -> Path:
    """The user's own data: projects, compiled networks (ANNOTATOR_HOME, else ~/.annotator).

    Never the working directory nor the temporary folder: Gradio serves files from both.
    """
    return Path(os.environ.get("ANNOTATOR_HOME") or Path.home() / ".annotator")


def projects() -> Path:
    """The folder of the user's own projects, each in a folder of its own."""
    return home() / "projects"


def bundled_models() -> Path:
    """The networks that come with the project: `models/` of the checkout, else what the installed package brought."""
    beside = _REPOSITORY / "models"
    return beside if (beside / "starter-person").is_dir() else Path(__file__).resolve().parents[1] / "bundled_models"


def models() -> Path:
    """Where fetched and added networks land (ANNOTATOR_MODELS, else the checkout's, else the user's own data)."""
    named = os.environ.get("ANNOTATOR_MODELS")
    if named:
        return Path(named).expanduser().resolve()
    bundled = bundled_models()
    return bundled if bundled.parent == _REPOSITORY else home() / "models"


def exports() -> Path:
    """Where the page's exports land (ANNOTATOR_EXPORTS, else `exports/` of the checkout, else the user's own data)."""
    named = os.environ.get("ANNOTATOR_EXPORTS")
    if named:
        return Path(named)
    beside = _REPOSITORY / "exports"
    return beside if beside.is_dir() else home() / "exports"


def persistent_storage() -> Path | None:
    """The volume that a Space keeps over a restart, or None where it has none."""
    volume = Path("/data")
    return volume if volume.is_dir() and os.access(volume, os.W_OK) else None


def on_a_space() -> bool:
    """Whether this process runs as a Hugging Face Space."""
    return bool(os.environ.get("SPACE_ID"))
