"""Looking at a project's pictures with a network's own eye: how far it is, begun, stopped."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from annotator.core.errors import GestureError
from annotator.web.look_work import LookWork
from annotator.web.projects import Projects
from annotator.web.routes.requests import parse_json
from annotator.web.sharing.guard import MAX_BODY_BYTES
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads


def add_look_routes(router: APIRouter, projects: Projects, work: LookWork, uploads: Uploads) -> None:
    asking = Pool(2, each=1)

    def told(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            pictures, known = store.looks.standing(), store.looks.known()
        run = work.status(key)
        return {
            "pictures": len(pictures),
            "seen": sum(id in known for id in pictures),
            "copies": sum(known[id][2] for id in pictures if id in known),
            "run": None
            if run is None
            else {
                "network": run.network,
                "copies": run.copies,
                "total": run.total,
                "done": run.done,
                "failed": run.failed,
                "running": run.running,
                "error": run.error,
            },
        }

    @router.get("/{key}/looks")
    async def looks(key: str) -> dict[str, Any]:
        """How many pictures were looked at, and how far the run is that was begun last."""
        return await asking.run(key, lambda: told(key))

    @router.post("/{key}/looks")
    async def begin(key: str, request: Request) -> dict[str, Any]:
        """Begin to look at what is new or changed; `copies`: at mirrored and zoomed copies too, which takes longer."""
        found = parse_json(await uploads.small(request, MAX_BODY_BYTES))
        copies = found.get("copies", False) if isinstance(found, dict) else None
        if not isinstance(copies, bool):
            raise GestureError(f"looks.copies: {copies!r:.40}, expected true or false")

        def start() -> dict[str, Any]:
            work.start(key, copies=copies)
            return told(key)

        return await asking.run(key, start)

    @router.post("/{key}/looks/cancel")
    async def cancel(key: str) -> dict[str, Any]:
        """Stop after the picture under way; what was seen stays."""
        work.cancel(key)
        return await asking.run(key, lambda: told(key))
