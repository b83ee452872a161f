"""The whole project as one file, over HTTP: downloaded from one server, opened on another."""

from __future__ import annotations

import secrets
import shutil
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from annotator.core.project import project_id
from annotator.storage import archive
from annotator.storage.project_folders import plain_name
from annotator.web.projects import Projects
from annotator.web.routes.answers import NEVER_KEPT, LeavingFile
from annotator.web.sharing.guard import MAX_ARCHIVE_BYTES
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads

MAX_OUTGOING = 8
"""Archives that are being downloaded at once: each lies on the disk for as long."""


def add_archive_routes(router: APIRouter, projects: Projects, uploads: Uploads, *, outgoing: Path) -> None:
    """outgoing: a folder of our own for archives on their way out; it is emptied."""
    shutil.rmtree(outgoing, ignore_errors=True)
    packing = Pool(1, each=1)
    # An archive may take minutes, of a child of its own: nobody's download waits for it, nor the next one's opening.
    opening = Pool(5, each=1)
    under_way: dict[str, tuple[int, int]] = {}
    leaving = Pool(MAX_OUTGOING, each=2, waiting=0)

    @router.get("/{key}/archive")
    async def download(key: str) -> Response:
        path = outgoing / f"{secrets.token_hex(8)}.zip"
        title = await run_in_threadpool(projects.name_of, key)

        def pack() -> None:
            with projects.use(key) as store:
                archive.pack_project(store, path, name=title)

        async with AsyncExitStack() as held:
            await held.enter_async_context(leaving.slot(key))
            held.callback(path.unlink, missing_ok=True)
            await packing.run(key, pack)
            name = f"{plain_name(title)}-{datetime.now(UTC):%Y-%m-%d}.zip"
            return LeavingFile(path, held.pop_all(), filename=name, media_type="application/zip", headers=NEVER_KEPT)

    @router.get("/{key}/archive/check")
    async def check(key: str) -> dict[str, Any]:
        """An error where the project is too large to be downloaded: no browser shows what a download answers."""

        def look() -> dict[str, Any]:
            with projects.use(key) as store:
                archive.require_packable(store)
            return {}

        return await packing.run(key, look)

    @router.get("/{key}/archive/progress")
    def how_far(key: str) -> dict[str, int | None]:
        """percent: of an archive that is being opened from this project's page."""
        with projects.use(key):
            done, total = under_way.get(key, (0, 0))
        return {"percent": 100 * done // total if total else None}

    @router.post("/{key}/archive")
    async def unpack(key: str, request: Request) -> dict[str, str]:
        with ExitStack() as stack:
            adopt = await run_in_threadpool(stack.enter_context, projects.expect_archive(key))
            async with uploads.received(request, key, MAX_ARCHIVE_BYTES) as body:
                stack.callback(under_way.pop, key, None)
                new = await opening.run(key, lambda: adopt(body.file, lambda *far: under_way.update({key: far})))
                return {"key": new, "id": project_id(new)}
