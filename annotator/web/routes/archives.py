"""The whole project as one file, over HTTP: downloaded from one server, opened on another."""

from __future__ import annotations

import secrets
import shutil
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from annotator.storage import archive
from annotator.web.projects import Projects
from annotator.web.sharing.guard import MAX_ARCHIVE_BYTES
from annotator.web.sharing.limits import LimitError
from annotator.web.sharing.uploads import Turns, Uploads

MAX_OUTGOING = 8
"""Archives that are being downloaded at once: each lies on the disk for as long."""


def add_archive_routes(router: APIRouter, projects: Projects, uploads: Uploads, *, outgoing: Path) -> None:
    """outgoing: a folder of our own for archives on their way out; it is emptied."""
    shutil.rmtree(outgoing, ignore_errors=True)
    packing = Turns(1, each=1)
    # An archive may take minutes, of a child of its own: nobody's download waits for it, nor the next one's opening.
    opening = Turns(4, each=1)

    @router.get("/{key}/archive")
    async def download(key: str) -> Response:
        path = outgoing / f"{secrets.token_hex(8)}.zip"

        def pack() -> None:
            with projects.use(key) as store:
                if sum(1 for _ in outgoing.glob("*")) >= MAX_OUTGOING:
                    raise LimitError(f"{MAX_OUTGOING} projects are being downloaded already: try again in a moment")
                archive.pack_project(store, path)

        await packing.run(key, pack)
        name = f"annotator-project-{datetime.now(UTC):%Y-%m-%d}.zip"
        gone = BackgroundTask(path.unlink, missing_ok=True)
        headers = {"Cache-Control": "no-store"}
        return FileResponse(path, filename=name, media_type="application/zip", headers=headers, background=gone)

    @router.post("/{key}/archive")
    async def unpack(key: str, request: Request) -> dict[str, str]:
        with ExitStack() as stack:
            adopt = await run_in_threadpool(stack.enter_context, projects.expect_archive(key))
            async with uploads.received(request, key, MAX_ARCHIVE_BYTES) as body:
                return {"key": await opening.run(key, lambda: adopt(body.file))}
