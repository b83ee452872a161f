"""The tab Export: what was accepted as COCO, and the whole project as one file."""

from __future__ import annotations

import gradio as gr

from annotator import exchange
from annotator.core import places
from annotator.core.errors import AnnotatorError
from annotator.storage.coco import MaskForm
from annotator.web import fragments
from annotator.web.project_file import build_project_file
from annotator.web.projects import Projects


def build_export_tab(projects: Projects, key: gr.Textbox) -> None:
    """Lay out the tab and connect its button."""
    gr.Markdown("## Export as COCO\nWhat you accepted, proven by reading the file back before it is yours.")
    masks = gr.Radio(
        [
            ("Lossless: polygons where they are exact, RLE where there are holes", "lossless"),
            ("Polygons only, for trainers that read nothing else", "polygons"),
            ("RLE only", "rle"),
        ],
        value="lossless",
        label="Masks",
    )
    unreviewed = gr.Checkbox(False, label="Also images that are not marked reviewed")
    with_images = gr.Checkbox(False, label="With the pictures, as one zip")
    provenance = gr.Checkbox(True, label="With provenance (model, score, decision) under the key “annotator”")
    export = gr.Button("Export", variant="primary", elem_id="export-button")
    report = gr.HTML("", elem_id="export-report", js_on_load=None)
    build_project_file(key)

    def export_project(found: str, form: MaskForm, everything: bool, pictures: bool, origin: bool) -> str:
        try:
            with projects.use(found) as store:
                projects.require_room(found, store, 0)
                written = exchange.export_coco(
                    store,
                    projects.export_folder(found, places.exports()),
                    masks=form,
                    reviewed_only=not everything,
                    provenance=origin,
                    with_images=pictures,
                    zipped=True,
                )
        except AnnotatorError as error:
            return fragments.line(error=projects.plain(str(error)))
        return fragments.export_report(found, written)

    export.click(
        export_project,
        [key, masks, unreviewed, with_images, provenance],
        report,
        concurrency_limit=2,
        api_visibility="private",
        show_progress="minimal",
    )
