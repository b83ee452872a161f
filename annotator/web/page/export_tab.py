"""The tab Export: places that the editor fills (frontend/src/screen/exporttab.ts), and the project as one file.

Tests: tests/e2e/test_export.py
"""

from __future__ import annotations

from typing import Final

import gradio as gr

from annotator.web.page.project_file import build_project_file

_SHOW: Final = "() => { window.annotator?.showExport(); }"
_SELECT: Final = "() => ({ selected: 'export', __type__: 'update' })"


def build_export_tab(key: gr.Textbox, *, opener: gr.Button, tabs: gr.Tabs, tab: gr.Tab) -> None:
    """Lay out the tab.

    opener: a hidden button of the page, which the editor presses to come here; it stands outside the tabs, as one that
    was never opened is not on the page.
    """
    with gr.Row(elem_id="export-sheet"):
        with gr.Column():
            gr.HTML("", elem_id="export-form", js_on_load=None)
        with gr.Column():
            # The script fills both places once the second one is there.
            gr.HTML("", elem_id="export-side", js_on_load="window.annotator?.showExport();")
            with gr.Column(elem_classes="annotator-card"):
                build_project_file(key)
    tab.select(None, None, None, js=_SHOW)
    opener.click(None, None, tabs, js=_SELECT)
