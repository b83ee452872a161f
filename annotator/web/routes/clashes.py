"""What two networks agree about, and instances that get in each other's way.

Tests: tests/web/routes/test_clashes.py
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from annotator.core.clashes import Bounds, Clash
from annotator.core.vote import Agreement
from annotator.web.projects import Projects
from annotator.web.routes.apart import without_apart
from annotator.web.routes.gallery import entry_to_json
from annotator.web.sharing.slots import Pool

MAX_SHOWN = 60
"""Pairs that are listed at once."""

Share = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]


def add_clash_routes(router: APIRouter, projects: Projects) -> None:
    working = Pool(2, each=1)

    @router.get("/{key}/insight/agreement")
    async def agreement(key: str, threshold: Share = 0.5) -> dict[str, int]:
        """Of the open suggestions that the threshold shows, how many there are of each agreement of two networks."""

        def count() -> dict[str, int]:
            with projects.use(key) as store:
                found = store.clashes.agreement(threshold=threshold)
            return {one.value: found.get(one.value, 0) for one in Agreement}

        return await working.run(key, count)

    @router.get("/{key}/insight/clashes")
    async def clashes(
        key: str, threshold: Share = 0.5, duplicate: Share = 0.8, contained: Share = 0.9, overlap: Share = 0.1
    ) -> dict[str, Any]:
        """Instances that are there twice, inside another one, or overlap: how many pairs, where, and the worst."""
        bounds = Bounds(duplicate, contained, overlap)
        return await working.run(key, lambda: _clashes_to_json(projects, key, bounds, threshold))


def _clashes_to_json(projects: Projects, key: str, bounds: Bounds, threshold: float) -> dict[str, Any]:
    with projects.use(key) as store:
        found = store.clashes.find(bounds, threshold=threshold)
        shown = found[:MAX_SHOWN]
        entries = store.clashes.entries([one.smaller for one in shown])
        instances = [
            entry_to_json(entries[one.smaller], key) | {"kind": one.kind.value, "part": round(one.share, 4)}
            for one in shown
            if one.smaller in entries
        ]
        listed = without_apart(projects, store, key, instances)
    kinds = []
    for kind in Clash:
        images = [one.image_id for one in found if one.kind is kind]
        kinds.append({"kind": kind.value, "pairs": len(images), "images": sorted(set(images))})
    return {
        "kinds": kinds,
        "instances": listed,
    }
