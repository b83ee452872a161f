"""The list of projects, and what can be done to one as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError
from annotator.core.project import project_id
from annotator.storage.project_folders import Found
from annotator.web import pictures
from annotator.web.jobs import Prelabelling
from annotator.web.keys import is_key
from annotator.web.projects import Projects
from annotator.web.routes.answers import picture_response
from annotator.web.routes.requests import MAX_SMALL_BYTES, parse_json
from annotator.web.sharing.uploads import Uploads

MAX_KEYS = 200
"""That a browser may know; where everybody has one address, that is also what it may make."""


def add_project_routes(router: APIRouter, projects: Projects, jobs: Prelabelling, uploads: Uploads) -> None:
    async def asked(request: Request) -> dict[str, Any]:
        body = parse_json(await uploads.small(request, MAX_SMALL_BYTES + 64 * MAX_KEYS))
        if not isinstance(body, dict):
            raise GestureError("body: expected an object")
        return body

    @router.post("/projects")
    async def list_projects(request: Request) -> dict[str, Any]:
        keys = _keys_of(await asked(request))
        return await run_in_threadpool(lambda: _list_to_json(projects, jobs, keys))

    @router.post("/projects/new")
    async def make(request: Request) -> dict[str, Any]:
        body = await asked(request)
        key = await run_in_threadpool(lambda: projects.make(_name_of(body), _keys_of(body)))
        return {"key": key, "id": project_id(key)}

    @router.get("/{key}/project")
    def describe(key: str) -> dict[str, Any]:
        return {"id": project_id(key), "name": projects.name_of(key), "binned": projects.is_binned(key)}

    @router.post("/{key}/project")
    async def change(key: str, request: Request) -> dict[str, Any]:
        """One of `name`, `put_away` and `binned`; `keys` as for the list."""
        work = _change_of(projects, jobs, key, await asked(request))
        await run_in_threadpool(work)
        return await run_in_threadpool(describe, key)

    @router.post("/{key}/duplicate")
    async def duplicate(key: str, request: Request) -> dict[str, Any]:
        body = await asked(request)
        await run_in_threadpool(projects.get, key)
        new = await uploads.decoding.run(key, lambda: projects.duplicate(key, _name_of(body), _keys_of(body)))
        return {"key": new, "id": project_id(new)}

    @router.delete("/{key}/project")
    def remove(key: str) -> dict[str, Any]:
        jobs.cancel(key)
        projects.remove(key)
        return {}

    @router.get("/{key}/covers/{sha256}")
    def cover(key: str, sha256: str) -> Response:
        return picture_response(pictures.cover(projects.folder_of(key), sha256), "image/jpeg")


def _change_of(projects: Projects, jobs: Prelabelling, key: str, body: dict[str, Any]) -> Callable[[], object]:
    """What a body asks for. Raises GestureError for what is none of it."""
    if "name" in body:
        return lambda: projects.rename(key, _name_of(body), _keys_of(body))
    if isinstance(body.get("put_away"), bool):
        return lambda: projects.put_away(key, away=body["put_away"])
    if body.get("binned") is True:

        def throw_away() -> None:
            projects.throw_away(key)
            jobs.cancel(key)

        return throw_away
    if body.get("binned") is False:
        return lambda: projects.take_back(key, _keys_of(body))
    raise GestureError("body: expected a name, put_away or binned")


def _name_of(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str):
        raise GestureError("body: name: expected a text")
    return name


def _keys_of(body: dict[str, Any]) -> list[str]:
    keys = body.get("keys", [])
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise GestureError(f"body: keys: expected a list of at most {MAX_KEYS}")
    return [key for key in keys if is_key(key)]


def _list_to_json(projects: Projects, jobs: Prelabelling, keys: list[str]) -> dict[str, Any]:
    listed = projects.listed(keys)
    return {
        "projects": [_project_to_json(projects, jobs, key, one) for key, one in listed.items()],
        "shared": projects.shared,
        "signed_in": projects.login is not None,
        "user": None if (user := projects.user()) is None else user.name,
        "way_out": "" if projects.login is None else projects.login.way_out,
        "bin_days": projects.bin_days,
    }


def _project_to_json(projects: Projects, jobs: Prelabelling, key: str, found: Found) -> dict[str, Any]:
    """A project that cannot be read has a name, a reason and nothing else."""
    folder = None if projects.shared or projects.login is not None else str(found.folder)
    if found.summary is None:
        # A visitor's folder is its key, which is no name.
        name = "" if projects.shared else found.name
        return {"name": name, "folder": folder, "reason": projects.plain(found.reason)}
    summary, job = found.summary, jobs.status(key)
    return {
        "key": key,
        "id": project_id(key),
        "name": summary.name if projects.shared else found.name,
        "folder": folder,
        "images": summary.images,
        "reviewed": summary.reviewed,
        "accepted": summary.accepted,
        "suggested": summary.suggested,
        "covers": [f"annotator/{key}/covers/{sha256}" for sha256 in summary.covers],
        "used": summary.used,
        "put_away": summary.put_away,
        "binned": summary.binned is not None,
        "kept": projects.is_kept(key),
        "job": {"done": job.done, "total": job.total} if job is not None and job.running else None,
    }
