"""What the editor asks the server for: plain HTTP beside the page, so that a failure is a status and never silence.

Every route names the project by its key, which is its only permission; bodies are capped and checked in shape.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi import Path as InPath
from fastapi import Query as InQuery
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from annotator.core.errors import (
    AnnotatorError,
    ArchiveError,
    CocoError,
    GestureError,
    ImageError,
    MissingError,
    StaleRevisionError,
    StoreError,
)
from annotator.system import files, paths
from annotator.web import pictures
from annotator.web.assistant import MaskAssistant
from annotator.web.jobs import Prelabelling
from annotator.web.page.editor import STATIC
from annotator.web.projects import OccupiedError, Projects, UnknownProjectError
from annotator.web.protocol import (
    box_from_json,
    category_to_json,
    document_to_json,
    gesture_from_json,
    heatmap_to_json,
    page_from_json,
)
from annotator.web.routes.annotations import add_annotation_routes
from annotator.web.routes.archives import add_archive_routes
from annotator.web.routes.gallery import Cutouts, page_to_json
from annotator.web.routes.presence import Presence
from annotator.web.sharing.guard import MAX_GESTURE_BYTES, MAX_PICTURE_BYTES
from annotator.web.sharing.limits import LimitError
from annotator.web.sharing.login import SignInError
from annotator.web.sharing.uploads import Lines, TooLargeError, Turns, Uploads

MAX_SMALL_BYTES = 4096
MAX_NAME = 1_000
MAX_VALUES = 1_000_000
"""In one body: JSON of more keeps this interpreter, and everybody's gestures, for seconds. A gesture of 200,000
vertices has less than half as many."""
MAX_PROBLEMS = 1_000
"""Of one file; another line says how many more there are."""

ImageId = Annotated[int, InPath(ge=0, lt=2**53)]

EXPORT_SUFFIXES = frozenset({".json", ".zip", ".md", ".txt"})

_INERT = {
    # A stored picture is somebody's upload: a browser may show it and nothing else.
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}


def add_error_handlers(server: FastAPI, projects: Projects) -> None:
    """Every failure of a route is a status and one line."""

    @server.exception_handler(AnnotatorError)
    async def ours(_: Request, error: AnnotatorError) -> Response:
        return error_response(error, plain=projects.plain)

    add_shape_handler(server)

    @server.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": str(error.detail)}, status_code=error.status_code, headers=error.headers)


def add_shape_handler(server: FastAPI) -> None:
    """What has not the shape that a route asks for is answered in one line and not echoed: JSON knows no infinity."""

    @server.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return JSONResponse({"error": f"{first['loc'][-1]!s:.40}: {first['msg']}"}, status_code=400)


def error_response(error: AnnotatorError, *, plain: Callable[[str], str] = str) -> JSONResponse:
    """One line with the status that fits.

    plain: what a line goes through before a client reads it.
    """
    status = 400
    if isinstance(error, (UnknownProjectError, MissingError)):
        status = 404
    elif isinstance(error, SignInError):
        status = 401
    elif isinstance(error, LimitError):
        status = 507
    elif isinstance(error, TooLargeError):
        status = 413
    elif isinstance(error, (StaleRevisionError, OccupiedError)):
        status = 409
    elif isinstance(error, StoreError) and not isinstance(error, (GestureError, ArchiveError)):
        status = 507
    answer: dict[str, Any] = {"error": _one_line(plain(str(error)))}
    if isinstance(error, CocoError):
        answer["problems"] = [_one_line(plain(line)) for line in error.shortened(MAX_PROBLEMS).lines]
    return JSONResponse(answer, status_code=status)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def build_routes(projects: Projects, jobs: Prelabelling) -> APIRouter:
    """The routes over the projects of one server."""
    router = APIRouter(prefix="/annotator")
    uploads = Uploads(projects.limits, paths.home() / "incoming")
    _add_project_routes(router, projects, jobs, uploads)
    _add_image_routes(router, projects, uploads)
    _add_gallery_routes(router, projects)
    add_annotation_routes(router, projects, uploads)
    add_archive_routes(router, projects, uploads, outgoing=paths.home() / "outgoing")

    @router.api_route("/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    def nothing(rest: str) -> Response:
        return JSONResponse({"error": "nothing is there"}, status_code=404)

    return router


def _add_project_routes(router: APIRouter, projects: Projects, jobs: Prelabelling, uploads: Uploads) -> None:
    presence = Presence()
    arrivals = Lines()

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        path = STATIC / name
        if Path(name).name != name or not files.is_file(path):
            return JSONResponse({"error": f"no file {name:.80}"}, status_code=404)
        return FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})

    @router.get("/{key}/queue")
    def queue(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            rows, binned = store.queue(), len(store.bin())
        job = jobs.status(key)
        return {
            "images": [
                {
                    "id": row.image.id,
                    "name": row.image.file_name,
                    "width": row.image.width,
                    "height": row.image.height,
                    "thumbnail": f"annotator/{key}/thumbnails/{row.image.id}",
                    "reviewed": row.image.reviewed,
                    "prelabelled": row.image.prelabelled,
                    "accepted": row.accepted,
                    "suggested": row.suggested,
                    "rejected": row.rejected,
                    "scores": row.scores,
                }
                for row in rows
            ],
            "bin": binned,
            "job": None
            if job is None
            else {
                "done": job.done,
                "total": job.total,
                "running": job.running,
                "failures": [str(failure) for failure in job.failures],
            },
        }

    @router.post("/{key}/images")
    async def upload(key: str, name: str, request: Request) -> dict[str, Any]:
        if not 0 < len(name) <= MAX_NAME:
            raise ImageError(f"{name:.80}: a name of {len(name)} characters, expected 1 to {MAX_NAME}")
        # Sent side by side, pictures join the queue in the order in which they were sent.
        async with arrivals.place(key) as first:
            # Before the body is read: whoever may not add anything need not send it either.
            await run_in_threadpool(projects.get, key)
            async with uploads.received(request, key, MAX_PICTURE_BYTES) as body:
                # A small file may hold a large picture: it waits for its turn as a large one does.
                checked = await uploads.turns.run(key, lambda: pictures.check(projects, key, body.content(), name))
                await first.wait()
                return await uploads.turns.run(key, lambda: pictures.put(projects, key, body.content(), checked))

    @router.get("/{key}/bin")
    def list_bin(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return {"images": [{"id": image.id, "name": image.file_name} for image in store.bin()]}

    @router.post("/{key}/bin")
    def fill_bin(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return {"count": store.remove_images()}

    @router.delete("/{key}/bin")
    def empty_bin(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return {"count": store.empty_bin()}

    @router.post("/{key}/bin/restore")
    def restore_all(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return {"count": store.restore_images()}

    @router.post("/{key}/bin/{image_id}/restore")
    def restore(key: str, image_id: ImageId) -> dict[str, Any]:
        with projects.use(key) as store:
            projects.require_room_for_image(store)
            store.restore_image(image_id)
        return {"count": 1}

    @router.post("/{key}/presence")
    async def present(key: str, request: Request) -> dict[str, Any]:
        said = page_from_json(_parse(await uploads.small(request, MAX_SMALL_BYTES)))

        def others() -> dict[str, Any]:
            with projects.use(key) as store:
                if said.image_id is None:
                    presence.left(key, said.page)
                    return {"others": [], "revision": None}
                found = presence.seen(key, said.page, said.image_id, name=_name(projects))
                # Alone, a page knows the picture's revision by its own gestures.
                revision = store.image(said.image_id).revision if found else None
            return {"others": [{"animal": one.animal, "name": one.name} for one in found], "revision": revision}

        return await run_in_threadpool(others)

    @router.post("/{key}/example")
    async def example(key: str) -> dict[str, Any]:
        def add() -> dict[str, Any]:
            examples = sorted(paths.EXAMPLES.glob("*.jpg"))
            added = []
            for path in examples:
                content = path.read_bytes()
                added.append(pictures.put(projects, key, content, pictures.check(projects, key, content, path.name)))
            return added[0]

        return await uploads.turns.run(key, add)

    @router.post("/{key}/categories")
    async def category(key: str, request: Request) -> dict[str, Any]:
        wanted = _parse(await uploads.small(request, MAX_SMALL_BYTES))
        name = wanted.get("name") if isinstance(wanted, dict) else None
        if not isinstance(name, str) or not 0 < len(name.strip()) <= 100 or not name.isprintable():
            raise GestureError("category: expected a name of 1 to 100 printable characters")

        def add() -> dict[str, Any]:
            with projects.use(key) as store:
                projects.require_room_for_categories(store, [name.strip()])
                return category_to_json(store.add_category(name.strip()))

        return await run_in_threadpool(add)

    @router.get("/{key}/exports/{name}")
    def export(key: str, name: str) -> Response:
        path = projects.export_folder(key, paths.exports()) / name
        if Path(name).name != name or path.suffix not in EXPORT_SUFFIXES or not files.is_file(path):
            return JSONResponse({"error": f"no export {name:.80}"}, status_code=404)
        return FileResponse(path, filename=name, headers=_INERT | {"Cache-Control": "no-store"})


def _add_image_routes(router: APIRouter, projects: Projects, uploads: Uploads) -> None:
    assistant = MaskAssistant()
    # The mask head works on one box after the other: whoever waits for it holds no thread.
    boxes = Turns(1, each=1)
    # Pictures are shown beside those that come in, some of which take a decoder as long as it may.
    showing = Turns(4, each=2)

    @router.get("/{key}/images/{image_id}")
    def document(key: str, image_id: ImageId) -> dict[str, Any]:
        with projects.use(key) as store:
            return document_to_json(store, image_id, url=f"annotator/{key}/pictures/{image_id}")

    @router.delete("/{key}/images/{image_id}")
    def remove(key: str, image_id: ImageId) -> dict[str, Any]:
        with projects.use(key) as store:
            store.remove_image(image_id)
        return {}

    @router.post("/{key}/images/{image_id}/gestures")
    async def gesture(key: str, image_id: ImageId, request: Request) -> Response:
        def save(content: bytes) -> Response:
            with projects.use(key) as store:
                image = store.image(image_id, in_bin=True)
                made = gesture_from_json(
                    _parse(content), image_id=image_id, who=_who(projects), height=image.height, width=image.width
                )
                projects.require_room(key, store, len(content))
                try:
                    revision = store.record(made)
                except StaleRevisionError as error:
                    stored = store.image(image_id, in_bin=True).revision
                    return JSONResponse({"error": projects.plain(str(error)), "revision": stored}, status_code=409)
            projects.grew(key, len(content))
            return JSONResponse({"revision": revision})

        async with uploads.received(request, key, MAX_GESTURE_BYTES) as body:
            return await uploads.work(key, body, save)

    @router.post("/{key}/images/{image_id}/mask")
    async def box_mask(key: str, image_id: ImageId, request: Request) -> dict[str, Any]:
        asked = box_from_json(_parse(await uploads.small(request, MAX_SMALL_BYTES)))

        def predict() -> dict[str, Any]:
            with projects.use(key) as store:
                image = store.image(image_id)
                if asked.box_xyxy is None:
                    assistant.prepare(store, image, model=asked.model)
                    return {}
                made = assistant.mask(store, image, asked.box_xyxy, category_id=asked.category_id, model=asked.model)
            heatmap = None if made.heatmap is None else heatmap_to_json(made.heatmap)
            return {"rle": made.rle.counts, "by": made.by, "heatmap": heatmap}

        return await boxes.run(key, predict)

    @router.get("/{key}/images/{image_id}/heatmaps/{instance}")
    def heatmap(key: str, image_id: ImageId, instance: str) -> dict[str, Any]:
        with projects.use(key) as store:
            found = store.heatmap(image_id, instance)
        return {"heatmap": None if found is None else heatmap_to_json(found)}

    @router.get("/{key}/pictures/{image_id}")
    async def picture(key: str, image_id: ImageId) -> Response:
        def find() -> tuple[Path | bytes, str]:
            with projects.use(key) as store:
                return pictures.shown(store, store.image(image_id))

        found, kind = await showing.run(key, find)
        return _sent(found, kind)

    @router.get("/{key}/thumbnails/{image_id}")
    async def thumbnail(key: str, image_id: ImageId) -> Response:
        def find() -> Path | None:
            with projects.use(key) as store:
                return pictures.thumbnail(store, store.image(image_id))

        def make() -> Path | bytes:
            with projects.use(key) as store:
                return pictures.make_thumbnail(store, store.image(image_id))

        path = await run_in_threadpool(find)
        return _sent(await showing.run(key, make) if path is None else path, "image/jpeg")


def _sent(found: Path | bytes, kind: str) -> Response:
    """A picture of the project: a file of it, or what no file could be made of."""
    headers = _INERT | _FOREVER
    if isinstance(found, bytes):
        return Response(found, media_type=kind, headers=headers)
    return FileResponse(found, media_type=kind, headers=headers)


def _add_gallery_routes(router: APIRouter, projects: Projects) -> None:
    cutouts = Cutouts()
    cutting = Turns(3, each=2)
    listing = Turns(2, each=1)

    @router.get("/{key}/gallery")
    async def gallery(
        key: str,
        *,
        category: Annotated[int, InQuery(ge=0, lt=2**53)],
        state: str = "suggested",
        order: str = "doubt",
        threshold: Annotated[float, InQuery(ge=0, le=1, allow_inf_nan=False)] = 0.0,
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
        kept = _FOREVER if asked else {"Cache-Control": "no-store"}
        return Response(content, media_type="image/jpeg", headers=_INERT | kept)


def _parse(body: bytes) -> Any:
    if body.count(b",") > MAX_VALUES:
        raise GestureError(f"body: more than {MAX_VALUES} values, expected at most that")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise GestureError("body: not JSON") from error


def _name(projects: Projects) -> str:
    """Of whoever signed in, "" where nobody did."""
    user = projects.user()
    return "" if user is None else user.name


def _who(projects: Projects) -> str:
    if projects.shared:
        return _name(projects) or "visitor"
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
