"""The mask of what somebody points at.

Tests: tests/web/routes/test_prompts.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.dataset import Image
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.web.projects import Projects
from annotator.web.prompt_protocol import answer_to_json, prompt_from_json
from annotator.web.prompter import Prompter
from annotator.web.routes.requests import ImageId, parse_json
from annotator.web.sharing.guard import MAX_BODY_BYTES
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads

Result = TypeVar("Result")

MOST_WAITING = 32
"""Clicks, and pictures to look at, that wait for their turn: whoever clicks faster than that is told so."""


def add_prompt_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    prompter = Prompter()
    # Looking at a picture takes up to seconds, a click some hundredths: each has a queue of its own, and neither is
    # that of the boxes. Whoever waits holds no thread.
    looks = Pool(1, each=1, waiting=MOST_WAITING)
    clicks = Pool(2, each=1, waiting=MOST_WAITING)

    @router.post("/{key}/images/{image_id}/prompt")
    async def prompted_mask(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        found = parse_json(await uploads.small(request, MAX_BODY_BYTES))

        def on(work: Callable[[Store, Image], Result]) -> Callable[[], Result]:
            """The work with the project and the picture, for a thread."""

            def do() -> Result:
                with projects.use(key) as store:
                    return work(store, store.image(image_id))

            return do

        asked = await run_in_threadpool(on(lambda store, image: prompt_from_json(found, image)))
        model = asked.model
        if not await run_in_threadpool(on(lambda store, image: prompter.is_ready(store, image, model=model))):
            await looks.run(key, on(lambda store, image: prompter.prepare(store, image, model=model)))
        if asked.soon:
            return {"number": asked.number, "ready": True}

        def answer(store: Store, image: Image) -> dict[str, Any]:
            made = prompter.answer(store, image, asked.prompt, model=model, earlier=asked.earlier)
            return answer_to_json(made, number=asked.number, by=zoo.find_prompt(model).name)

        return await clicks.run(key, on(answer))
