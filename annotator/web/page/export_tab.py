"""The tab Export: what was accepted as COCO, and the whole project as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import gradio as gr

from annotator.core.errors import AnnotatorError
from annotator.exchange import leaving
from annotator.exchange.coco.proof import MaskForm
from annotator.exchange.formats.base import OtherForm
from annotator.storage.store import Store
from annotator.system import paths
from annotator.web.page import fragments
from annotator.web.page.project_file import build_project_file
from annotator.web.page.texts import label, language_of
from annotator.web.projects import Projects

Form = OtherForm | Literal["coco"]

_SPLITS = {
    "none": None,
    "0.8": leaving.Split({"train": 0.8, "val": 0.2}),
    "0.7": leaving.Split({"train": 0.7, "val": 0.2, "test": 0.1}),
    "folder": leaving.Split(),
}


def build_export_tab(projects: Projects, key: gr.Textbox) -> None:
    """Lay out the tab and connect its button."""
    gr.Markdown(label("export_intro"))
    masks = gr.Radio(
        [
            (label("masks_lossless"), "lossless"),
            (label("masks_polygons"), "polygons"),
            (label("masks_rle"), "rle"),
        ],
        value="lossless",
        label=label("masks"),
    )
    unreviewed = gr.Checkbox(False, label=label("unreviewed"))
    with_images = gr.Checkbox(False, label=label("with_images"))
    provenance = gr.Checkbox(True, label=label("provenance"))
    with gr.Accordion(label("more_forms"), open=False):
        split = gr.Radio(
            [
                (label("parts_none"), "none"),
                (label("parts_two"), "0.8"),
                (label("parts_three"), "0.7"),
                (label("parts_folder"), "folder"),
            ],
            value="none",
            label=label("parts"),
        )
        form = gr.Radio(
            [("COCO", "coco"), (label("form_yolo"), "yolo-seg"), ("Pascal VOC", "voc"), ("LabelMe", "labelme")],
            value="coco",
            label=label("form"),
        )
    export = gr.Button(label("export"), variant="primary", elem_id="export-button")
    report = gr.HTML("", elem_id="export-report", js_on_load=None)
    build_project_file(key)

    def export_project(  # noqa: PLR0917 - the page hands its fields over by place
        found: str,
        masks: MaskForm,
        everything: bool,
        pictures: bool,
        origin: bool,
        parts: str,
        form: Form,
        request: gr.Request,
    ) -> str:
        try:
            with projects.use(found) as store:
                projects.require_room(found, store, 0)
                written = _export(
                    store,
                    projects.export_folder(found, paths.exports()),
                    masks=masks,
                    everything=everything,
                    pictures=pictures,
                    origin=origin,
                    split=_SPLITS.get(parts),
                    form=form,
                )
        except AnnotatorError as error:
            return fragments.line(error=projects.plain(str(error)))
        return fragments.export_report(found, written, language_of(request))

    export.click(
        export_project,
        [key, masks, unreviewed, with_images, provenance, split, form],
        report,
        concurrency_limit=2,
        api_visibility="private",
        show_progress="minimal",
    )


def _export(
    store: Store,
    folder: Path,
    *,
    masks: MaskForm,
    everything: bool,
    pictures: bool,
    origin: bool,
    split: leaving.Split | None,
    form: Form,
) -> leaving.Written:
    """What leaves as more than one file leaves as a zip: a browser downloads one file at a time."""
    if form != "coco":
        return leaving.export_other(store, folder, form=form, reviewed_only=not everything, split=split, zipped=True)
    return leaving.export_coco(
        store,
        folder,
        masks=masks,
        reviewed_only=not everything,
        provenance=origin,
        split=split,
        with_images=pictures,
        zipped=pictures or split is not None,
    )
