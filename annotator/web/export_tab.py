"""The tab Export: what was accepted as COCO, and the whole project as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import gradio as gr

from annotator import exchange
from annotator.core import places
from annotator.core.errors import AnnotatorError
from annotator.storage.coco import MaskForm
from annotator.storage.formats import OtherForm
from annotator.storage.store import Store
from annotator.web import fragments
from annotator.web.project_file import build_project_file
from annotator.web.projects import Projects

Form = OtherForm | Literal["coco"]

_SPLITS = {
    "none": None,
    "0.8": exchange.Split({"train": 0.8, "val": 0.2}),
    "0.7": exchange.Split({"train": 0.7, "val": 0.2, "test": 0.1}),
    "folder": exchange.Split(),
}


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
    with gr.Accordion("Parts for training, other formats", open=False):
        split = gr.Radio(
            [
                ("All in one", "none"),
                ("Training 80 %, validation 20 %", "0.8"),
                ("Training 70 %, validation 20 %, test 10 %", "0.7"),
                ("By the folders train, val and test", "folder"),
            ],
            value="none",
            label="Parts (pictures that look alike stay together)",
        )
        form = gr.Radio(
            [("COCO", "coco"), ("YOLO segmentation", "yolo-seg"), ("Pascal VOC", "voc"), ("LabelMe", "labelme")],
            value="coco",
            label="Format (what others than COCO cannot hold stands in the report)",
        )
    export = gr.Button("Export", variant="primary", elem_id="export-button")
    report = gr.HTML("", elem_id="export-report", js_on_load=None)
    build_project_file(key)

    def export_project(  # noqa: PLR0917 - the page hands its fields over by place
        found: str, masks: MaskForm, everything: bool, pictures: bool, origin: bool, parts: str, form: Form
    ) -> str:
        try:
            with projects.use(found) as store:
                projects.require_room(found, store, 0)
                written = _export(
                    store,
                    projects.export_folder(found, places.exports()),
                    masks=masks,
                    everything=everything,
                    pictures=pictures,
                    origin=origin,
                    split=_SPLITS.get(parts),
                    form=form,
                )
        except AnnotatorError as error:
            return fragments.line(error=projects.plain(str(error)))
        return fragments.export_report(found, written)

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
    split: exchange.Split | None,
    form: Form,
) -> exchange.Written:
    """What leaves as more than one file leaves as a zip: a browser downloads one file at a time."""
    if form != "coco":
        return exchange.export_other(store, folder, form=form, reviewed_only=not everything, split=split, zipped=True)
    return exchange.export_coco(
        store,
        folder,
        masks=masks,
        reviewed_only=not everything,
        provenance=origin,
        split=split,
        with_images=pictures,
        zipped=pictures or split is not None,
    )
