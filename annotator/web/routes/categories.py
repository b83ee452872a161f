"""The categories of a project: listed with what they hold, added, and changed one thing at a time.

Every change answers with the list as it is then, so that whoever asked need not ask again; and with its own id, by
which it is undone and done again.

Tests: tests/web/routes/test_categories.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.categories import in_order
from annotator.core.dataset import Category
from annotator.core.errors import GestureError
from annotator.core.limits import MAX_NAME
from annotator.core.numbers import MAX_ID, is_id
from annotator.core.text import is_plain
from annotator.exchange.category_list import read_categories
from annotator.storage.category_changes import CategoryChange
from annotator.storage.category_instances import Uses
from annotator.storage.store import Store
from annotator.web.projects import Projects
from annotator.web.protocol import category_to_json
from annotator.web.routes.requests import MAX_SMALL_BYTES, NAMELESS, parse_json, who_decides
from annotator.web.sharing.uploads import Uploads

MAX_LIST_BYTES = 500_000
"""Of a list of categories, or of the order of all."""

CategoryId = Annotated[int, Path(ge=0, le=MAX_ID)]
Change = Callable[[Store, str], Any]
"""Called with the project and the name of whoever asks; what it returns is added to the answer."""


def add_category_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    desk = _Desk(projects, uploads)
    _add_routes_of_one(router, desk)

    @router.get("/{key}/categories")
    def list_categories(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return categories_to_json(store, asked_by=who_decides(projects, key))

    @router.post("/{key}/categories")
    async def add(key: str, request: Request) -> dict[str, Any]:
        wanted, size = await desk.read(request)
        name = _name(wanted)

        def make(store: Store, who: str) -> dict[str, Any]:
            store.category_manager.add([Category(0, name)], who=who)
            return {"added": category_to_json(next(one for one in store.categories() if one.name == name))}

        answer = await desk.change(key, size, make)
        return {**answer["added"], "change": answer["change"]}

    @router.post("/{key}/categories/list")
    async def add_list(key: str, request: Request) -> dict[str, Any]:
        body = await uploads.small(request, MAX_LIST_BYTES)
        wanted = await run_in_threadpool(lambda: read_categories(body.decode("utf-8", "replace")))

        def make(store: Store, who: str) -> dict[str, Any]:
            projects.require_category_quota(store, {one.name for one in wanted})
            added = store.category_manager.add(wanted, who=who)
            return {"added": len(added.categories), "notes": added.notes}

        return await desk.change(key, len(body), make)

    @router.post("/{key}/categories/order")
    async def reorder(key: str, request: Request) -> dict[str, Any]:
        wanted, size = await desk.read(request, MAX_LIST_BYTES)
        ids = wanted.get("ids")
        if not isinstance(ids, list) or not all(map(is_id, ids)):
            raise GestureError("order.ids: expected the ids of categories")
        return await desk.change(key, size, lambda store, who: store.category_manager.reorder(ids, who=who))

    @router.post("/{key}/categories/undo")
    async def undo(key: str, request: Request) -> dict[str, Any]:
        wanted, size = await desk.read(request)
        change = _id(wanted, "change")
        return await desk.change(key, size, lambda store, who: store.category_manager.undo(change, who=who))

    @router.post("/{key}/categories/redo")
    async def redo(key: str, request: Request) -> dict[str, Any]:
        wanted, size = await desk.read(request)
        change = _id(wanted, "change")
        return await desk.change(key, size, lambda store, who: store.category_manager.redo(change, who=who))


def _add_routes_of_one(router: APIRouter, desk: _Desk) -> None:
    @router.patch("/{key}/categories/{category_id}")
    async def change(key: str, category_id: CategoryId, request: Request) -> dict[str, Any]:
        wanted, size = await desk.read(request)
        return await desk.change(key, size, lambda store, who: _change(store, category_id, wanted, who=who))

    @router.post("/{key}/categories/{category_id}/merge")
    async def merge(key: str, category_id: CategoryId, request: Request) -> dict[str, Any]:
        wanted, size = await desk.read(request)
        into = _id(wanted, "into")

        def make(store: Store, who: str) -> None:
            store.category_manager.merge(category_id, into=into, who=who)

        return await desk.change(key, size, make)

    @router.delete("/{key}/categories/{category_id}")
    async def remove(key: str, category_id: CategoryId) -> dict[str, Any]:
        return await desk.change(key, 0, lambda store, who: store.category_manager.remove(category_id, who=who))


class _Desk:
    """Where a change is read and made."""

    def __init__(self, projects: Projects, uploads: Uploads) -> None:
        self._projects = projects
        self._uploads = uploads

    async def read(self, request: Request, most: int = MAX_SMALL_BYTES) -> tuple[dict[str, Any], int]:
        """The object that was sent, and its bytes."""
        body = await self._uploads.small(request, most)
        found = parse_json(body)
        if not isinstance(found, dict):
            raise GestureError("category: expected an object")
        return found, len(body)

    async def change(self, key: str, size: int, change: Change) -> dict[str, Any]:
        """The categories after the change, which is made whole or not at all; `change` is its id, null without one."""
        projects = self._projects

        def make() -> dict[str, Any]:
            who = who_decides(projects, key)
            with projects.use(key) as store, store.together():
                projects.require_quota(key, store, size)
                before = store.category_manager.last()
                told = change(store, who) or {}
                projects.require_category_quota(store, [])
                after = store.category_manager.last()
                made = None if after is None or (before is not None and after.id <= before.id) else after.id
                return categories_to_json(store, asked_by=who) | {"change": made} | told

        return await run_in_threadpool(make)


def categories_to_json(store: Store, *, asked_by: str) -> dict[str, Any]:
    """Every category in its order, with its instances; the changes that can be undone and done again, if any.

    asked_by: the name of whoever asks, as the log has it.
    """
    manager = store.category_manager
    version, uses = manager.version(), manager.uses()
    return {
        "categories": [
            category_to_json(one) | _uses_to_json(uses.get(one.id, Uses())) for one in in_order(store.categories())
        ],
        "version": version,
        "undo": _change_to_json(manager.last(), asked_by),
        "redo": _change_to_json(manager.last_undone(), asked_by),
    }


def _uses_to_json(uses: Uses) -> dict[str, int]:
    return {"accepted": uses.accepted, "suggested": uses.suggested, "rejected": uses.rejected}


def _change_to_json(change: CategoryChange | None, asked_by: str) -> dict[str, Any] | None:
    """who: "" for whoever asks, and for visitors without a name. names: the first few of those that it is about."""
    if change is None:
        return None
    return {
        "id": change.id,
        "verb": change.verb,
        "who": "" if change.who in (asked_by, NAMELESS) else change.who,
        "names": change.names[:3],
        "count": len(change.after),
    }


def _change(store: Store, category_id: int, wanted: dict[str, Any], *, who: str) -> None:
    """One thing of one category. Raises GestureError for anything else."""
    manager = store.category_manager
    if len(wanted) != 1:
        raise GestureError(f"category {category_id}: {len(wanted)} changes, expected one")
    ((what, value),) = wanted.items()
    if what == "name":
        manager.rename(category_id, _name(wanted), who=who)
    elif what == "supercategory" and isinstance(value, str):
        manager.set_supercategory(category_id, value, who=who)
    elif what == "color" and isinstance(value, str | None):
        manager.set_color(category_id, value, who=who)
    elif what == "digit" and (value is None or is_id(value)):
        manager.set_digit(category_id, value, who=who)
    elif what == "threshold" and not isinstance(value, bool) and isinstance(value, int | float | None):
        manager.set_threshold(category_id, value, who=who)
    else:
        raise GestureError(
            f"category {category_id}: {what!r:.40}, expected a name, supercategory, color, digit or threshold"
        )


def _name(found: dict[str, Any]) -> str:
    name = found.get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME or not is_plain(name):
        raise GestureError(f"category: expected a name of 1 to {MAX_NAME} printable characters")
    return name.strip()


def _id(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if not is_id(value):
        raise GestureError(f"{name}: {value!r:.40}, expected a whole number from 0 on")
    return int(value or 0)
