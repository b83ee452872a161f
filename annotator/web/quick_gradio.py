"""Imports Gradio without its work for people who write components: import this before Gradio.

At each start Gradio parses the source of its 80 components, renders a type stub of each and compares it with the file
beside: half of the time of its import, and a write into the folder of the installed package. It leaves out a component
that has no source file, and here none of its own has one while they are defined.

Tests: tests/web/test_quick_gradio.py
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Gradio reads these when it is imported: no call home.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


@contextmanager
def without_stubs() -> Iterator[None]:
    """While the block lasts, Gradio finds no source file of the components that are defined."""
    getfile = inspect.getfile

    def found(of: Any) -> str:
        if sys._getframe(1).f_globals.get("__name__") == "gradio.component_meta":
            raise OSError("no stub is wanted")
        return getfile(of)

    inspect.getfile = found  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = getfile


with without_stubs():
    import gradio  # noqa: F401
