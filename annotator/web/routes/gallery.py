"""The gallery of one category: pages of its instances over all pictures, and their cut-outs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from annotator.core.dataset import Image, Instance, State
from annotator.core.errors import GestureError, MissingError
from annotator.storage.gallery import Order, Page, place_from_text, version_of
from annotator.storage.store import Store
from annotator.vision.pictures import decode
from annotator.vision.pictures.cutouts import cutout
from annotator.vision.pictures.photo import Pixels
from annotator.web.projects import Projects
from annotator.web.routes.answers import FOREVER, INERT, NEVER_KEPT
from annotator.web.routes.requests import ImageId
from annotator.web.sharing.uploads import Turns

MAX_PAGE = 1_000
MAX_CUTOUT_BYTES = 96 * 1024 * 1024
"""Kept in memory over all projects; browsers keep their own, as an address never shows anything else."""

_TOGETHER = 16  # cut-outs of one picture that are made at once: decoding it costs more than all of them

_STATES = {
    "suggested": (State.SUGGESTED,),
    "accepted": (State.ACCEPTED,),
    "rejected": (State.REJECTED,),
    "all": (State.SUGGESTED, State.ACCEPTED),
}


def add_gallery_routes(router: APIRouter, projects: Projects) -> None:
    cutouts = Cutouts()
    cutting = Turns(3, each=2)
    listing = Turns(2, each=1)

    @router.get("/{key}/gallery")
    async def gallery(
        key: str,
        *,
        category: Annotated[int, Query(ge=0, lt=2**53)],
        state: str = "suggested",
        order: str = "doubt",
        threshold: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.0,
        after: str = "",
        limit: int = 200,
    ) -> dict[str, Any]:
        def read() -> dict[str, Any]:
            with projects.use(key) as store:
                return page_to_json(
                    store,
                    key,
                    category=category,
                    state=state,
                    order=order,
                    threshold=threshold,
                    after=after,
                    limit=limit,
                )

        return await listing.run(key, read)

    @router.get("/{key}/cutouts/{image_id}/{instance}")
    async def cutout(key: str, image_id: ImageId, instance: str, v: str = "") -> Response:
        def cut() -> tuple[bytes, bool]:
            with projects.use(key) as store:
                return cutouts.get(store, image_id, instance, v)

        content, asked = await cutting.run(key, cut)
        return Response(content, media_type="image/jpeg", headers=INERT | (FOREVER if asked else NEVER_KEPT))


def page_to_json(
    store: Store, key: str, *, category: int, state: str, order: str, threshold: float, after: str, limit: int
) -> dict[str, Any]:
    """One page of the gallery; `after` is what the page before gave, or empty. Raises GestureError."""
    if state not in _STATES:
        raise GestureError(f"gallery.state: {state!r:.40}, expected one of {', '.join(_STATES)}")
    if order not in set(Order):
        raise GestureError(f"gallery.order: {order!r:.40}, expected one of {', '.join(Order)}")
    place = place_from_text(after) if after else None
    if after and place is None:
        raise GestureError("gallery.after: expected what the page before gave")
    page = store.gallery(
        category_id=category,
        states=_STATES[state],
        threshold=threshold,
        order=Order(order),
        after=place,
        limit=max(1, min(limit, MAX_PAGE)),
    )
    return _to_json(page, key)


def _to_json(page: Page, key: str) -> dict[str, Any]:
    return {
        "total": page.total,
        "below": page.below,
        "after": page.after,
        "counts": [[category_id, count] for category_id, count in sorted(page.counts.items())],
        "instances": [
            {
                "key": entry.key,
                "image": entry.image_id,
                "name": entry.file_name,
                "state": entry.state.value,
                "score": entry.score,
                "area": entry.area,
                "box": list(entry.box_xyxy),
                "cutout": f"annotator/{key}/cutouts/{entry.image_id}/{entry.key}?v={entry.version}",
            }
            for entry in page.entries
        ],
    }


class Cutouts:
    """Cut-outs as JPEG, made when they are asked for; the latest stay in memory."""

    def __init__(self, limit: int = MAX_CUTOUT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, store: Store, image_id: int, key: str, version: str) -> tuple[bytes, bool]:
        """The cut-out of an instance, and whether it is of the version that was asked for.

        Raises MissingError where there is no such instance, ImageError where its picture cannot be read.
        """
        kept = self._take(key, version)
        if kept is not None:
            store.image(image_id)  # a picture in the bin is shown to nobody
            return kept, True
        image = store.image(image_id)
        instances = store.instances(image_id)
        wanted = next((one for one in instances if one.key == key), None)
        if wanted is None:
            raise MissingError(f"instance {key:.40}: not on image {image_id}")
        self._make(store, image, _beside(instances, wanted))
        now = version_of(image.sha256, wanted.rle)
        made = self._take(key, now)
        if made is None:  # a cache that holds less than one picture's worth
            made = cutout(_pixels(store, image), wanted.rle)
        return made, now == version

    def _make(self, store: Store, image: Image, instances: Sequence[Instance]) -> None:
        pixels = _pixels(store, image)
        for one in instances:
            version = version_of(image.sha256, one.rle)
            if self._take(one.key, version) is None:
                self._keep(one.key, version, cutout(pixels, one.rle))

    def _take(self, key: str, version: str) -> bytes | None:
        with self._lock:
            found = self._kept.get((key, version))
            if found is not None:
                self._kept.move_to_end((key, version))
            return found

    def _keep(self, key: str, version: str, content: bytes) -> None:
        with self._lock:
            before = self._kept.pop((key, version), b"")
            self._kept[key, version] = content
            self._bytes += len(content) - len(before)
            while self._bytes > self._limit:
                self._bytes -= len(self._kept.popitem(last=False)[1])


def _beside(instances: Sequence[Instance], wanted: Instance) -> list[Instance]:
    """The wanted one, last, after others of its category that will likely be asked for next."""
    others = [one for one in instances if one.category_id == wanted.category_id and one.key != wanted.key]
    others.sort(key=lambda one: one.score if one.score is not None else 1.0, reverse=True)
    return [*others[: _TOGETHER - 1], wanted]


def _pixels(store: Store, image: Image) -> Pixels:
    return decode.decode(store.content(image), file_name=image.file_name).pixels
