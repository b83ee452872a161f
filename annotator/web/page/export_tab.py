"""The tab Export: what was accepted in any format, and the whole project as one file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import gradio as gr

from annotator.core.errors import AnnotatorError
from annotator.core.numbers import is_finite
from annotator.core.query import MAX_CHARACTERS, parse
from annotator.exchange import leaving
from annotator.exchange.coco.proof import MASK_FORMS, MaskForm
from annotator.exchange.formats import DEFAULT, FORMATS, Format, Options
from annotator.exchange.outlook import outlook
from annotator.system import paths
from annotator.web.page import fragments
from annotator.web.page.project_file import build_project_file
from annotator.web.page.texts import format_label, label, language_of
from annotator.web.projects import Projects

_EXAMPLE: Final = 'state:reviewed category:person,"traffic light" -#17'
# Suggestions count from the threshold on that the editor shows.
_WITH_THRESHOLD: Final = """(...fields) => {
  fields[fields.length - 1] = window.annotator ? window.annotator.threshold() : null;
  return fields;
}"""
_PICKED: Final = "() => [window.annotator ? window.annotator.only() : '']"

_SPLITS: Final = {
    "none": None,
    "0.8": leaving.Split({"train": 0.8, "val": 0.2}),
    "0.7": leaving.Split({"train": 0.7, "val": 0.2, "test": 0.1}),
    "folder": leaving.Split(),
}


def build_export_tab(projects: Projects, key: gr.Textbox, *, picked: gr.Button, tabs: gr.Tabs, tab: gr.Tab) -> None:
    """Lay out the tab and connect its button.

    picked: a hidden button of the page, which the editor presses to export only what is selected there; it stands
    outside the tabs, as one that was never opened is not on the page.
    """
    with gr.Row(elem_id="export-sheet"):
        with gr.Column():
            gr.Markdown(label("export_intro"))
            only, fields = _lay_out_fields()
        with gr.Column():
            with gr.Column(elem_classes="annotator-card"):
                # Above what is said of it, which grows and shrinks: the button never moves.
                export = gr.Button(label("export"), variant="primary", elem_id="export-button")
                ahead = gr.HTML("", elem_id="export-ahead", js_on_load=None)
                threshold = gr.Number(visible="hidden")
                report = gr.HTML("", elem_id="export-report", elem_classes="annotator-says", js_on_load=None)
            with gr.Column(elem_classes="annotator-card"):
                build_project_file(key)

    exports = _Exports(projects)
    export.click(
        exports.write,
        [key, *fields, only, threshold],
        report,
        js=_WITH_THRESHOLD,
        concurrency_limit=2,
        api_visibility="private",
        show_progress="minimal",
    )
    unreviewed = fields[2]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    for changed in (tab.select, only.change, unreviewed.change):
        changed(exports.look_ahead, [key, only, unreviewed, threshold], ahead, js=_WITH_THRESHOLD, **quiet)
    picked.click(lambda expression: (expression, gr.Tabs(selected="export")), only, [only, tabs], js=_PICKED, **quiet)


class _Exports:
    """What the tab's events do."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    def write(  # noqa: PLR0917 - the page hands its fields over by place
        self,
        key: str,
        name: str,
        masks: MaskForm,
        everything: bool,
        pictures: bool,
        origin: bool,
        parts: str,
        expression: str,
        least: float | None,
        request: gr.Request,
    ) -> str:
        format = FORMATS.get(name, DEFAULT)
        split = _SPLITS.get(parts)
        try:
            with self._projects.use(key) as store:
                self._projects.require_quota(key, store, 0)
                written = leaving.export(
                    store,
                    self._projects.export_folder(key, paths.exports(), claim=True),
                    format=format,
                    options=_options(format, masks=masks, with_images=pictures, provenance=origin, split=split),
                    reviewed_only=not everything,
                    only=parse(expression),
                    threshold=_share(least),
                    split=split,
                )
        except AnnotatorError as error:
            return fragments.line(error=self._projects.plain(str(error)))
        return fragments.export_report(key, written, language_of(request))

    def look_ahead(self, key: str, expression: str, everything: bool, least: float | None, request: gr.Request) -> str:
        """What leaves and what does not, before anything is written."""
        try:
            with self._projects.use(key) as store:
                seen = outlook(store, only=parse(expression), reviewed_only=not everything, threshold=_share(least))
        except AnnotatorError as error:
            return fragments.line(error=self._projects.plain(str(error)))
        return fragments.export_outlook(seen, language_of(request), everything=everything)


def _share(value: float | None) -> float | None:
    """A threshold as the page's script says it; None where it is none."""
    return float(value) if is_finite(value) and value is not None and 0 <= value <= 1 else None


def _lay_out_fields() -> tuple[gr.Textbox, list[gr.Radio | gr.Checkbox]]:
    """What is asked: which pictures, in a group of their own, and all else in the order of `_Exports.write`."""
    with gr.Column(elem_classes="annotator-card"):
        gr.Markdown(label("which_pictures"))
        only = gr.Textbox(
            "", label=label("only"), placeholder=_EXAMPLE, max_length=MAX_CHARACTERS, elem_id="export-only"
        )
        unreviewed = gr.Checkbox(False, label=label("unreviewed"))
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
    with gr.Column(elem_classes="annotator-card"):
        gr.Markdown(label("which_file"))
        format = gr.Radio(
            [(format_label(one), one.name) for one in FORMATS.values()], value=DEFAULT.name, label=label("form")
        )
        masks = gr.Radio(
            [(label(f"masks_{form}"), form) for form in MASK_FORMS],
            value=Options.masks,
            label=label("masks"),
            visible="masks" in DEFAULT.takes,
            elem_classes="annotator-lines",
        )
        with_images = gr.Checkbox(False, label=label("with_images"), visible="with_images" in DEFAULT.takes)
        provenance = gr.Checkbox(True, label=label("provenance"), visible="provenance" in DEFAULT.takes)
    format.change(
        _shown_of,
        format,
        [masks, with_images, provenance],
        api_visibility="private",
        show_progress="hidden",
    )
    return only, [format, masks, unreviewed, with_images, provenance, split]


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
