"""One picture: its document changed by gestures, its heatmaps, its way into the bin."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from annotator.core.errors import StaleRevisionError
from annotator.web.projects import Projects
from annotator.web.protocol import gesture_from_json, heatmap_to_json
from annotator.web.routes.requests import ImageId, parse_json, who_decides
from annotator.web.sharing.guard import MAX_GESTURE_BYTES
from annotator.web.sharing.uploads import Uploads


def add_image_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    @router.delete("/{key}/images/{image_id}")
    def remove(key: str, image_id: ImageId) -> dict[str, Any]:
        with projects.use(key) as store:
            store.remove_image(image_id)
        return {}

    @router.post("/{key}/images/{image_id}/gestures")
    async def gesture(key: str, image_id: ImageId, request: Request) -> Response:
        async with uploads.received(request, key, MAX_GESTURE_BYTES) as body:
            return await uploads.work(key, body, lambda content: _save(projects, key, image_id, content))

    @router.get("/{key}/images/{image_id}/heatmaps/{instance}")
    def heatmap(key: str, image_id: ImageId, instance: str) -> dict[str, Any]:
        with projects.use(key) as store:
            found = store.heatmap(image_id, instance)
        return {"heatmap": None if found is None else heatmap_to_json(found)}


def _save(projects: Projects, key: str, image_id: int, content: bytes) -> Response:
    """Record a gesture; where it was made on an older revision, say the stored one."""
    with projects.use(key) as store:
        image = store.image(image_id, in_bin=True)
        made = gesture_from_json(
            parse_json(content),
            image_id=image_id,
            who=who_decides(projects, key),
            height=image.height,
            width=image.width,
        )
        try:
            # One gesture after the other, so that each sees what the last one took.
            revision = store.record(made, before=lambda: projects.require_quota(key, store, len(content)))
        except StaleRevisionError as error:
            stored = store.image(image_id, in_bin=True).revision
            return JSONResponse({"error": projects.plain(str(error)), "revision": stored}, status_code=409)
    return JSONResponse({"revision": revision})
