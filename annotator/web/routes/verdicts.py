"""What a reviewer says of pictures that are done: accepted, sent back with a note, or taken back again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError
from annotator.core.numbers import is_id
from annotator.core.people import Role
from annotator.storage.store import Store
from annotator.web.people import may
from annotator.web.projects import Projects
from annotator.web.routes.requests import (
    MAX_SMALL_BYTES,
    ImageId,
    parse_json,
    switch_in,
    who_decides,
    with_store,
)
from annotator.web.sharing.guard import MAX_BODY_BYTES
from annotator.web.sharing.uploads import Uploads

BYTES_EACH = 400
"""That the history of one verdict takes, without its note."""


def add_verdict_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    @router.get("/{key}/verdicts")
    def read(key: str) -> dict[str, Any]:
        """Whether a reviewer accepts what is done here, and how many pictures stand how."""
        with projects.use(key) as store:
            return _state(projects, key, store)

    @router.put("/{key}/verdicts")
    async def switch(key: str, request: Request) -> dict[str, Any]:
        """Have what is done reviewed by a second person from now on, or not."""
        on = switch_in(parse_json(await uploads.small(request, MAX_SMALL_BYTES)), "verdicts")

        def change(store: Store) -> dict[str, Any]:
            store.verdicts.switch(on)
            return _state(projects, key, store)

        return await with_store(projects, key, change)

    _add_saying(router, projects, uploads)


def _add_saying(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    @router.get("/{key}/images/{image_id}/verdicts")
    def history(key: str, image_id: ImageId) -> dict[str, Any]:
        """All that reviewers said of a picture, the newest last, and how it stands."""
        with projects.use(key) as store:
            return {
                "on": store.verdicts.is_on(),
                "reviews": may(projects, key, Role.REVIEW),
                "own": store.verdicts.is_own(image_id, who_decides(projects, key)),
                "stands": store.verdicts.among([image_id]).get(image_id),
                "history": [
                    {"verdict": one.verdict.value, "note": one.note, "who": one.who, "whom": one.whom, "at": one.at}
                    for one in store.verdicts.history(image_id)
                ],
            }

    @router.post("/{key}/verdicts")
    async def say(key: str, request: Request) -> dict[str, Any]:
        """Say the same of several pictures; the ids of those that it changed. `free`: let anybody do them again.

        `revision`: of the one picture, as whoever judges it saw it; another one by now is a 409.
        """
        found = parse_json(await uploads.small(request, MAX_BODY_BYTES))
        ids, verdict, note, revision = _said(found)
        who = await run_in_threadpool(who_decides, projects, key)

        def change(store: Store) -> dict[str, Any]:
            projects.require_quota(key, store, (BYTES_EACH + len(note)) * len(ids))
            said = {
                "accepted": lambda: store.verdicts.accept(ids, who=who, revision=revision),
                "sentback": lambda: store.verdicts.send_back(ids, note=note, who=who, revision=revision),
                "withdrawn": lambda: store.verdicts.withdraw(ids, who=who, revision=revision),
                "free": lambda: store.verdicts.free(ids, who=who, revision=revision),
            }
            return {"ids": said[verdict]()}

        return await with_store(projects, key, change)


def _state(projects: Projects, key: str, store: Store) -> dict[str, Any]:
    on = store.verdicts.is_on()
    return {
        "on": on,
        "reviews": may(projects, key, Role.REVIEW),
        "manages": may(projects, key, Role.MANAGE),
        "counts": store.verdicts.counts() if on else None,
    }


def _said(found: Any) -> tuple[list[int], str, str, int | None]:
    """Raises GestureError."""
    ids = found.get("ids") if isinstance(found, dict) else None
    if not isinstance(ids, list) or not all(map(is_id, ids)):
        raise GestureError("verdicts.ids: expected a list of the pictures' whole numbers")
    verdict, note = found.get("verdict"), found.get("note", "")
    if verdict not in ("accepted", "sentback", "withdrawn", "free"):
        raise GestureError(f"verdicts.verdict: {verdict!r:.80}, expected accepted, sentback, withdrawn or free")
    if not isinstance(note, str):
        raise GestureError("verdicts.note: expected a text")
    revision = found.get("revision")
    if revision is not None and not (is_id(revision) and len(ids) == 1):
        raise GestureError("verdicts.revision: expected the revision of one picture, a whole number")
    return ids, verdict, note, revision
