"""One decision about many instances: looked at before, carried out, watched, and taken back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import GestureError, MissingError
from annotator.core.numbers import is_finite, is_id
from annotator.core.query import EVERYTHING, Query, of_ids, parse
from annotator.core.repair import Kind, Repair
from annotator.storage.bulk import Bulk, Preview
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.bulk_repair import Mended
from annotator.vision.pictures.cutouts import window_of
from annotator.web.bulk_work import BulkWork, Run
from annotator.web.outlines import outline, window_size
from annotator.web.projects import Projects
from annotator.web.protocol import text_in
from annotator.web.routes.gallery import entry_to_json
from annotator.web.routes.requests import parse_json, who_decides
from annotator.web.sharing.uploads import Uploads

MAX_BODY = 1_000_000
MAX_KEYS = 20_000
"""Instances that were chosen one by one."""

MAX_SHOWN = 80
"""Characters of an expression that are told again: the numbers of pictures that were picked may be many."""


def add_bulk_routes(router: APIRouter, projects: Projects, work: BulkWork, uploads: Uploads) -> None:
    _add_routes_of_the_latest(router, projects, work)

    @router.post("/{key}/bulk/preview")
    async def preview(key: str, request: Request) -> dict[str, Any]:
        order, _ = _read(await uploads.small(request, MAX_BODY))

        def look() -> dict[str, Any]:
            return _preview_to_json(work.preview(key, order), key)

        return await run_in_threadpool(look)

    @router.post("/{key}/bulk")
    async def start(key: str, request: Request) -> dict[str, Any]:
        order, wanted = _read(await uploads.small(request, MAX_BODY))
        as_of = wanted.get("as_of")
        if not is_id(as_of):
            raise GestureError("bulk.as_of: expected what the preview said")

        def begin() -> dict[str, Any]:
            work.start(key, order, as_of=int(as_of or 0), who=who_decides(projects, key))
            return status_to_json(projects, work, key)

        return await run_in_threadpool(begin)


def _add_routes_of_the_latest(router: APIRouter, projects: Projects, work: BulkWork) -> None:
    @router.post("/{key}/bulk/undo")
    async def undo(key: str) -> dict[str, Any]:
        def begin() -> dict[str, Any]:
            with projects.use(key) as store:
                last = store.bulk.last()
            if last is None:
                raise MissingError("bulk: there is nothing to take back")
            work.undo(key, last.id, total=last.done - last.undone, who=who_decides(projects, key))
            return status_to_json(projects, work, key)

        return await run_in_threadpool(begin)

    @router.post("/{key}/bulk/continue")
    async def go_on(key: str) -> dict[str, Any]:
        def begin() -> dict[str, Any]:
            with projects.use(key) as store:
                last = store.bulk.last()
            if last is None or not last.can_go_on:
                raise MissingError("bulk: there is nothing to go on with")
            work.go_on(key, last, who=who_decides(projects, key))
            return status_to_json(projects, work, key)

        return await run_in_threadpool(begin)

    @router.post("/{key}/bulk/cancel")
    def cancel(key: str) -> dict[str, Any]:
        with projects.use(key):
            work.cancel(key)
        return status_to_json(projects, work, key)

    @router.get("/{key}/bulk")
    def status(key: str) -> dict[str, Any]:
        return status_to_json(projects, work, key)


def status_to_json(projects: Projects, work: BulkWork, key: str) -> dict[str, Any]:
    """What is at work on the project, and the latest one that can be taken back."""
    with projects.use(key) as store:
        return {"run": _run_to_json(work.status(key)), "last": _bulk_to_json(store.bulk.last())}


def _read(body: bytes) -> tuple[Order, dict[str, Any]]:
    """The order that was sent, and all that was sent with it. Raises GestureError, QueryError."""
    wanted = parse_json(body)
    if not isinstance(wanted, dict):
        raise GestureError("bulk: expected an object")
    verb, query, threshold = wanted.get("verb"), wanted.get("query", ""), wanted.get("threshold", 0.5)
    keys, category, images = wanted.get("keys", []), wanted.get("category"), wanted.get("images")
    if verb not in set(Verb):
        raise GestureError(f"bulk.verb: {verb!r:.40}, expected one of {', '.join(Verb)}")
    if not isinstance(query, str):
        raise GestureError("bulk.query: expected an expression")
    if not is_finite(threshold) or not 0 <= threshold <= 1:
        raise GestureError(f"bulk.threshold: {threshold!r:.40}, expected 0 to 1")
    if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(one, str) for one in keys):
        raise GestureError(f"bulk.keys: expected at most {MAX_KEYS} keys of instances")
    if images is not None and not (isinstance(images, list) and images and all(is_id(id) for id in images)):
        raise GestureError("bulk.images: expected the ids of pictures")
    if (verb == Verb.RELABEL) is not is_id(category):
        raise GestureError("bulk.category: expected the id of a category to relabel, and nothing otherwise")
    repair = _read_repair(wanted.get("repair")) if verb == Verb.REPAIR else None
    network = text_in(wanted, "network", "bulk") if "network" in wanted else None
    picked = EVERYTHING if images is None else of_ids(images)
    about = Query((*parse(query).terms, *picked.terms))
    return Order(Verb(verb), about, float(threshold), tuple(keys), category, repair, network), wanted


def _read_repair(wanted: Any) -> Repair:
    kind = wanted.get("kind") if isinstance(wanted, dict) else None
    if kind not in set(Kind):
        raise GestureError(f"bulk.repair.kind: {kind!r:.40}, expected one of {', '.join(Kind)}")
    pixels, most = wanted.get("pixels", 0), Repair(Kind(kind)).most
    if type(pixels) is not int or not min(1, most) <= pixels <= most:
        raise GestureError(f"bulk.repair.pixels: {pixels!r:.40}, expected a whole number from {min(1, most)} to {most}")
    return Repair(Kind(kind), pixels)


def _preview_to_json(found: Preview, key: str) -> dict[str, Any]:
    return {
        "instances": found.instances,
        "images": found.images,
        "as_of": found.as_of,
        "carried": sum(id < 0 for id in found.targets.ids),
        "nearest": [
            entry_to_json(entry, key) | _repair_to_json(found.mended.get(entry.key)) for entry in found.nearest
        ],
    }


def _repair_to_json(mended: Mended | None) -> dict[str, Any]:
    """Both outlines in the cut-out's own square; `after` is empty where nothing would be left."""
    if mended is None:
        return {}
    window = window_of(mended.before)
    after = "" if mended.after is None or not mended.is_kept else outline(mended.after, window)
    return {"size": window_size(window), "before": outline(mended.before, window), "after": after}


def _run_to_json(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "undoes": run.undoes,
        "verb": None if run.verb is None else run.verb.value,
        "total": run.total,
        "done": run.report.done,
        "passed_over": run.report.passed_over,
        "names": list(run.report.names),
        "removed": run.report.removed,
        "removed_names": list(run.report.removed_names),
        "emptied": run.report.emptied,
        "emptied_names": list(run.report.emptied_names),
        "running": run.running,
        "cancelled": run.cancelled,
        "error": run.error,
    }


def _bulk_to_json(last: Bulk | None) -> dict[str, Any] | None:
    if last is None:
        return None
    return {
        "id": last.id,
        "verb": last.verb.value,
        "query": last.query if len(last.query) <= MAX_SHOWN else f"{last.query[:MAX_SHOWN]}…",
        "at": last.at,
        "total": last.total,
        "done": last.done,
        "ended": last.ended,
        "undone": last.undone,
        "can_go_on": last.can_go_on,
    }
