"""Exports: what one would hold, one at work, and its files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from annotator.exchange import formats, pack
from annotator.exchange.outlook import outlook
from annotator.exchange.pack import Stamp
from annotator.system import files, paths
from annotator.web import export_request
from annotator.web.export_work import ExportWork, Run
from annotator.web.projects import Projects
from annotator.web.routes.answers import INERT, NEVER_KEPT
from annotator.web.routes.apart import seen_only
from annotator.web.routes.requests import parse_json
from annotator.web.sharing.guard import MAX_BODY_BYTES
from annotator.web.sharing.uploads import Uploads

EXPORT_SUFFIXES = formats.SUFFIXES | pack.SUFFIXES


def add_export_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    _add_making(router, projects, uploads)

    @router.get("/{key}/exports/{name}")
    def export(key: str, name: str, made: str = "") -> Response:
        """made: the stamp of the file that the page speaks of; another export may have replaced it since."""
        path = projects.export_folder(key, paths.exports()) / name
        if Path(name).name != name or path.suffix not in EXPORT_SUFFIXES or not files.is_file(path):
            return JSONResponse({"error": f"no export {name:.80}"}, status_code=404)
        if Stamp.of(path).token != made:
            return JSONResponse({"error": f"{name:.80}: replaced by another export, export again"}, status_code=404)
        return FileResponse(path, filename=name, headers=INERT | NEVER_KEPT)


def _add_making(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    work = ExportWork(projects)

    @router.get("/{key}/exports/choices")
    def choices(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return export_request.choices(store)

    @router.post("/{key}/exports/ahead")
    async def ahead(key: str, request: Request) -> dict[str, Any]:
        """What leaves and what does not, before anything is written."""
        which = export_request.read_which(parse_json(await uploads.small(request, MAX_BODY_BYTES)))

        def look() -> dict[str, Any]:
            with projects.use(key) as store:
                only = seen_only(projects, store, key, which.only)
                found = outlook(store, only=only, reviewed_only=which.reviewed_only, threshold=which.threshold)
            return asdict(found)

        return await run_in_threadpool(look)

    @router.post("/{key}/exports")
    async def start(key: str, request: Request) -> dict[str, Any]:
        asked = export_request.read(parse_json(await uploads.small(request, MAX_BODY_BYTES)))
        return _run_to_json(await run_in_threadpool(work.start, key, asked))

    @router.post("/{key}/exports/cancel")
    def cancel(key: str) -> dict[str, Any]:
        with projects.use(key):
            work.cancel(key)
        return _run_to_json(work.status(key))

    @router.get("/{key}/exports")
    def status(key: str) -> dict[str, Any]:
        with projects.use(key):
            return _run_to_json(work.status(key))


def _run_to_json(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {"run": None}
    found = [{"name": path.name, "bytes": stamp.bytes, "made": stamp.token} for path, stamp in run.files.items()]
    told = {"id": run.id, "stage": run.stage, "done": run.done, "total": run.total, "cancelled": run.cancelled}
    return {"run": told | {"error": run.error, "files": found, "lines": list(run.lines)}}
