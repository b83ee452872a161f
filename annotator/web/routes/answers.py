"""What several routes put into an answer.

Tests: tests/web/routes/test_every_route.py
"""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse, Response

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
