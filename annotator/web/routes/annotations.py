"""COCO files that are uploaded: their annotations join pictures that the project has."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.dataset import Dataset
from annotator.core.errors import CocoError, PartError
from annotator.core.limits import MAX_NAME
from annotator.core.problems import MOST_OF_A_KIND
from annotator.core.text import is_plain
from annotator.exchange import coming, partial
from annotator.storage.imports import OnConflict
from annotator.storage.store import Store
from annotator.web.projects import Projects
from annotator.web.sharing import coco_child
from annotator.web.sharing.guard import MAX_COCO_BYTES
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads

BRING_SECONDS = 60.0
"""How long a visitor's file may take to come in, while no other file does."""


def add_annotation_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    # A document takes some ten times the memory of its file: one after the other.
    turns = Pool(1, each=1)
    under_way: dict[str, _Coming] = {}

    @router.get("/{key}/annotations/progress")
    def how_far(key: str) -> dict[str, int | None]:
        """percent: of a file that is coming into this project."""
        with projects.use(key):
            one = under_way.get(key)
        return {"percent": 100 * one.done // one.total if one and one.total else None}

    @router.post("/{key}/annotations/cancel")
    def cancel(key: str) -> dict[str, bool]:
        """cancelled: whether a file was on its way; the answer to that one says how far it came."""
        with projects.use(key):
            one = under_way.get(key)
        if one is not None:
            one.cancelled = True
        return {"cancelled": one is not None}

    @router.post("/{key}/annotations")
    async def bring(
        key: str, name: str, request: Request, on_conflict: OnConflict = "skip", partly: bool = False
    ) -> dict[str, Any]:
        """partly: without the images whose pictures the project does not have."""
        if not 0 < len(name) <= MAX_NAME or not is_plain(name):
            raise CocoError(f"{name:.80}: expected a name of 1 to {MAX_NAME} printable characters")
        # Before the body is read: whoever may not add anything need not send it either.
        await run_in_threadpool(projects.get, key)

        most = min(MAX_COCO_BYTES, int(projects.limits.coco_mb * 1e6)) if projects.shared else MAX_COCO_BYTES
        async with uploads.received(request, key, most) as body:

            def work() -> coming.Brought:
                one = under_way[key] = _Coming(name, patience=BRING_SECONDS if projects.shared else math.inf)
                try:
                    return _bring(projects, key, body.content(), one, on_conflict=on_conflict, partly=partly)
                finally:
                    under_way.pop(key, None)

            brought = await turns.run(key, work)
        return {"lines": brought.lines, "met": brought.met}


def _bring(
    projects: Projects, key: str, content: bytes, one: _Coming, *, on_conflict: OnConflict, partly: bool
) -> coming.Brought:
    """Raises CocoError, PartError where some of its pictures are there, LimitError where there is no room; nothing has
    changed then.
    """
    with projects.use(key) as store:
        found = _read(store, content, name=one.name, shared=projects.shared)
        projects.require_quota(key, store, len(content))
        names = {category.name for dataset in found.datasets for category in dataset.categories}
        projects.require_category_quota(store, names)
        part = partial.part(found, store) if partly else None
        try:
            brought = coming.bring(
                found if part is None else part.reading,
                store,
                on_conflict=on_conflict,
                most=MOST_OF_A_KIND,
                storing=one.note,
                pulse=one.require,
            )
        except CocoError as error:
            there = partial.part(found, store)
            if partly or not there.missing or not there.there:
                raise
            raise PartError(error, there=there.there, missing=len(there.missing)) from error
    return brought if part is None else replace(brought, lines=(*brought.lines, *part.lines))


def _read(store: Store, content: bytes, *, name: str, shared: bool) -> coming.Reading:
    if not shared:
        return coming.read_alone(content, name=name, most=MOST_OF_A_KIND)
    is_list = content.lstrip()[:1] == b"["
    known = Dataset(store.categories(), store.images(), ()) if is_list else Dataset((), (), ())
    return coco_child.read(content, name=name, known=known)


class _Coming:
    """A file that comes in. What has come in stays where it ends early, and the same file again goes on from there."""

    def __init__(self, name: str, *, patience: float) -> None:
        """patience: seconds that it may take."""
        self.done, self.total = 0, 0
        self.cancelled = False
        self.name = name
        self._end = time.monotonic() + patience

    def note(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def require(self) -> None:
        """Raise CocoError where it was cancelled or took too long."""
        if self.cancelled:
            raise CocoError(f"{self.name}: cancelled")
        if time.monotonic() > self._end:
            raise CocoError(f"{self.name}: took longer than {BRING_SECONDS:g} s to come in")
