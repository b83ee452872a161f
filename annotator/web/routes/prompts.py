"""The mask of what somebody points at.

Tests: tests/web/routes/test_prompts.py
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import ModelError
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.model_info import PromptInfo
from annotator.web.projects import Projects
from annotator.web.prompt_protocol import answer_to_json, prompt_from_json
from annotator.web.prompt_queue import PromptQueue
from annotator.web.routes.requests import ImageId, parse_json
from annotator.web.sharing.guard import MAX_BODY_BYTES
from annotator.web.sharing.uploads import Uploads


def add_prompt_routes(router: APIRouter, prompts: PromptQueue, uploads: Uploads, projects: Projects) -> None:
    @router.get("/{key}/prompts")
    def networks(key: str) -> dict[str, Any]:
        """The networks that are here, and which of them answers where none is named."""
        with projects.use(key):
            here = [info for info in zoo.list_prompts() if info.present]
        offered = zoo.offered_among(here)
        return {
            "networks": [{"name": info.name, "title": info.title} for info in here],
            "offered": None if offered is None else offered.name,
        }

    @router.post("/{key}/images/{image_id}/prompt")
    async def prompted_mask(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        """Asked for soon, it only gets ready; `by` is null where no network is here that could answer."""
        found = parse_json(await uploads.small(request, MAX_BODY_BYTES))
        asked = await run_in_threadpool(prompts.on(key, image_id, lambda _, image: prompt_from_json(found, image)))
        info = await run_in_threadpool(_network, asked.model)
        if info is None:
            if asked.soon:
                return {"number": asked.number, "ready": False, "by": None}
            raise ModelError("no network that answers clicks is here: annotator models fetch mobile-sam brings one")
        if asked.soon:
            await prompts.prepare(key, image_id, model=info.name)
            return {"number": asked.number, "ready": True, "by": compile_cache.hashed_name(info)}
        answer = await prompts.answer(key, image_id, asked.prompt, model=info.name, earlier=asked.earlier)
        return answer_to_json(answer, number=asked.number, by=compile_cache.hashed_name(info))


def _network(name: str | None) -> PromptInfo | None:
    """The network of that name, else the one that is offered; None where there is none."""
    return zoo.prompt_here() if name is None else zoo.find_prompt(name)
