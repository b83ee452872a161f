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

_SELECT = "() => ({ selected: 'models', __type__: 'update' })"

# A card's button says which network it is for (fragments.model_cards).
_TELL_WHICH = """element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && button.dataset.fetch) trigger("click", { name: button.dataset.fetch });
  if (button && button.dataset.use) trigger("select", { name: button.dataset.use });
});"""


def build_models_tab(
    projects: Projects, jobs: Prelabelling, *, choice: gr.Dropdown, opener: gr.Button, tabs: gr.Tabs
) -> gr.HTML:
    """Lay out the tab and connect its buttons.

    choice: where a network is chosen for pre-labelling. opener: a hidden button of the page, which the editor presses
    to come here; it stands outside the tabs, as one that was never opened is not on the page.
    Returns the networks' cards, for who knows the reader's language when the page opens.
    """
    gr.Markdown(label("models_intro"))
    cards = gr.HTML(fragments.model_cards(), elem_id="model-cards", js_on_load=_TELL_WHICH)
    fetched = gr.HTML("", elem_id="fetch-report", elem_classes="annotator-says", js_on_load=None)

    async def fetch_model(event: gr.EventData, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        language = language_of(request)
        try:
            under_way = await run_in_threadpool(lambda: jobs.fetch(zoo.find_network(_name_in(event))))
            while not under_way.ended.is_set():
                yield fragments.fetch_line(under_way, language), gr.skip(), gr.skip()
                await asyncio.sleep(TICK_S)
            if under_way.error is not None:
                raise under_way.error
        except AnnotatorError as error:
            yield fragments.line(error=projects.plain(str(error))), gr.skip(), gr.skip()
            return
        yield (
            fragments.line(say("fetched", language, name=under_way.info.name)),
            fragments.model_cards(language),
            gr.update(choices=fragments.model_choices(language)),
        )

    def use_model(event: gr.EventData) -> tuple[Any, ...]:
        return gr.update(value=_name_in(event)), gr.Tabs(selected="annotate")

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    cards.click(fetch_model, None, [fetched, cards, choice], concurrency_limit=None, **quiet)
    opener.click(None, None, tabs, js=_SELECT)
    cards.select(use_model, None, [choice, tabs], **quiet)
    return cards


def _name_in(event: gr.EventData) -> str:
    """The network that a card's button is for; what a browser sends instead is no network's name."""
    name = (event._data or {}).get("name") if isinstance(event._data, dict) else None
    return name if isinstance(name, str) else ""
