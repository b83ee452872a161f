"""Caches Gradio's page: it is made once and is the same under every address."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio writes into the page under which address it was asked for. The page is made under this one, which is then
# replaced: by the page's own folder, or for a client by where it asks.
_STAND_IN = "page.annotator.invalid"
_STAND_IN_URL = f"http://{_STAND_IN}"

# Without the last slash every relative address of the page would miss. A proxy that takes a path off hides from the
# server which of the two was asked for.
_SLASH = """<script>
if (!location.pathname.endsWith("/")) location.replace(location.pathname + "/" + location.search + location.hash);
</script>"""

_MANIFEST = '<link rel="manifest" href="/manifest.json" />'
"""Names an absolute address, and this page is no application to install."""


@dataclass(frozen=True)
class _Kept:
    plain: bytes
    packed: bytes
    tag: str


class KeptPage:
    """ASGI middleware: answers for the page and its configuration without asking Gradio again.

    Both take some milliseconds in which nobody else's gesture is saved. They are the same for everybody: what a visitor
    has comes over the routes.
    """

    def __init__(self, app: ASGIApp, *, head: str = "", root_path: str = "") -> None:
        """head: what else comes first in the page's `<head>`. root_path: as in `Hosting`."""
        self.app = app
        self._head, self._root_path = head, root_path
        self._page: _Kept | None = None
        self._config: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            if scope["path"] == "/":
                return await (await self._page_for(scope))(scope, receive, send)
            if scope["path"] in ("/config", "/config/"):
                return await (await self._config_for(scope))(scope, receive, send)
        await self.app(scope, receive, send)

    async def _page_for(self, scope: Scope) -> Response:
        if self._page is None:
            plain = self._finished((await self._made("/", scope)).decode()).encode()
            tag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
            self._page = _Kept(plain, gzip.compress(plain, mtime=0), tag)
        kept, asked = self._page, Headers(scope=scope)
        headers = {"cache-control": "no-cache", "etag": kept.tag, "vary": "accept-encoding"}
        if asked.get("if-none-match") == kept.tag:
            return Response(status_code=304, headers=headers)
        packed = "gzip" in asked.get("accept-encoding", "")
        if packed:
            headers["content-encoding"] = "gzip"
        return Response(kept.packed if packed else kept.plain, media_type="text/html", headers=headers)

    async def _config_for(self, scope: Scope) -> Response:
        if self._config is None:
            self._config = (await self._made("/config", scope)).decode()
        asked = f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}{self._root_path}"
        content = self._config.replace(_STAND_IN_URL, json.dumps(asked)[1:-1])
        return Response(content, media_type="application/json", headers={"cache-control": "no-cache"})

    def _finished(self, page: str) -> str:
        page = page.replace(f'"{_STAND_IN_URL}"', '"./"').replace(_MANIFEST, "")
        return page.replace("<head>", f"<head>{_SLASH}{self._head}", 1)

    async def _made(self, path: str, scope: Scope) -> bytes:
        """What Gradio answers to nobody in particular. Raises RuntimeError where it is no page."""
        asked: MutableMapping[str, Any] = {
            **scope,
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "scheme": "http",
            "headers": [(b"host", _STAND_IN.encode())],
        }
        status, content = 0, bytearray()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def keep(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            content.extend(message.get("body", b""))

        await self.app(asked, receive, keep)
        if status != 200:
            raise RuntimeError(f"{path}: Gradio answered with {status}")
        return bytes(content)
