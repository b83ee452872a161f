"""The annotation editor as a Gradio component: a fixed element that the built script (annotator/web/static) fills.

Tests: tests/e2e/test_page.py
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).resolve().parents[1] / "static"


def _address(name: str) -> str:
    """Address of a built file, relative to the page. The hash of its bytes makes browsers fetch a new one."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]
    return f"annotator/static/{name}?v={digest}"


EDITOR_HEAD = (
    f'<link rel="stylesheet" href="{_address("editor.css")}">\n<script src="{_address("editor.js")}" defer></script>'
)
"""What the page's `<head>` needs, for `gr.Blocks(head=...)` or `launch(head=...)`."""

# Templates pass through Handlebars and template literals: no double braces, dollar signs or backticks in them.
_TEMPLATE = '<div class="annotator" role="region" aria-label="Annotation editor"></div>'
# The script may arrive after the component: until then a list takes the mounts, see src/main.ts.
_ON_LOAD = "(window.annotatorMounts = window.annotatorMounts || []).push({ element, props, watch });"


class SegmentationEditor(gr.HTML):
    """The whole "Annotate" screen.

    Its value is a JSON string `{"project": KEY, "tick": n}`, with `id`, `name` and `lost` when the page opens. A new
    tick makes the editor read the queue and the open picture again. Everything else goes over the routes of
    annotator/web/routes/.
    """

    def __init__(self, value: str | None = None, **props: Any) -> None:
        super().__init__(
            value,
            html_template=_TEMPLATE,
            js_on_load=_ON_LOAD,
            apply_default_css=False,
            **props,
        )

    def get_block_name(self) -> str:
        """The component of Gradio's frontend that draws this one."""
        return "html"
