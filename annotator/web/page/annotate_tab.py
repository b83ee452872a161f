"""The tab Annotate: which network pre-labels, how far it is, and the editor.

Tests: tests/e2e/test_page.py
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import AnnotatorError
from annotator.core.numbers import is_id
from annotator.core.people import Role
from annotator.core.project import project_id
from annotator.core.two_networks import source_of_both
from annotator.vision.networks import zoo
from annotator.vision.networks.zoo import ModelInfo
from annotator.web.jobs import TICK_S, Job, Prelabelling
from annotator.web.page import fragments
from annotator.web.page.editor import SegmentationEditor
from annotator.web.page.texts import Language, label, language_of, say
from annotator.web.people import require
from annotator.web.projects import Projects

# A button that keeps the focus would take the editor's next Enter for a click.
_ALL = "(key, model) => { document.activeElement?.blur(); return [key, model]; }"
_FAILED = "(key) => { document.activeElement?.blur(); return [key]; }"
_ONE = """(key, model) => {
  document.activeElement?.blur();
  const open = window.annotator ? window.annotator.imageId() : null;
  return [key, model, JSON.stringify(open === null ? [] : [open])];
}"""
_PICKED = """(key, model) => [key, model, JSON.stringify(window.annotator ? window.annotator.picked() : [])]"""
# The editor asks the chosen network for the mask inside a box.
_TELL_EDITOR = "(model) => { window.annotatorModel = model?.split('+')[0]; }"

Shown = tuple[Any, ...]
"""New values of progress, editor, cancel, model, retry and again."""

UNCHANGED: Shown = (gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip())


@dataclass(frozen=True, eq=False)
class AnnotateTab:
    """What the rest of the page needs of this tab; `resume` follows a batch that runs already."""

    progress: gr.HTML
    editor: SegmentationEditor
    cancel: gr.Button
    model: gr.Dropdown
    retry: gr.Button
    again: gr.Button
    resume: Callable[[str, gr.Request], AsyncIterator[Shown]]

    @property
    def shown(self) -> list[gr.Component]:
        """What an event that pre-labels changes, in the order of `Shown`."""
        return [self.progress, self.editor, self.cancel, self.model, self.retry, self.again]


def build_annotate_tab(projects: Projects, jobs: Prelabelling, key: gr.Textbox) -> AnnotateTab:
    """Lay out the tab and connect its buttons."""
    with gr.Row(elem_id="bar"):
        progress = gr.HTML(fragments.line(), elem_id="progress", js_on_load=None)
        cancel = gr.Button(label("cancel"), size="sm", visible=False, elem_id="cancel")
        retry = gr.Button(label("retry"), size="sm", visible=False, elem_id="retry")
        again = gr.Button(label("prelabel_again"), size="sm", visible=False, elem_id="prelabel-again")
        model = gr.Dropdown(
            fragments.model_choices(), label=label("model"), show_label=False, container=False, elem_id="model"
        )
        one = gr.Button(label("prelabel_one"), size="sm", elem_id="prelabel-one")
        every = gr.Button(label("prelabel_all"), size="sm", variant="primary", elem_id="prelabel-all")
    # The editor presses it for the pictures that are selected in the queue.
    picked = gr.Button(visible="hidden", elem_id="prelabel-picked")
    image_ids = gr.Textbox(visible="hidden")
    editor = SegmentationEditor()
    batches = _Batches(projects, jobs)
    tab = AnnotateTab(progress, editor, cancel, model, retry, again, batches.resume)
    watched: dict[str, Any] = {
        "api_visibility": "private",
        "show_progress": "hidden",
        "concurrency_limit": None,
    }
    one.click(batches.prelabel_some, [key, model, image_ids], tab.shown, js=_ONE, **watched)
    picked.click(batches.prelabel_some, [key, model, image_ids], tab.shown, js=_PICKED, **watched)
    every.click(batches.prelabel_new, [key, model], tab.shown, js=_ALL, **watched)
    again.click(batches.prelabel_all, [key, model], tab.shown, js=_ALL, **watched)
    retry.click(batches.prelabel_failed, [key], tab.shown, js=_FAILED, **watched)
    cancel.click(batches.cancel, [key], progress, **watched)
    model.change(None, [model], None, js=_TELL_EDITOR)
    return tab


class _Batches:
    """What the buttons do. The generators are asynchronous because they last as long as a batch: a page that watches
    one must not hold a thread that saving needs.
    """

    def __init__(self, projects: Projects, jobs: Prelabelling) -> None:
        self._projects = projects
        self._jobs = jobs

    async def prelabel_new(self, key: str, name: str, request: gr.Request) -> AsyncIterator[Shown]:
        """The pictures that the network has not seen; where there are none, all of them are offered again."""
        async for state in self._watch(
            key, lambda: self._begin_new(key, name), language_of(request), model=name.replace(fragments.AND, " + ")
        ):
            yield state

    async def prelabel_all(self, key: str, name: str, request: gr.Request) -> AsyncIterator[Shown]:
        async for state in self._watch(key, lambda: self._begin(key, name, None), language_of(request)):
            yield state

    async def prelabel_some(self, key: str, name: str, ids: str, request: gr.Request) -> AsyncIterator[Shown]:
        """ids: of the open picture, or of those that are selected, as a JSON list."""
        language = language_of(request)
        wanted = _ids_of(ids)
        if not wanted:
            yield fragments.line(say("open_first", language)), *UNCHANGED[1:]
            return
        role = Role.ANNOTATE if len(wanted) == 1 else Role.MANAGE
        async for state in self._watch(key, lambda: self._begin(key, name, wanted), language, role=role):
            yield state

    async def prelabel_failed(self, key: str, request: gr.Request) -> AsyncIterator[Shown]:
        async for state in self._watch(key, lambda: self._jobs.retry(key) or 0, language_of(request)):
            yield state

    async def resume(self, key: str, request: gr.Request) -> AsyncIterator[Shown]:
        job = await run_in_threadpool(self._under_way, key)
        if job is None or not job.running:
            # A generator that yields nothing would empty its outputs.
            yield *UNCHANGED[:4], _visible(job is not None and job.failed > 0), gr.skip()
            return
        async for state in self._follow(key, job, language_of(request)):
            yield state

    def cancel(self, key: str) -> Any:
        try:
            require(self._projects, key, Role.MANAGE)
            self._jobs.cancel(key)
        except AnnotatorError as error:
            return fragments.line(error=self._projects.plain(str(error)))
        return gr.skip()

    def _begin(self, key: str, name: str, only: frozenset[int] | None) -> Job | int:
        info, second = _networks(name)
        with self._projects.use(key) as store:
            images = [image for image in store.images() if only is None or image.id in only]
        return self._jobs.start(key, info, images, second=second) if images else 0

    def _begin_new(self, key: str, name: str) -> Job | int:
        """The batch; else how many pictures there are, all of which the network has seen."""
        info, second = _networks(name)
        by = info.source if second is None else source_of_both(info.source, second.source)
        with self._projects.use(key) as store:
            images = store.images(unseen_by=by)
            seen = store.image_count() - len(images)
        under_way = self._jobs.status(key)
        if not images and (under_way is None or not under_way.running):
            return seen
        return self._jobs.start(key, info, images, second=second, skipped=seen)

    def _under_way(self, key: str) -> Job | None:
        try:
            with self._projects.use(key):  # a key alone may open nothing
                return self._jobs.status(key)
        except AnnotatorError:
            return None

    async def _watch(
        self,
        key: str,
        begin: Callable[[], Job | int],
        language: Language,
        *,
        model: str = "",
        role: Role = Role.MANAGE,
    ) -> AsyncIterator[Shown]:
        """begin: a batch, or how many pictures the network has all seen. role: who may do that."""

        def begin_if_allowed() -> Job | int:
            require(self._projects, key, role)
            return begin()

        try:
            job = await run_in_threadpool(begin_if_allowed)
        except AnnotatorError as error:
            yield fragments.line(error=self._projects.plain(str(error))), *UNCHANGED[1:]
            return
        if isinstance(job, int):
            said = say("all_prelabelled", language, n=job, model=model) if job else say("add_first", language)
            yield fragments.line(said), *UNCHANGED[1:5], _visible(job > 0)
            return
        async for state in self._follow(key, job, language):
            yield state

    async def _follow(self, key: str, job: Job, language: Language) -> AsyncIterator[Shown]:
        shown = -1
        while job.running:
            refresh = tick(key) if job.done != shown else gr.skip()
            shown = job.done
            yield (
                fragments.job_line(job, language, turns=self._jobs.turns),
                refresh,
                _visible(True),
                gr.skip(),
                _visible(False),
                _visible(False),
            )
            await asyncio.sleep(TICK_S)
        choices = gr.update(choices=fragments.model_choices(language))
        ended = fragments.job_line(job, language), tick(key), _visible(False), choices
        yield *ended, _visible(job.failed > 0), _visible(job.skipped > 0)


def _networks(choice: str) -> tuple[ModelInfo, ModelInfo | None]:
    """The networks of one of `fragments.model_choices`. Raises ModelError where there is no such."""
    first, both, second = choice.partition(fragments.AND)
    return zoo.find(first), zoo.find(second) if both else None


def _ids_of(text: str) -> frozenset[int]:
    """What the page's script says of pictures; nothing where it is no list of numbers."""
    try:
        key = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(filter(is_id, key)) if isinstance(key, list) else frozenset()


def _visible(whether: bool) -> Any:
    return gr.update(visible=whether)


def tick(key: str) -> str:
    """The editor's value: another one makes it read the queue and the open picture again."""
    return json.dumps({"project": key, "tick": time.time_ns()})


def opening(key: str, name: str, *, is_lost: bool) -> str:
    """The editor's first value. is_lost: the page's address names a project that is not there or not theirs."""
    return json.dumps({"project": key, "id": project_id(key), "name": name, "lost": is_lost, "tick": time.time_ns()})
