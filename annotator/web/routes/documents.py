"""A picture's document: all that the editor shows of it.

While the JSON of very many masks is made, it takes dozens of times their memory. Such documents are made one after the
other, and wait on the disk for whoever reads them slowly.
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import StoreError
from annotator.storage.store import Store
from annotator.web.projects import Projects
from annotator.web.protocol import document_head_to_json, document_to_json, instance_to_json
from annotator.web.routes.answers import NEVER_KEPT, LeavingFile
from annotator.web.routes.requests import ImageId
from annotator.web.sharing.slots import Pool

LARGE_BYTES = 1_000_000
"""Of a picture's masks and polygons in the database; hundreds of people have some ten thousand."""

MAX_LEAVING = 64
"""Large documents on their way out, at most some 60 MB each."""

MAX_LEAVING_EACH = 8
"""Of one project: a browser asks for six things at once."""


def add_document_routes(router: APIRouter, projects: Projects, *, outgoing: Path) -> None:
    """outgoing: a folder of our own for large documents; it is emptied."""
    shutil.rmtree(outgoing, ignore_errors=True)
    making = Pool(1, each=1)
    leaving = Pool(MAX_LEAVING, each=MAX_LEAVING_EACH, waiting=0)

    @router.get("/{key}/images/{image_id}")
    async def document(key: str, image_id: ImageId) -> Response:
        def make_unless_large() -> Response | None:
            with projects.use(key) as store:
                if store.masks_size(image_id) > LARGE_BYTES:
                    return None
                return JSONResponse(document_to_json(store, image_id, url=url))

        def write() -> None:
            with projects.use(key) as store:
                _write(store, image_id, url, path)

        url, path = f"annotator/{key}/pictures/{image_id}", outgoing / f"{secrets.token_hex(8)}.json"
        small = await run_in_threadpool(make_unless_large)
        if small is not None:
            return small
        async with AsyncExitStack() as held:
            await held.enter_async_context(leaving.slot(key))
            held.callback(path.unlink, missing_ok=True)
            await making.run(key, write)
            return LeavingFile(path, held.pop_all(), media_type="application/json", headers=NEVER_KEPT)


def _write(store: Store, image_id: int, url: str, path: Path) -> None:
    """Write a document instance by instance: JSON of many at once keeps the interpreter from everybody's gestures.

    Raises MissingError where there is no such image, StoreError where the disk takes no more.
    """
    head = json.dumps(document_head_to_json(store, image_id, url=url))
    instances = store.instances(image_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="ascii") as file:
            file.write(f'{head[:-1]}, "instances": [')
            for index, instance in enumerate(instances):
                file.write((", " if index else "") + json.dumps(instance_to_json(instance)))
            file.write("]}")
    except OSError as error:
        raise StoreError(f"the server's disk cannot take the picture's masks: {error.strerror or error}") from error
