"""The built editor's files."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response

from annotator.system import files
from annotator.web.page.editor import STATIC

_MEDIA_TYPES = {".js": "text/javascript"}
"""What a computer's own table may say otherwise; a browser runs no module that comes as plain text."""


def add_static_routes(router: APIRouter) -> None:
    @router.get("/static/{name}")
    def static(name: str) -> Response:
        path = STATIC / name
        if Path(name).name != name or not files.is_file(path):
            return JSONResponse({"error": f"no file {name:.80}"}, status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return FileResponse(path, media_type=_MEDIA_TYPES.get(path.suffix), headers=headers)
