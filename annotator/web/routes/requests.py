"""What several routes read of a request.

Tests: tests/web/routes/test_hostile_requests.py
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Path
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError
from annotator.storage.store import Store
from annotator.web.projects import Projects

MAX_SMALL_BYTES = 4096
MAX_VALUES = 1_000_000
"""In one body: JSON of more keeps this interpreter, and everybody's gestures, for seconds. A gesture of 200,000
vertices has less than half as many."""

OF_PROJECT = "/annotator/{key}/"
"""How the path of every route of one project begins."""

NAMELESS = "visitor"
"""Stands beside the decisions of visitors who did not sign in."""

Found = TypeVar("Found")

ImageId = Annotated[int, Path(ge=0, lt=2**53)]


def parse_json(body: bytes) -> Any:
    """Raises GestureError for what is not JSON, or has too many values."""
    if body.count(b",") > MAX_VALUES:
        raise GestureError(f"body: more than {MAX_VALUES} values, expected at most that")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise GestureError("body: not JSON") from error


def switch_in(found: Any, place: str) -> bool:
    """Whether a body switches something on. Raises GestureError."""
    on = found.get("on") if isinstance(found, dict) else None
    if not isinstance(on, bool):
        raise GestureError(f"{place}.on: {on!r:.80}, expected true or false")
    return on


async def with_store(projects: Projects, key: str, work: Callable[[Store], Found]) -> Found:
    """What some work on a project gives, done beside the event loop. Raises as `Projects.use` and the work do."""

    def run() -> Found:
        with projects.use(key) as store:
            return work(store)

    return await run_in_threadpool(run)


def name_of_user(projects: Projects, key: str) -> str:
    """By which a project knows whoever signed in, "" where nobody did. Raises as `Projects.use` does."""
    return "" if projects.user() is None else projects.name(key)


def who_decides(projects: Projects, key: str) -> str:
    """The name that stands beside a decision in a project: one for each login. Raises as `name_of_user` does."""
    if projects.shared or projects.login is not None:
        return name_of_user(projects, key) or NAMELESS
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
