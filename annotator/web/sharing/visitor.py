"""Who asks: kept for the length of a request, so that whoever must know need not be told through every call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from gradio.context import LocalContext
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from annotator.system import paths

SESSION_COOKIE = "session"
"""Where Gradio keeps who signed in."""


@dataclass(frozen=True)
class Visitor:
    """address: where the request comes from. session: the signed cookie of whoever signed in, "" where nobody did."""

    address: str = ""
    session: str = ""


_asking: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def current() -> Visitor | None:
    """Who the work at hand is done for; None in the server's own threads."""
    # Events of the page run in tasks of Gradio's queue, which know no request but the one that Gradio names.
    request = LocalContext.request.get(None)
    if request is not None:
        return visitor_of(request.headers, request.client.host if request.client else "")
    return _asking.get()


@contextmanager
def acting_for(visitor: Visitor | None) -> Iterator[None]:
    """Do the block's work for somebody, or with None for nobody: the server's own."""
    asking, request = _asking.set(visitor), LocalContext.request.set(None)
    try:
        yield
    finally:
        LocalContext.request.reset(request)
        _asking.reset(asking)


def visitor_of(headers: Mapping[str, str], host: str) -> Visitor:
    """headers: by lower-case names. host: the other end of the connection."""
    return Visitor(address_of(headers, host), _session(headers.get("cookie", "")))


def address_of(headers: Mapping[str, str], host: str) -> str:
    """Where a visitor asks from; behind a Space's proxy that is what the proxy says."""
    forwarded = headers.get("x-forwarded-for", "") if paths.on_a_space() else ""
    return forwarded.partition(",")[0].strip()[:100] or host


def _session(cookies: str) -> str:
    if SESSION_COOKIE not in cookies:
        return ""
    try:
        found = SimpleCookie(cookies).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value


class Visitors:
    """ASGI middleware: notes who asks, for all that is done about the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            client = scope.get("client")
            _asking.set(visitor_of(Headers(scope=scope), client[0] if client else ""))
        await self.app(scope, receive, send)
