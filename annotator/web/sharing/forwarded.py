"""What a proxy in front says of a request: under which name, below which path, over TLS or not."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from annotator.web.sharing.hosts import Hosts
from annotator.web.sharing.requests import first_of, header

# Gradio builds addresses from these, and anyone can send them.
_NOT_PASSED_ON = ("x-forwarded-host", "x-forwarded-proto", "x-gradio-server")

_OURS = re.compile(r"/annotator/(?:static/[^/]+$|[A-Za-z0-9_-]{32}/)")


class Forwarded:
    """ASGI middleware, outermost: everything behind it sees the request as if no proxy were there.

    `X-Forwarded-Host` counts where that name is allowed by name. The path below which the server is reached is taken
    off where the proxy left it on; the path without its last slash leads to the one with it, as all addresses of the
    page are relative.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, root_path: str = "") -> None:
        """root_path: "" or a path as "/tools/annotator", without a slash at its end."""
        self.app, self.hosts, self.root_path = app, hosts, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if self.root_path and scope["path"] == self.root_path:
            query = scope.get("query_string", b"")
            target = f"{self.root_path}/".encode() + (b"?" + query if query else b"")
            headers = [(b"location", target), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 307, "headers": headers})
            return await send({"type": "http.response.body", "body": b""})
        await self.app(self._as_asked(scope), receive, send)

    def _as_asked(self, scope: Scope) -> Scope:
        seen = dict(scope, headers=list(scope["headers"]))
        headers = MutableHeaders(scope=seen)
        named = first_of(header(scope, b"x-forwarded-host"))
        if named and self.hosts.is_named(named):
            headers["host"] = named
        if first_of(header(scope, b"x-forwarded-proto")).lower() == "https":
            seen["scheme"] = "https"
        for name in _NOT_PASSED_ON:
            del headers[name]
        if self.root_path and seen["path"].startswith(f"{self.root_path}/") and not self._is_taken_off(seen["path"]):
            seen["path"] = seen["path"].removeprefix(self.root_path)
        # nginx leaves two slashes where a path without one at its end is taken off.
        seen["path"] = "/" + seen["path"].lstrip("/")
        return seen

    def _is_taken_off(self, path: str) -> bool:
        """Whether a path that begins with the prefix begins with a route of ours: both may be `/annotator`."""
        return self.root_path == "/annotator" and _OURS.match(path) is not None
