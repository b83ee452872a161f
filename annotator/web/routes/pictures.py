"""The pixels that a browser shows: pictures and thumbnails.

Tests: tests/web/routes/test_queue.py
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from annotator.web import pictures
from annotator.web.projects import Projects
from annotator.web.routes.answers import picture_response
from annotator.web.routes.requests import ImageId
from annotator.web.sharing.slots import Pool


def add_picture_routes(router: APIRouter, projects: Projects) -> None:
    # Pictures are shown beside those that come in, some of which take a decoder as long as it may.
    showing = Pool(5, each=2)

    @router.get("/{key}/pictures/{image_id}")
    async def picture(key: str, image_id: ImageId) -> Response:
        def find() -> tuple[Path | bytes, str]:
            with projects.use(key) as store:
                return pictures.shown(store, store.image(image_id))

        found, kind = await showing.run(key, find)
        return picture_response(found, kind)

    @router.get("/{key}/thumbnails/{image_id}")
    async def thumbnail(key: str, image_id: ImageId) -> Response:
        def find() -> Path | None:
            with projects.use(key) as store:
                return pictures.thumbnail(store, store.image(image_id))

        def make() -> Path | bytes:
            with projects.use(key) as store:
                return pictures.make_thumbnail(store, store.image(image_id))

        path = await run_in_threadpool(find)
        return picture_response(await showing.run(key, make) if path is None else path, "image/jpeg")
