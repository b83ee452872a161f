"""What a proxy in front says of a request: under which name, below which path, over TLS or not."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotator.web.sharing.answers import answer
from annotator.web.sharing.hosts import Hosts
from annotator.web.sharing.requests import first_of, header

# Gradio builds addresses from these, and anyone can send them.
_NOT_PASSED_ON = ("x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "x-gradio-server")

PATH = re.compile(r"/|(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~@!$&'()*+,;=-]+)+")
"""Below which a server may be shown."""

ROOT = "annotator.root"
"""In the scope: the path below which a browser finds this server, "" or without a slash at its end."""

_OURS = re.compile(r"/annotator/(?:static/[^/]+$|projects(?:/new)?$|[A-Za-z0-9_-]{32}/)")


class Forwarded:
    """ASGI middleware, outermost: everything behind it sees the request as if no proxy were there.

    `X-Forwarded-Host` counts where that name is allowed by name. The path below which the server is reached is taken
    off where the proxy left it on; the path without its last slash leads to the one with it, as all addresses of the
    page are relative.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, root_path: str = "") -> None:
        """root_path: "" or a path as "/tools/annotator", without a slash at its end; without one, what
        `X-Forwarded-Prefix` says of the request at hand counts.
        """
        self.app, self.hosts, self.root_path = app, hosts, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        root_path = self.root_path or _prefix(scope)
        if root_path and scope["path"] == root_path:
            query = scope.get("query_string", b"")
            target = f"{root_path}/".encode() + (b"?" + query if query else b"")
            headers = [(b"location", target), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 307, "headers": headers})
            return await send({"type": "http.response.body", "body": b""})
        await self.app(self._as_asked(scope, root_path), receive, send)

    def _as_asked(self, scope: Scope, root_path: str) -> Scope:
        seen = {**scope, "headers": list(scope["headers"]), ROOT: root_path}
        headers = MutableHeaders(scope=seen)
        named = first_of(header(scope, b"x-forwarded-host"))
        if named and self.hosts.is_named(named):
            headers["host"] = named
        if first_of(header(scope, b"x-forwarded-proto")).lower() == "https":
            seen["scheme"] = "https"
        for name in _NOT_PASSED_ON:
            del headers[name]
        seen["path"] = _without(root_path, seen["path"])
        return seen


def _prefix(scope: Scope) -> str:
    """What a proxy says that it shows the server below; "" where that is no path."""
    told = header(scope, b"x-forwarded-prefix").rstrip("/")
    return told if PATH.fullmatch(told) else ""


def _without(root_path: str, path: str) -> str:
    # A path that begins with the prefix may begin with a route of ours: both may be `/annotator`.
    is_taken_off = root_path == "/annotator" and _OURS.match(path) is not None
    if root_path and path.startswith(f"{root_path}/") and not is_taken_off:
        path = path.removeprefix(root_path)
    # nginx leaves two slashes where a path without one at its end is taken off.
    return "/" + path.lstrip("/")


class Lost:
    """ASGI middleware: who opens a page that is not here, most often through a proxy, is told what to set."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        """root_path: as above."""
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and "text/html" in header(scope, b"accept")
        if not is_page or _OURS.match(scope["path"]):
            return await self.app(scope, receive, send)
        is_lost = False

        async def give(message: Message) -> None:
            nonlocal is_lost
            if message["type"] == "http.response.start" and message["status"] == 404:
                is_lost = True
                await answer(send, 404, self._line(scope["path"]))
            elif not is_lost:
                await send(message)

        await self.app(scope, receive, give)

    def _line(self, path: str) -> str:
        beside = f" instead of {self.root_path}" if self.root_path else ""
        return (
            f"nothing is at {path[:200]}; if a proxy shows this server below a path, start it with "
            f"--root-path {path.rstrip('/')[:200]}{beside}, or let the proxy take the path off"
        )
