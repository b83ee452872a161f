"""Who holds which picture: taken and kept by whoever works on it, given back, released by whoever manages the project.

The holder is whoever signed in; where nobody does, the browser's tab, by a name that no other page is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError, MissingError
from annotator.core.people import Role
from annotator.storage.leases import Holder, Lease
from annotator.storage.store import Store
from annotator.web.people import may
from annotator.web.projects import Projects
from annotator.web.protocol import text_in
from annotator.web.routes.requests import (
    MAX_SMALL_BYTES,
    ImageId,
    name_of_user,
    parse_json,
    switch_in,
    who_decides,
    with_store,
)
from annotator.web.sharing.uploads import Uploads

MAX_TOLD = 200
"""Leases that are listed for whoever manages the project."""


def add_hand_out_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    async def said(request: Request) -> Any:
        return parse_json(await uploads.small(request, MAX_SMALL_BYTES))

    @router.get("/{key}/handout")
    def handed_out(key: str) -> dict[str, Any]:
        """Whether pictures are handed out, and who holds which."""
        with projects.use(key) as store:
            return _state(store, manages=may(projects, key, Role.MANAGE))

    @router.put("/{key}/handout")
    async def switch(key: str, request: Request) -> dict[str, Any]:
        """Hand pictures out from now on, or not; then nobody holds any."""
        on = switch_in(await said(request), "handout")

        def change(store: Store) -> dict[str, Any]:
            store.hand_out.switch(on)
            return _state(store, manages=True)

        return await with_store(projects, key, change)

    @router.post("/{key}/images/{image_id}/lease")
    async def keep(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        """Take a picture, or keep it, for somebody who works on it; whose it is where that is somebody else's."""
        holder = await holder_of(projects, key, await said(request))

        def take(store: Store) -> Lease | None:
            try:
                who = who_decides(projects, key)
                return store.hand_out.keep(image_id, holder, who=who) if store.hand_out.is_on() else None
            except MissingError:  # a second take, or a picture in the bin: nobody is given these
                return None

        return {"lease": lease_to_json(await with_store(projects, key, take), holder)}

    @router.delete("/{key}/images/{image_id}/lease")
    async def release(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        """Give a picture back, as a manager anybody's; the lease that stands after that."""
        holder = await holder_of(projects, key, await said(request))
        by = None if may(projects, key, Role.MANAGE) else holder
        left = await with_store(projects, key, lambda store: store.hand_out.release(image_id, by=by))
        return {"lease": lease_to_json(left, holder)}

    @router.post("/{key}/leases/leave")
    async def leave(key: str, request: Request) -> dict[str, Any]:
        """A tab is being closed or reloaded."""
        holder = await holder_of(projects, key, await said(request))
        await with_store(projects, key, lambda store: store.hand_out.leave(holder) if store.hand_out.is_on() else None)
        return {}


async def holder_of(projects: Projects, key: str, found: Any) -> Holder:
    """Who asks, from a body that names the tab. Raises GestureError."""
    if not isinstance(found, dict):
        raise GestureError("lease: expected an object with tab")
    tab = text_in(found, "tab", "lease")
    if not tab.isalnum():
        raise GestureError("lease.tab: expected letters and digits")
    return Holder(await run_in_threadpool(name_of_user, projects, key), tab)


def holders_among(store: Store, ids: Sequence[int]) -> dict[int, str]:
    """By picture, the names of those who hold these; "" for somebody who did not sign in."""
    return {id: lease.holder.name for id, lease in store.hand_out.among(ids).items()}


def lease_to_json(lease: Lease | None, holder: Holder) -> dict[str, Any] | None:
    """Without the other's tab: its name is all that tells that it is theirs."""
    if lease is None:
        return None
    return {"mine": lease.is_of(holder), "name": lease.holder.name, "left_s": round(lease.left_s)}


def _state(store: Store, *, manages: bool) -> dict[str, Any]:
    leases = store.hand_out.all()[:MAX_TOLD]
    names = {row.image.id: row.image.file_name for row in store.worklist.rows([one.image_id for one in leases])}
    return {
        "on": store.hand_out.is_on(),
        "manages": manages,
        "leases": [
            {
                "image": one.image_id,
                "file": names[one.image_id],
                "name": one.holder.name,
                "left_s": round(one.left_s),
            }
            for one in leases
            if one.image_id in names
        ],
    }
