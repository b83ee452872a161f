"""What the editor asks the server for: plain HTTP beside the page, so that a failure is a status and never silence.

Every route names the project by its key, which is its only permission; bodies are capped and checked in shape.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from annotator.core import places
from annotator.core.errors import AnnotatorError, GestureError, ImageError, MissingError, StaleRevisionError, StoreError
from annotator.storage.store import Store
from annotator.vision import images
from annotator.web.assistant import MaskAssistant
from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects, UnknownProjectError
from annotator.web.protocol import box_from_json, category_to_json, document_to_json, gesture_from_json

MAX_PICTURE_BYTES = 64 * 1024 * 1024
MAX_GESTURE_BYTES = 16 * 1024 * 1024
MAX_VISITOR_IMAGES = 2_000

STATIC = Path(__file__).with_name("static")

EXPORT_SUFFIXES = frozenset({".json", ".zip", ".md", ".txt"})

_INERT = {
    # A stored picture is somebody's upload: a browser may show it and nothing else.
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}


class TooLargeError(AnnotatorError):
    """A request body beyond its cap."""


def error_response(error: AnnotatorError) -> JSONResponse:
    """One line with the status that fits."""
    status = 400
    if isinstance(error, (UnknownProjectError, MissingError)):
        status = 404
    elif isinstance(error, TooLargeError):
        status = 413
    elif isinstance(error, StaleRevisionError):
        status = 409
    elif isinstance(error, StoreError) and not isinstance(error, GestureError):
        status = 507
    return JSONResponse({"error": str(error)}, status_code=status)


def build_routes(projects: Projects, jobs: Prelabelling) -> APIRouter:
    """The routes over the projects of one server."""
    router = APIRouter(prefix="/annotator")
    assistant = MaskAssistant()

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        path = STATIC / name
        if Path(name).name != name or not path.is_file():
            return JSONResponse({"error": f"no file {name}"}, status_code=404)
        return FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})

    @router.get("/{key}/queue")
    def queue(key: str) -> dict[str, Any]:
        store = projects.get(key)
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
                }
                for row in store.queue()
            ],
            "job": None
            if job is None
            else {
                "done": job.done,
                "total": job.total,
                "running": job.running,
                "failures": [str(failure) for failure in job.failures],
            },
        }

    @router.get("/{key}/images/{image_id}")
    def document(key: str, image_id: int) -> dict[str, Any]:
        store = projects.get(key)
        return document_to_json(store, image_id, url=f"annotator/{key}/pictures/{image_id}")

    @router.delete("/{key}/images/{image_id}")
    def remove(key: str, image_id: int) -> dict[str, Any]:
        projects.get(key).remove_image(image_id)
        return {}

    @router.post("/{key}/images/{image_id}/gestures")
    async def gesture(key: str, image_id: int, request: Request) -> Response:
        body = await read_body(request, MAX_GESTURE_BYTES)

        def save() -> Response:
            store = projects.get(key)
            image = store.image(image_id)
            made = gesture_from_json(
                _parse(body), image_id=image_id, who=_who(projects), height=image.height, width=image.width
            )
            try:
                return JSONResponse({"revision": store.record(made)})
            except StaleRevisionError as error:
                answer = {"error": str(error), "revision": store.image(image_id).revision}
                return JSONResponse(answer, status_code=409)

        return await run_in_threadpool(save)

    @router.post("/{key}/images/{image_id}/mask")
    async def box_mask(key: str, image_id: int, request: Request) -> dict[str, Any]:
        asked = box_from_json(_parse(await read_body(request, 4096)))

        def predict() -> dict[str, Any]:
            store = projects.get(key)
            image = store.image(image_id)
            if asked.box_xyxy is None:
                assistant.prepare(store, image, model=asked.model)
                return {}
            made = assistant.mask(
                store, image, asked.box_xyxy, category_id=asked.category_id, model=asked.model
            )
            return {"rle": made.rle.counts, "by": made.by}

        return await run_in_threadpool(predict)

    @router.post("/{key}/images")
    async def upload(key: str, name: str, request: Request) -> dict[str, Any]:
        content = await read_body(request, MAX_PICTURE_BYTES)

        def add() -> dict[str, Any]:
            store = projects.get(key)
            if projects.shared and store.image_count() >= MAX_VISITOR_IMAGES:
                raise ImageError(f"{name}: this project is full, expected at most {MAX_VISITOR_IMAGES} pictures")
            return _add(store, content, name)

        return await run_in_threadpool(add)

    @router.post("/{key}/example")
    def example(key: str) -> dict[str, Any]:
        store = projects.get(key)
        added = [_add(store, path.read_bytes(), path.name) for path in sorted(places.EXAMPLES.glob("*.jpg"))]
        return added[0]

    @router.post("/{key}/categories")
    async def category(key: str, request: Request) -> dict[str, Any]:
        wanted = _parse(await read_body(request, 4096))
        name = wanted.get("name") if isinstance(wanted, dict) else None
        if not isinstance(name, str) or not 0 < len(name.strip()) <= 100 or not name.isprintable():
            raise GestureError("category: expected a name of 1 to 100 printable characters")
        added = await run_in_threadpool(projects.get(key).add_category, name.strip())
        return category_to_json(added)

    @router.get("/{key}/pictures/{image_id}")
    def picture(key: str, image_id: int) -> Response:
        store = projects.get(key)
        content = store.content_path(store.image(image_id).sha256).read_bytes()
        shown, kind = images.browser_picture(content)
        return Response(shown, media_type=kind, headers=_INERT | _FOREVER)

    @router.get("/{key}/thumbnails/{image_id}")
    def thumbnail(key: str, image_id: int) -> Response:
        store = projects.get(key)
        image = store.image(image_id)
        path = _thumbnail_path(store, image.sha256)
        if not path.is_file():
            content = store.content_path(image.sha256).read_bytes()
            _keep_thumbnail(store, images.decode(content, file_name=image.file_name))
        return Response(path.read_bytes(), media_type="image/jpeg", headers=_INERT | _FOREVER)

    @router.get("/{key}/exports/{name}")
    def export(key: str, name: str) -> Response:
        path = projects.export_folder(key, places.exports()) / name
        if Path(name).name != name or path.suffix not in EXPORT_SUFFIXES or not path.is_file():
            return JSONResponse({"error": f"no export {name}"}, status_code=404)
        return FileResponse(path, filename=name, headers=_INERT | {"Cache-Control": "no-store"})

    return router


async def read_body(request: Request, limit: int) -> bytes:
    """The body, never more of it than `limit` bytes. Raises TooLargeError."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > limit:
            raise TooLargeError(f"body of more than {limit} bytes, expected at most {limit // 2**20 or 1} MiB")
    return bytes(content)


async def capped(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    """Middleware: refuse a body that says that it is beyond every cap, before anything reads it."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_PICTURE_BYTES:
        return error_response(TooLargeError(f"body of {length} bytes, expected at most {MAX_PICTURE_BYTES}"))
    return await proceed(request)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise GestureError("body: not JSON") from error


def _add(store: Store, content: bytes, name: str) -> dict[str, Any]:
    photo = images.decode(content, file_name=name)
    known = store.image_by_sha256(photo.sha256) is not None
    image = store.add_image(content, file_name=name, width=photo.width, height=photo.height)
    _keep_thumbnail(store, photo)
    return {"id": image.id, "name": image.file_name, "known": known}


def _thumbnail_path(store: Store, sha256: str) -> Path:
    return store.folder / "thumbnails" / f"{sha256}.jpg"


def _keep_thumbnail(store: Store, photo: images.Photo) -> None:
    path = _thumbnail_path(store, photo.sha256)
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(f".{id(photo)}.part")
    part.write_bytes(images.thumbnail(photo))
    part.replace(path)


def _who(projects: Projects) -> str:
    if projects.shared:
        return "visitor"
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
