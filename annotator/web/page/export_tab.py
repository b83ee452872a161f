"""The tab Export: what was accepted in any format, and the whole project as one file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import gradio as gr

from annotator.core.errors import AnnotatorError
from annotator.exchange import leaving
from annotator.exchange.coco.proof import MASK_FORMS, MaskForm
from annotator.exchange.formats import DEFAULT, FORMATS, Format, Options
from annotator.system import paths
from annotator.web.page import fragments
from annotator.web.page.project_file import build_project_file
from annotator.web.page.texts import format_label, label, language_of
from annotator.web.projects import Projects

_SPLITS: Final = {
    "none": None,
    "0.8": leaving.Split({"train": 0.8, "val": 0.2}),
    "0.7": leaving.Split({"train": 0.7, "val": 0.2, "test": 0.1}),
    "folder": leaving.Split(),
}


def build_export_tab(projects: Projects, key: gr.Textbox) -> None:
    """Lay out the tab and connect its button."""
    gr.Markdown(label("export_intro"))
    fields = _lay_out_fields()
    export = gr.Button(label("export"), variant="primary", elem_id="export-button")
    report = gr.HTML("", elem_id="export-report", js_on_load=None)
    build_project_file(key)

    def export_project(  # noqa: PLR0917 - the page hands its fields over by place
        found: str,
        name: str,
        masks: MaskForm,
        everything: bool,
        pictures: bool,
        origin: bool,
        parts: str,
        request: gr.Request,
    ) -> str:
        format = FORMATS.get(name, DEFAULT)
        split = _SPLITS.get(parts)
        try:
            with projects.use(found) as store:
                projects.require_quota(found, store, 0)
                written = leaving.export(
                    store,
                    projects.export_folder(found, paths.exports(), claim=True),
                    format=format,
                    options=_options(format, masks=masks, with_images=pictures, provenance=origin, split=split),
                    reviewed_only=not everything,
                    split=split,
                )
        except AnnotatorError as error:
            return fragments.line(error=projects.plain(str(error)))
        return fragments.export_report(found, written, language_of(request))

    export.click(
        export_project,
        [key, *fields],
        report,
        concurrency_limit=2,
        api_visibility="private",
        show_progress="minimal",
    )


def _lay_out_fields() -> list[gr.Radio | gr.Checkbox]:
    """What is asked, in the order in which `export_project` takes it."""
    format = gr.Radio(
        [(format_label(one), one.name) for one in FORMATS.values()], value=DEFAULT.name, label=label("form")
    )
    masks = gr.Radio(
        [(label(f"masks_{form}"), form) for form in MASK_FORMS],
        value=Options.masks,
        label=label("masks"),
        visible="masks" in DEFAULT.takes,
    )
    unreviewed = gr.Checkbox(False, label=label("unreviewed"))
    with_images = gr.Checkbox(False, label=label("with_images"), visible="with_images" in DEFAULT.takes)
    provenance = gr.Checkbox(True, label=label("provenance"), visible="provenance" in DEFAULT.takes)
    with gr.Accordion(label("more_parts"), open=False):
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
    format.change(
        _shown_of,
        format,
        [masks, with_images, provenance],
        api_visibility="private",
        show_progress="hidden",
    )
    return [format, masks, unreviewed, with_images, provenance, split]


def _shown_of(name: str) -> tuple[dict[str, Any], ...]:
    """Which options the page shows of a format: those that it takes."""
    takes = FORMATS.get(name, DEFAULT).takes
    return tuple(gr.update(visible=option in takes) for option in ("masks", "with_images", "provenance"))


def _options(format: Format, *, split: leaving.Split | None, **chosen: Any) -> Options:
    """What was chosen of what the format takes; a field that is hidden keeps its value, and that says nothing.

    What leaves as more than one file leaves as a zip: a browser downloads one file at a time.
    """
    options = Options(**{name: value for name, value in chosen.items() if name in format.takes})
    return replace(options, zipped=format.brings_pictures or options.with_images or split is not None)
