"""Pictures that two people annotate apart from each other: chosen, handed out, compared, and settled by a reviewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from annotator.core.errors import GestureError
from annotator.core.numbers import is_finite, is_id
from annotator.core.people import Role
from annotator.evaluation.takes import picture_rows, summary_rows, takes_to_json
from annotator.evaluation.two_people import lay_over
from annotator.exchange.tables import to_csv
from annotator.storage.comparisons import Outline
from annotator.storage.store import Store
from annotator.web.outlines import outline, window_size
from annotator.web.people import may, who_asks
from annotator.web.projects import Projects
from annotator.web.routes.answers import INERT, NEVER_KEPT
from annotator.web.routes.requests import MAX_SMALL_BYTES, ImageId, parse_json, who_decides, with_store
from annotator.web.sharing.slots import Pool
from annotator.web.sharing.uploads import Uploads
from annotator.web.takes_work import TakesWork

MOST_IMAGES = 100_000
MAX_BODY_BYTES = 2_000_000

OUTLINE_SIDE = 1024
"""Of the drawing that outlines of a whole picture lie in."""

MOST_LISTED = 100
"""Pictures on the page, those with the least agreement; a table as CSV has all."""


def add_twice_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    _add_plan(router, projects, uploads)
    _add_takes(router, projects, uploads)
    _add_agreement(router, TakesWork(projects))


def _add_plan(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    def state(key: str, store: Store) -> dict[str, Any]:
        alone = who_asks(projects) is None
        found = store.twice.progress(who_decides(projects, key), alone=alone)
        counts = {name: getattr(found, name) for name in ("chosen", "unreviewed", "open", "others", "done")}
        roles = {"manages": may(projects, key, Role.MANAGE), "reviews": may(projects, key, Role.REVIEW)}
        return {**asdict(found.plan), **counts, **roles, "named": not alone}

    @router.get("/{key}/twice")
    def read(key: str) -> dict[str, Any]:
        """Which pictures are done twice, and how far that is, for whoever asks."""
        with projects.use(key) as store:
            return state(key, store)

    @router.post("/{key}/twice")
    async def choose(key: str, request: Request) -> dict[str, Any]:
        """`{"share": 0.1, "suggestions": true}` draws, `{"pick": [ids]}` adds these, `{"unpick": true}` undoes that."""
        change = _change(parse_json(await uploads.small(request, MAX_BODY_BYTES)))

        def run(store: Store) -> dict[str, Any]:
            change(store)
            return state(key, store)

        return await with_store(projects, key, run)


def _add_takes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    looking = Pool(2, each=1)

    @router.post("/{key}/twice/next")
    def give(key: str) -> dict[str, Any]:
        """The take that whoever asks is to do next, null where there is none for them."""
        with projects.use(key) as store:
            projects.require_quota(key, store, 0)
            return {"image": store.twice.give(who_decides(projects, key), alone=who_asks(projects) is None)}

    @router.get("/{key}/twice/images/{image_id}")
    async def compared(key: str, image_id: ImageId) -> dict[str, Any]:
        """Both takes of a picture, as outlines, and which objects are the same."""

        def run() -> dict[str, Any]:
            with projects.use(key) as store:
                return _both_to_json(store, key, image_id)

        return await looking.run(key, run)

    @router.post("/{key}/twice/images/{image_id}")
    async def settle(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        """`{"take": "first"}` or `second` makes the picture that take, `{"add": KEY}` adds an object of the second."""
        asked = parse_json(await uploads.small(request, MAX_SMALL_BYTES))
        if not isinstance(asked, dict) or len(asked) != 1:
            raise GestureError("body: expected one of take and add")
        ((name, value),) = asked.items()
        is_take = name == "take" and value in ("first", "second")
        if not is_take and not (name == "add" and isinstance(value, str)):
            raise GestureError(f"{name!r:.40}: expected take, first or second, or add, an instance's key")

        def run(store: Store) -> dict[str, Any]:
            projects.require_quota(key, store, 0)
            change = store.takes.settle if is_take else store.takes.take_over
            return {"revision": change(image_id, value, who=who_decides(projects, key))}

        return await with_store(projects, key, run)


def _add_agreement(router: APIRouter, work: TakesWork) -> None:
    looking = Pool(2, each=1)

    @router.get("/{key}/twice/agreement")
    async def agreement(key: str) -> dict[str, Any]:
        """How far two people agree, of all, by two people and by category; and the pictures with the least."""
        return await looking.run(key, lambda: takes_to_json(work.read(key), most=MOST_LISTED))

    @router.get("/{key}/twice/{table}.csv")
    async def table(key: str, table: Literal["agreement", "pictures"]) -> Response:
        rows = {"agreement": summary_rows, "pictures": picture_rows}[table]
        text = await looking.run(key, lambda: to_csv(list(rows(work.read(key)))))
        headers = {"content-disposition": f'attachment; filename="{table}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=INERT | NEVER_KEPT | headers)


def _change(asked: Any) -> Callable[[Store], object]:
    """Raises GestureError."""
    if not isinstance(asked, dict):
        raise GestureError("body: expected an object")
    if set(asked) <= {"share", "suggestions"} and is_finite(asked.get("share")) and 0 <= asked["share"] <= 1:
        suggestions = asked.get("suggestions", True)
        if isinstance(suggestions, bool):
            return lambda store: store.twice.choose(float(asked["share"]), suggestions=suggestions)
    ids = asked.get("pick")
    if set(asked) == {"pick"} and isinstance(ids, list) and len(ids) <= MOST_IMAGES and all(map(is_id, ids)):
        return lambda store: store.twice.pick(ids)
    if set(asked) == {"unpick"} and asked["unpick"] is True:
        return lambda store: store.twice.unpick()
    raise GestureError("body: expected share, 0 to 1, with suggestions, true or false; pick, a list of ids; or unpick")


def _both_to_json(store: Store, key: str, image_id: int) -> dict[str, Any]:
    both, image = store.takes.require(image_id), store.image(image_id)
    ((first, second),) = store.takes.read([both])
    laid = lay_over(first, second)
    window = (0, 0, image.width, image.height)

    def told(take: Sequence[Outline], only: Sequence[int]) -> list[dict[str, Any]]:
        alone = set(only)
        return [
            {
                "key": one.key,
                "category": one.category_id,
                "path": outline(one.rle, window, side=OUTLINE_SIDE),
                "only": index in alone,
            }
            for index, one in enumerate(take)
        ]

    return {
        "image": {"id": image_id, "name": image.file_name, "picture": f"annotator/{key}/pictures/{image_id}"},
        "size": list(window_size(window, side=OUTLINE_SIDE)),
        "people": list(both.people),
        "settled": both.settled,
        "first": told(first, laid.only_first),
        "second": told(second, laid.only_second),
        "pairs": [{"first": one, "second": other, "iou": round(iou, 4)} for one, other, iou in laid.pairs],
    }
