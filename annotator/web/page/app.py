"""The page: its tabs side by side, and what happens when it opens.

Tests: tests/e2e/test_page.py
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotator.core.errors import AnnotatorError
from annotator.system import paths
from annotator.web.jobs import Prelabelling
from annotator.web.page import fragments
from annotator.web.page.annotate_tab import build_annotate_tab, opening
from annotator.web.page.client_api import add_client_api
from annotator.web.page.export_tab import build_export_tab
from annotator.web.page.models_tab import build_models_tab
from annotator.web.page.project_key import KEEP_KEY, READ_KEY, Asked
from annotator.web.page.texts import Language, label, language_of, say
from annotator.web.projects import Projects
from annotator.web.sharing import visitor


def build_page(projects: Projects, jobs: Prelabelling) -> gr.Blocks:
    """The page over the projects of one server."""
    page = gr.Blocks(title="Annotator", fill_width=True, analytics_enabled=False)
    with page:
        key = gr.Textbox(visible="hidden", elem_id="project-key")
        opener = gr.Button(visible="hidden", elem_id="open-export")
        models_opener = gr.Button(visible="hidden", elem_id="open-models")
        if projects.login is not None and projects.login.has_page:
            gr.LoginButton(size="sm", elem_id="sign-in")
        gr.HTML("", elem_id="project-name", js_on_load=None)
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab(label("annotate"), id="annotate"):
                annotate = build_annotate_tab(projects, jobs, key)
            with gr.Tab(label("export"), id="export") as tab, gr.Column(elem_classes="annotator-sheet"):
                build_export_tab(key, opener=opener, tabs=tabs, tab=tab)
            with gr.Tab(label("insight"), id="insight") as insight, gr.Column(elem_classes="annotator-sheet"):
                gr.HTML("", elem_id="statistics", js_on_load=None)
            with gr.Tab(label("models"), id="models"), gr.Column(elem_classes="annotator-sheet"):
                cards = build_models_tab(projects, jobs, choice=annotate.model, opener=models_opener, tabs=tabs)

        if not projects.shared:
            add_client_api(page)
        insight.select(None, None, None, js="() => { window.annotator?.showStatistics(); }")

        def open_project(said: str, request: gr.Request) -> tuple[Any, ...]:
            language = language_of(request)
            choices = fragments.model_choices(language)
            chosen = gr.update(choices=choices, value=choices[0][1])
            asked = Asked.parse(said)
            try:
                wanted = projects.find(asked.wanted, asked.keys) if asked.wanted else None
                opened = wanted or projects.welcome(asked.last, keys=asked.keys, address=_address(request))
                projects.note_opened(opened)
                value = opening(opened, projects.name_of(opened), is_lost=bool(asked.wanted) and wanted is None)
                jobs.resume(opened)
            except AnnotatorError as error:
                return "", None, fragments.line(error=projects.plain(str(error))), chosen, gr.skip()
            notice = fragments.line(_storage_notice(projects, language))
            return opened, value, notice, chosen, fragments.model_cards(language)

        opened = page.load(
            open_project,
            [key],
            [key, annotate.editor, annotate.progress, annotate.model, cards],
            js=READ_KEY,
            api_visibility="private",
            show_progress="hidden",
        )
        opened.then(None, [key], None, js=KEEP_KEY).then(
            annotate.resume,
            [key],
            annotate.shown,
            concurrency_limit=None,
            api_visibility="private",
            show_progress="hidden",
        )
    page.queue(default_concurrency_limit=4, max_size=100)
    return page


def _address(request: gr.Request) -> str:
    return visitor.address_of(request.headers, request.client.host if request.client else "")


def _storage_notice(projects: Projects, language: Language) -> str:
    return say("forgets", language) if projects.shared and paths.persistent_storage() is None else ""
