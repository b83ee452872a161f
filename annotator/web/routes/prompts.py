"""The mask of what somebody points at.

Tests: tests/web/routes/test_prompts.py
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.vision.networks import zoo
from annotator.web.prompt_protocol import answer_to_json, prompt_from_json
from annotator.web.prompt_queue import PromptQueue
from annotator.web.routes.requests import ImageId, parse_json
from annotator.web.sharing.guard import MAX_BODY_BYTES
from annotator.web.sharing.uploads import Uploads


def add_prompt_routes(router: APIRouter, prompts: PromptQueue, uploads: Uploads) -> None:
    @router.post("/{key}/images/{image_id}/prompt")
    async def prompted_mask(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        found = parse_json(await uploads.small(request, MAX_BODY_BYTES))
        asked = await run_in_threadpool(prompts.on(key, image_id, lambda _, image: prompt_from_json(found, image)))
        if asked.soon:
            await prompts.prepare(key, image_id, model=asked.model)
            return {"number": asked.number, "ready": True}
        answer = await prompts.answer(key, image_id, asked.prompt, model=asked.model, earlier=asked.earlier)
        return answer_to_json(answer, number=asked.number, by=zoo.find_prompt(asked.model).name)
