"""What several routes put into an answer.

Tests: tests/web/routes/test_every_route.py
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from fastapi.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

INERT = {
    # A stored picture is somebody's upload: a browser may show it and nothing else.
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
NEVER_KEPT = {"Cache-Control": "no-store"}


def picture_response(found: Path | bytes, kind: str) -> Response:
    """A picture of the project: a file of it, or what no file could be made of. kind: its MIME type."""
    headers = INERT | FOREVER
    if isinstance(found, bytes):
        return Response(found, media_type=kind, headers=headers)
    return FileResponse(found, media_type=kind, headers=headers)


class LeavingFile(FileResponse):
    """A file that was made for one answer; when it has left, or cannot, what was held for it is given up."""

    def __init__(self, path: Path, held: AsyncExitStack, **options: Any) -> None:
        """held: closed then. options: those of FileResponse."""
        super().__init__(path, **options)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await super().__call__(scope, receive, send)
