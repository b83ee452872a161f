"""The mask of a box that a person drew.

Tests: tests/web/routes/test_heatmaps.py
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from annotator.web.assistant import MaskAssistant
from annotator.web.projects import Projects
from annotator.web.protocol import box_from_json, heatmap_to_json
from annotator.web.routes.requests import MAX_SMALL_BYTES, ImageId, parse_json
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads


def add_mask_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    assistant = MaskAssistant()
    # The mask head works on one box after the other: whoever waits for it holds no thread.
    boxes = Pool(1, each=1)

    @router.post("/{key}/images/{image_id}/mask")
    async def box_mask(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        asked = box_from_json(parse_json(await uploads.small(request, MAX_SMALL_BYTES)))

        def predict() -> dict[str, Any]:
            with projects.use(key) as store:
                image = store.image(image_id)
                if asked.box_xyxy is None or asked.soon:
                    assistant.prepare(store, image, model=asked.model, box_xyxy=asked.box_xyxy)
                    return {}
                made = assistant.mask(store, image, asked.box_xyxy, category_id=asked.category_id, model=asked.model)
            heatmap = None if made.heatmap is None else heatmap_to_json(made.heatmap)
            return {"rle": made.rle.counts, "by": made.by, "heatmap": heatmap}

        return await boxes.run(key, predict)
