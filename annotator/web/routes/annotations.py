"""COCO files that come in over HTTP: what they say about pictures that the project has."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import CocoError
from annotator.exchange import coming
from annotator.web.projects import Projects
from annotator.web.sharing import coco_child
from annotator.web.sharing.guard import MAX_COCO_BYTES
from annotator.web.sharing.uploads import Turns, Uploads

MAX_NAME = 200


def add_annotation_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    # A document takes some ten times the memory of its file: one after the other.
    turns = Turns(1, each=1)

    @router.post("/{key}/annotations")
    async def bring(key: str, name: str, request: Request) -> dict[str, list[str]]:
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise CocoError([f"{name:.80}: expected a name of 1 to {MAX_NAME} printable characters"])
        # Before the body is read: whoever may not add anything need not send it either.
        await run_in_threadpool(projects.get, key)

        most = min(MAX_COCO_BYTES, int(projects.limits.coco_mb * 1e6)) if projects.shared else MAX_COCO_BYTES
        async with uploads.received(request, key, most) as body:
            return {"lines": await turns.run(key, lambda: _bring(projects, key, body.content(), name=name))}


def _bring(projects: Projects, key: str, content: bytes, *, name: str) -> list[str]:
    """What changed, a line each. Raises CocoError, LimitError where there is no room; nothing has changed then."""
    found = (coco_child.read if projects.shared else coming.read_alone)(content, name=name)
    with projects.use(key) as store:
        projects.require_room(key, store, len(content))
        names = {category.name for dataset in found.datasets.values() for category in dataset.categories}
        projects.require_room_for_categories(store, names)
        lines = coming.bring(found, store, folder=None)
        projects.grew(key, len(content))
    return lines
