"""Categories that a person adds by name.

Tests: tests/web/routes/test_hostile_requests.py
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError
from annotator.core.limits import MAX_NAME
from annotator.web.projects import Projects
from annotator.web.protocol import category_to_json
from annotator.web.routes.requests import MAX_SMALL_BYTES, parse_json
from annotator.web.sharing.uploads import Uploads


def add_category_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    @router.post("/{key}/categories")
    async def category(key: str, request: Request) -> dict[str, Any]:
        wanted = parse_json(await uploads.small(request, MAX_SMALL_BYTES))
        name = wanted.get("name") if isinstance(wanted, dict) else None
        if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME or not name.isprintable():
            raise GestureError(f"category: expected a name of 1 to {MAX_NAME} printable characters")

        def add() -> dict[str, Any]:
            with projects.use(key) as store:
                projects.require_category_quota(store, [name.strip()])
                return category_to_json(store.add_category(name.strip()))

        return await run_in_threadpool(add)
