"""The page: layout and events, no logic."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from html import escape
from typing import Any

import gradio as gr

from annotator import exchange
from annotator.core import places
from annotator.core.errors import AnnotatorError
from annotator.vision import zoo
from annotator.vision.zoo import ModelInfo
from annotator.web.editor import EDITOR_HEAD, SegmentationEditor
from annotator.web.jobs import TICK_S, Job, Prelabelling
from annotator.web.project_file import build_project_file
from annotator.web.projects import Projects

HEAD = EDITOR_HEAD

CSS = """
.gradio-container, .gradio-container > .main { padding: 0 !important; max-width: none !important; }
footer { display: none !important; }
#tabs, #tabs > * , #tabs .tabitem, #tabs .tabitem > .column { gap: 0 !important; padding: 0 !important; border: 0; }
#tabs > .tab-wrapper { height: 48px; margin: 0 !important; padding: 0 12px !important; background: var(--background-fill-primary);
  border-bottom: 1px solid var(--border-color-primary); }
#tabs > .tab-wrapper::before { content: "Annotator"; font-weight: 650; font-size: 15px; margin-right: 18px;
  letter-spacing: -0.01em; color: var(--body-text-color); }
#tabs .tab-container { height: 48px; }
#tabs .tab-container::after { display: none; }
.html-container:has(> * > .annotator) { padding: 0 !important; }
#bar { position: fixed; top: 0; right: 12px; left: 380px; width: auto; height: 48px; align-items: center;
  justify-content: flex-end; gap: 8px; flex-wrap: nowrap; z-index: 5; }
#bar > * { flex: 0 0 auto; width: auto; min-width: 0 !important; }
#bar > #progress { flex: 1 1 0; overflow: hidden; }
#bar > #model { flex: 0 1 290px; border: 1px solid var(--border-color-primary) !important; }
#bar button { white-space: nowrap; height: 32px; padding: 0 12px; font-weight: 500; }
#bar #model input { height: 30px; font-size: 13px; padding: 0 10px; margin: 0; }
#bar .html-container { padding: 0 !important; }
.annotator-progress { display: flex; align-items: center; justify-content: flex-end; gap: 10px; font-size: 13px;
  min-height: 32px; overflow: hidden; color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums; }
.annotator-progress progress { flex: 0 1 160px; height: 8px; accent-color: var(--color-accent); }
.annotator-progress span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.annotator-progress .bad { color: #b42318; }
.dark .annotator-progress .bad { color: #fda29b; }
.annotator-sheet { max-width: 760px; margin: 0 auto; padding: 28px 20px 60px !important; gap: 18px !important; }
.annotator-sheet .annotator-progress { justify-content: flex-start; }
.annotator-sheet .annotator-progress span { white-space: normal; }
.annotator-sheet .form { background: transparent; border: 0; gap: 14px; }
.annotator-sheet .form > .block { padding: 0 !important; }
.annotator-sheet .html-container { padding: 0 !important; }
#tabs .tab-container button.selected { color: var(--link-text-color); font-weight: 600; }
.annotator-table, .annotator-table * { border-color: var(--border-color-primary) !important; }
.annotator-table { border: 0 !important; }
.annotator-sheet > button { align-self: flex-start; width: auto; min-width: 140px; flex-grow: 0; }
.annotator-table { width: 100%; border-collapse: collapse; font-size: 14px; }
.annotator-table th { text-align: left; font-weight: 600; color: var(--body-text-color-subdued); }
.annotator-table th, .annotator-table td { padding: 10px !important; border: 0 !important;
  border-bottom: 1px solid var(--border-color-primary) !important; }
.annotator-table td.number { font-variant-numeric: tabular-nums; }
.annotator-table small { color: var(--body-text-color-subdued); font-size: 13px; }
.annotator-report { line-height: 1.6; font-size: 14px; }
.annotator-report pre { background: var(--background-fill-secondary); padding: 12px 14px; border-radius: 6px;
  white-space: pre-wrap; font-size: 13px; }
.annotator-report a { color: var(--link-text-color); text-decoration: underline; }
@media (max-width: 1100px) { #bar > #model { flex-basis: 190px; } }
"""


def theme() -> gr.themes.Base:
    """Calm and legible, with the system's own fonts: nothing is fetched from elsewhere."""
    base = gr.themes.Base(
        primary_hue="teal",
        neutral_hue="gray",
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
        radius_size="sm",
        spacing_size="sm",
    )
    # The editor's own colours (frontend/src/editor.css), so that the page is of one piece.
    return base.set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#1a1d22",
        body_text_color="#1b1f26",
        body_text_color_dark="#e7eaee",
        body_text_color_subdued="#5d6675",
        body_text_color_subdued_dark="#a0a9b6",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1a1d22",
        background_fill_secondary="#f4f5f7",
        background_fill_secondary_dark="#14171b",
        border_color_primary="#e1e4e9",
        border_color_primary_dark="#2a2f37",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_label_background_fill="transparent",
        block_title_background_fill="transparent",
        block_title_text_weight="600",
        block_title_text_color="#1b1f26",
        block_title_text_color_dark="#e7eaee",
        input_background_fill="#ffffff",
        input_background_fill_dark="#23272e",
        input_border_color="#cdd2da",
        input_border_color_dark="#3c434e",
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#0b5f58",
        button_primary_background_fill_dark="#3fcdbb",
        button_primary_background_fill_hover_dark="#6bdccd",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#05201d",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="#f0f2f5",
        button_secondary_background_fill_dark="#1a1d22",
        button_secondary_background_fill_hover_dark="#23272e",
        button_secondary_border_color="#cdd2da",
        button_secondary_border_color_dark="#3c434e",
        button_border_width="1px",
        button_primary_border_color="transparent",
        link_text_color="#0f766e",
        link_text_color_dark="#3fcdbb",
        color_accent="#0f766e",
        checkbox_background_color_selected="#0f766e",
        checkbox_background_color_selected_dark="#0f766e",
        checkbox_border_color="#8a93a2",
        checkbox_border_color_dark="#788291",
    )


# The project's key lives in the browser and comes with each event: the server keeps no session that could be lost.
_READ_KEY = "() => [localStorage.getItem('annotator.project') || '']"
_KEEP_KEY = "(key) => { localStorage.setItem('annotator.project', key); }"
_WITH_IMAGE = "(key, model) => [key, model, window.annotator ? window.annotator.imageId() : null]"


def build_page(projects: Projects, jobs: Prelabelling) -> gr.Blocks:
    """The page over the projects of one server."""
    with gr.Blocks(title="Annotator", fill_width=True, analytics_enabled=False) as page:
        key = gr.Textbox(visible="hidden", elem_id="project-key")
        image_id = gr.Number(visible="hidden", precision=0)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Annotate", id="annotate"):
                with gr.Row(elem_id="bar"):
                    progress = gr.HTML(_line(), elem_id="progress", js_on_load=None)
                    cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="cancel")
                    model = gr.Dropdown(
                        _model_choices(), label="Model", show_label=False, container=False, elem_id="model"
                    )
                    one = gr.Button("Pre-label picture", size="sm", elem_id="prelabel-one")
                    every = gr.Button("Pre-label all", size="sm", variant="primary", elem_id="prelabel-all")
                editor = SegmentationEditor()
            with gr.Tab("Export", id="export"), gr.Column(elem_classes="annotator-sheet"):
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
                provenance = gr.Checkbox(
                    True, label="With provenance (model, score, decision) under the key “annotator”"
                )
                export = gr.Button("Export", variant="primary", elem_id="export-button")
                report = gr.HTML("", elem_id="export-report", js_on_load=None)
                build_project_file(key)
            with gr.Tab("Models", id="models"), gr.Column(elem_classes="annotator-sheet"):
                gr.Markdown(
                    "## Models\nThe bundled one works at once. The others are fetched once, checked by size and SHA-384, "
                    "and stay on this computer."
                )
                table = gr.HTML(_model_table(), elem_id="model-table", js_on_load=None)
                wanted = gr.Dropdown(_fetchable(), label="Fetch", interactive=True, elem_id="fetch-name")
                fetch = gr.Button("Fetch", variant="primary", elem_id="fetch-button")
                fetched = gr.HTML("", elem_id="fetch-report", js_on_load=None)

        def open_project(found: str) -> tuple[Any, ...]:
            try:
                opened = projects.welcome(found)
            except AnnotatorError as error:
                return found, None, _line(error=projects.plain(str(error))), gr.update(), gr.update()
            job = jobs.resume(opened)
            running = job is not None and job.running
            notice = _storage_notice(projects)
            choices = _model_choices()
            chosen = gr.update(choices=choices, value=choices[0][1])
            return opened, _tick(opened), _line(notice), chosen, gr.update(visible=running)

        def prelabel(found: str, name: str, only: int | None) -> Iterator[tuple[Any, ...]]:
            try:
                info = zoo.find(name)
                with projects.use(found) as store:
                    images = [row.image for row in store.queue() if only is None or row.image.id == only]
                if not images:
                    yield _line("Add photographs first."), gr.update(), gr.update(), gr.update()
                    return
                job = jobs.start(found, info, images)
            except AnnotatorError as error:
                yield _line(error=projects.plain(str(error))), gr.update(), gr.update(), gr.update()
                return
            yield from follow(found, job)

        def follow(found: str, job: Job) -> Iterator[tuple[Any, ...]]:
            shown = -1
            while job.running:
                refresh = _tick(found) if job.done != shown else gr.update()
                shown = job.done
                yield _job_line(job), refresh, gr.update(visible=True), gr.update()
                time.sleep(TICK_S)
            yield _job_line(job), _tick(found), gr.update(visible=False), gr.update(choices=_model_choices())

        def prelabel_all(found: str, name: str) -> Iterator[tuple[Any, ...]]:
            yield from prelabel(found, name, None)

        def prelabel_one(found: str, name: str, current: int | None) -> Iterator[tuple[Any, ...]]:
            if current is None:
                yield _line("Open a photograph first."), gr.update(), gr.update(), gr.update()
                return
            yield from prelabel(found, name, int(current))

        def resume(found: str) -> Iterator[tuple[Any, ...]]:
            job = jobs.status(found)
            if job is not None and job.running:
                yield from follow(found, job)
            else:  # a generator that yields nothing would empty its outputs
                yield gr.update(), gr.update(), gr.update(), gr.update()

        def export_project(found: str, how: str, everything: bool, pictures: bool, origin: bool) -> str:
            try:
                written = exchange.export_coco(
                    projects.get(found),
                    projects.export_folder(found, places.exports()),
                    masks=how,
                    reviewed_only=not everything,
                    provenance=origin,
                    with_images=pictures,
                    zipped=True,
                )
            except AnnotatorError as error:
                return _line(error=projects.plain(str(error)))
            return _export_report(found, written)

        def fetch_model(name: str | None) -> Iterator[tuple[Any, ...]]:
            if not name:
                yield _line("Everything is here already."), gr.update(), gr.update(), gr.update()
                return
            try:
                info = zoo.find(name)
                for done, total in jobs.fetch(info):
                    yield _fetch_line(info, done, total), gr.update(), gr.update(), gr.update()
            except AnnotatorError as error:
                yield _line(error=projects.plain(str(error))), gr.update(), gr.update(), gr.update()
                return
            ready = _line(f"{info.name} is here and verified.")
            yield (
                ready,
                _model_table(),
                gr.update(choices=_fetchable(), value=None),
                gr.update(choices=_model_choices()),
            )

        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        shown = [progress, editor, cancel, model]
        opened = page.load(open_project, [key], [key, editor, progress, model, cancel], js=_READ_KEY, **private)
        opened.then(None, [key], None, js=_KEEP_KEY).then(resume, [key], shown, concurrency_limit=None, **private)
        one.click(prelabel_one, [key, model, image_id], shown, js=_WITH_IMAGE, concurrency_limit=None, **private)
        every.click(prelabel_all, [key, model], shown, concurrency_limit=None, **private)
        cancel.click(jobs.cancel, [key], None, queue=False, **private)
        export.click(
            export_project, [key, masks, unreviewed, with_images, provenance], report, concurrency_limit=2, **private
        )
        fetch.click(fetch_model, [wanted], [fetched, table, wanted, model], concurrency_limit=1, **private)
    page.queue(default_concurrency_limit=4, max_size=100)
    return page


def _tick(key: str) -> str:
    return json.dumps({"project": key, "tick": time.time_ns()})


def _classes(info: ModelInfo) -> str:
    return info.categories[0].name if len(info.categories) == 1 else f"{len(info.categories)} classes"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _model_choices() -> list[tuple[str, str]]:
    """Label and name of each model: what it detects, and whether it is here or would be fetched."""
    return [
        (
            f"{info.name} · {_classes(info)} · "
            + ("ready" if info.present else f"fetches {_megabytes(info.missing_bytes)} once"),
            info.name,
        )
        for info in zoo.list_models()
    ]


def _fetchable() -> list[tuple[str, str]]:
    return [
        (f"{info.title} ({_megabytes(info.missing_bytes)})", info.name)
        for info in zoo.list_models()
        if not info.present
    ]


def _model_table() -> str:
    rows = "".join(
        f"<tr><td><b>{escape(info.name)}</b><br><small>{escape(info.description)}</small></td>"
        f"<td>{escape(_classes(info))}</td><td class='number'>{info.threshold:.2f}</td>"
        f"<td>{'✓ here' if info.present else f'to fetch, {_megabytes(info.missing_bytes)}'}</td></tr>"
        for info in zoo.list_models()
    )
    head = "<tr><th>Network</th><th>Detects</th><th>Default threshold</th><th>State</th></tr>"
    return f"<table class='annotator-table'>{head}{rows}</table>"


def _line(message: str = "", *, error: str | None = None, done: int = 0, total: int = 0) -> str:
    """One line of state, with a bar while there is something to count. Everything is escaped: names are users' own."""
    bar = f"<progress value='{done}' max='{total}'></progress>" if total else ""
    text = f"<span role='status'>{escape(message)}</span>" if message else ""
    bad = f"<span role='alert' class='bad' title='{escape(error)}'>{escape(error)}</span>" if error else ""
    return f"<div class='annotator-progress'>{bar}{text}{bad}</div>"


def _job_line(job: Job) -> str:
    trouble = None
    if job.failures:
        more = f" (and {job.failed - 1} more)" if job.failed > 1 else ""
        trouble = f"{job.failures[0]}{more}"
    if job.error is not None:
        return _line(error=job.error)
    counted = f"{job.done} of {job.total}"
    if job.running:
        if job.stage == "fetching" and job.info is not None:
            return _fetch_line(job.info, *job.fetched)
        stage = {"waiting": "Waiting for the network", "loading": f"Loading {job.model}"}.get(job.stage)
        message = f"{stage}…" if stage else f"Pre-labelling {counted}"
        return _line(message, error=trouble, done=job.done, total=job.total)
    good = job.done - job.failed
    message = f"Cancelled: {good} of {job.total} pre-labelled." if job.remaining else f"{good} pre-labelled."
    return _line(message, error=trouble)


def _fetch_line(info: ModelInfo, done: int, total: int) -> str:
    return _line(f"Fetching {info.name}: {_megabytes(done)} of {_megabytes(total)}", done=done, total=total)


def _storage_notice(projects: Projects) -> str:
    if projects.shared and places.persistent_storage() is None:
        return "This Space keeps nothing over a restart: before you leave, download the project (tab Export)."
    return ""


def _export_report(key: str, written: exchange.Written) -> str:
    lines = escape("\n".join(written.lines))
    files = "".join(
        f"<li><a href='annotator/{escape(key)}/exports/{escape(path.name)}' download>{escape(path.name)}</a>"
        f" ({_megabytes(path.stat().st_size)})</li>"
        for path in written.files
    )
    return f"<div class='annotator-report' role='status'><b>Download</b><ul>{files}</ul><pre>{lines}</pre></div>"
