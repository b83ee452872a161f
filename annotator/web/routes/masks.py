"""The mask of a box that a person drew.

Tests: tests/web/routes/test_heatmaps.py, tests/web/routes/test_masks.py
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.dataset import Image
from annotator.core.errors import GeometryError, ModelError
from annotator.core.prompt import Prompt
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.web.assistant import BoxMask, MaskAssistant
from annotator.web.prompt_queue import PromptQueue
from annotator.web.protocol import box_from_json, heatmap_to_json
from annotator.web.routes.requests import MAX_SMALL_BYTES, ImageId, parse_json
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads

Box = tuple[float, float, float, float]


def add_mask_routes(router: APIRouter, prompts: PromptQueue, uploads: Uploads) -> None:
    assistant = MaskAssistant()
    # The mask head works on one box after the other: whoever waits for it holds no thread.
    boxes = Pool(1, each=1)

    @router.post("/{key}/images/{image_id}/mask")
    async def box_mask(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        asked = box_from_json(parse_json(await uploads.small(request, MAX_SMALL_BYTES)))
        model, box, category = asked.model, asked.box_xyxy, asked.category_id

        def prepare(store: Store, image: Image) -> None:
            assistant.prepare(store, image, model=model, box_xyxy=box)

        if box is None or asked.soon:
            await boxes.run(key, prompts.on(key, image_id, prepare))
            return {}

        def by_head(store: Store, image: Image) -> BoxMask | None:
            return assistant.by_head(store, image, box, category_id=category, model=model)

        def by_grabcut(store: Store, image: Image) -> BoxMask:
            return assistant.by_grabcut(store, image, box)

        made = await boxes.run(key, prompts.on(key, image_id, by_head)) or await prompted(key, image_id, box)
        if made is None:
            made = await boxes.run(key, prompts.on(key, image_id, by_grabcut))
        heatmap = None if made.heatmap is None else heatmap_to_json(made.heatmap)
        return {"rle": made.rle.counts, "by": made.by, "heatmap": heatmap}

    async def prompted(key: str, image_id: int, box: Box) -> BoxMask | None:
        """By a network that answers any box, whatever is in it; None where none is here, or it finds nothing."""
        info = await run_in_threadpool(zoo.prompt_here)
        if info is None:
            return None
        try:
            answer = await prompts.answer(key, image_id, Prompt(box_xyxy=box), model=info.name)
        except (ModelError, GeometryError):  # there is another way, which says that it was gone
            return None
        return None if answer is None else BoxMask(answer.rle, info.name, answer.heatmap)
