"""The tab Models: which networks there are, and fetching those that are not here.

Tests: tests/e2e/test_page.py
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import AnnotatorError
from annotator.vision.networks import zoo
from annotator.web.jobs import TICK_S, Prelabelling
from annotator.web.page import fragments
from annotator.web.page.texts import label, language_of, say
from annotator.web.projects import Projects


def build_models_tab(projects: Projects, jobs: Prelabelling, *, choice: gr.Dropdown) -> gr.HTML:
    """Lay out the tab and connect its button. choice: where a network is chosen for pre-labelling.

    Returns the table of the networks, for who knows the reader's language when the page opens.
    """
    gr.Markdown(label("models_intro"))
    table = gr.HTML(fragments.model_table(), elem_id="model-table", js_on_load=None)
    wanted = gr.Dropdown(fragments.fetchable(), label=label("fetch"), interactive=True, elem_id="fetch-name")
    fetch = gr.Button(label("fetch"), variant="primary", elem_id="fetch-button")
    fetched = gr.HTML("", elem_id="fetch-report", js_on_load=None)

    async def fetch_model(name: str | None, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        language = language_of(request)
        if not name:
            yield fragments.line(say("all_here", language)), gr.skip(), gr.skip(), gr.skip()
            return
        try:
            under_way = await run_in_threadpool(lambda: jobs.fetch(zoo.find(name)))
            while not under_way.ended.is_set():
                yield fragments.fetch_line(under_way, language), gr.skip(), gr.skip(), gr.skip()
                await asyncio.sleep(TICK_S)
            if under_way.error is not None:
                raise under_way.error
        except AnnotatorError as error:
            yield fragments.line(error=projects.plain(str(error))), gr.skip(), gr.skip(), gr.skip()
            return
        yield (
            fragments.line(say("fetched", language, name=under_way.info.name)),
            fragments.model_table(language),
            gr.update(choices=fragments.fetchable(), value=None),
            gr.update(choices=fragments.model_choices(language)),
        )

    fetch.click(
        fetch_model,
        [wanted],
        [fetched, table, wanted, choice],
        concurrency_limit=None,
        api_visibility="private",
        show_progress="hidden",
    )
    return table
