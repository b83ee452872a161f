"""Blind pictures: chosen, picked and shown; and how many of them wait or are measured.

Tests: tests/web/routes/test_blind.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError
from annotator.core.numbers import is_finite, is_id
from annotator.storage.blind_pictures import Blind, BlindPictures
from annotator.web.projects import Projects
from annotator.web.routes.requests import parse_json
from annotator.web.sharing.uploads import Uploads

MOST_IMAGES = 100_000
MAX_BODY_BYTES = 2_000_000


def add_blind_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    async def change(key: str, work: Callable[[BlindPictures], Blind]) -> dict[str, Any]:
        def run() -> dict[str, Any]:
            with projects.use(key) as store:
                return _to_json(work(store.blind))

        return await run_in_threadpool(run)

    @router.get("/{key}/blind")
    async def read(key: str) -> dict[str, Any]:
        """The share of blind pictures, and which of them wait or are measured."""
        return await change(key, lambda blind: blind.read())

    @router.post("/{key}/blind")
    async def decide(key: str, request: Request) -> dict[str, Any]:
        """`{"share": 0.1}` chooses pictures by chance, `{"pick": [ids]}` takes these, `{"show": [ids]}` ends it."""
        asked = parse_json(await uploads.small(request, MAX_BODY_BYTES))
        if not isinstance(asked, dict) or len(asked) != 1:
            raise GestureError("body: expected one of share, pick and show")
        ((name, value),) = asked.items()
        if name == "share" and is_finite(value) and 0 <= value <= 1:
            return await change(key, lambda blind: blind.set_share(float(value)))
        if name in ("pick", "show") and _is_ids(value):
            return await change(key, lambda blind: blind.pick(value) if name == "pick" else blind.show(value))
        raise GestureError(f"{name!r:.40}: expected share, 0 to 1, or pick or show, a list of images' ids")


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_IMAGES and all(map(is_id, value))


def _to_json(found: Blind) -> dict[str, Any]:
    return {"share": found.share, "hidden": list(found.hidden), "measured": list(found.measured)}
