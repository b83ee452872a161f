"""The gallery of one category: pages of its instances over all pictures, and their cut-outs."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from annotator.core.dataset import State
from annotator.core.errors import GestureError
from annotator.core.vote import Agreement
from annotator.storage.gallery import Entry, Page, place_from_text
from annotator.storage.gallery_order import Order
from annotator.storage.store import Store
from annotator.web.cutouts import Cutouts
from annotator.web.look_work import LookWork
from annotator.web.projects import Projects
from annotator.web.protocol import vote_to_json
from annotator.web.routes.answers import FOREVER, INERT, NEVER_KEPT
from annotator.web.routes.apart import without_apart
from annotator.web.routes.requests import ImageId
from annotator.web.sharing.slots import Pool

MAX_PAGE = 1_000

_STATES = {
    "suggested": (State.SUGGESTED,),
    "accepted": (State.ACCEPTED,),
    "rejected": (State.REJECTED,),
    "all": (State.SUGGESTED, State.ACCEPTED),
}


def add_gallery_routes(router: APIRouter, projects: Projects, looking: LookWork) -> None:
    cutouts = Cutouts()
    cutting = Pool(3, each=2)
    listing = Pool(2, each=1)

    @router.get("/{key}/gallery")
    async def gallery(
        key: str,
        *,
        category: Annotated[int, Query(ge=0, lt=2**53)],
        state: str = "suggested",
        order: str = "doubt",
        threshold: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.0,
        like: str = "",
        after: str = "",
        limit: int = 200,
        agreement: str = "",
    ) -> dict[str, Any]:
        def read() -> dict[str, Any]:
            with projects.use(key) as store:
                begin = _like(store, looking, like, order)
                found = page_to_json(
                    store,
                    key,
                    category=category,
                    state=state,
                    order=order,
                    like=begin,
                    threshold=threshold,
                    after=after,
                    limit=limit,
                    agreement=agreement,
                )
                return found | {"instances": without_apart(projects, store, key, found["instances"])}

        return await listing.run(key, read)

    @router.get("/{key}/cutouts/{image_id}/{instance}")
    async def cutout(key: str, image_id: ImageId, instance: str, v: str = "") -> Response:
        def cut() -> tuple[bytes, bool]:
            with projects.use(key) as store:
                return cutouts.get(store, image_id, instance, v)

        content, asked = await cutting.run(key, cut)
        return Response(content, media_type="image/jpeg", headers=INERT | (FOREVER if asked else NEVER_KEPT))


def _like(store: Store, looking: LookWork, like: str, order: str) -> int | None:
    """The instance that an order by likeness begins with, looked at where it was not; None for other orders."""
    if order != Order.LIKE:
        return None
    found = store.looks.find(like)
    if found is None:
        raise GestureError(f"gallery.like: {like!r:.40}, expected the key of an instance")
    id, image_id = found
    if not store.looks.has(id):
        looking.look_at(store, store.image(image_id))
    return id


def page_to_json(
    store: Store,
    key: str,
    *,
    category: int,
    state: str,
    order: str,
    threshold: float,
    after: str,
    limit: int,
    agreement: str = "",
    like: int | None = None,
) -> dict[str, Any]:
    """One page of the gallery; `after` is what the page before gave, or empty. Raises GestureError."""
    if state not in _STATES:
        raise GestureError(f"gallery.state: {state!r:.40}, expected one of {', '.join(_STATES)}")
    if order not in set(Order):
        raise GestureError(f"gallery.order: {order!r:.40}, expected one of {', '.join(Order)}")
    if agreement and agreement not in set(Agreement):
        raise GestureError(f"gallery.agreement: {agreement!r:.40}, expected one of {', '.join(Agreement)}")
    place = place_from_text(after) if after else None
    if after and place is None:
        raise GestureError("gallery.after: expected what the page before gave")
    page = store.gallery.page(
        category_id=category,
        states=_STATES[state],
        threshold=threshold,
        order=Order(order),
        like=like,
        after=place,
        limit=max(1, min(limit, MAX_PAGE)),
        agreement=Agreement(agreement) if agreement else None,
    )
    return _to_json(page, key)


def _to_json(page: Page, key: str) -> dict[str, Any]:
    return {
        "total": page.total,
        "below": page.below,
        "after": page.after,
        "counts": [[category_id, count] for category_id, count in sorted(page.counts.items())],
        "instances": [entry_to_json(entry, key) for entry in page.entries],
        "usual": None if page.usual is None else dataclasses.asdict(page.usual),
    }


def entry_to_json(entry: Entry, key: str) -> dict[str, Any]:
    """One instance, with the address of its cut-out."""
    return {
        "key": entry.key,
        "image": entry.image_id,
        "name": entry.file_name,
        "state": entry.state.value,
        "score": entry.score,
        "area": entry.area,
        "share": entry.share,
        "box": list(entry.box_xyxy),
        "vote": vote_to_json(entry.vote),
        "cutout": f"annotator/{key}/cutouts/{entry.image_id}/{entry.key}?v={entry.version}",
    }
