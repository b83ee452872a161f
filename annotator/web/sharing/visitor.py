"""Who sends a request: stored for the length of it, so that functions need not pass it on to each other."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from gradio.context import LocalContext
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from annotator.core.errors import AnnotatorError
from annotator.system import paths

PROXIES = "ANNOTATOR_TRUSTED_PROXIES"

SESSION_COOKIE = "session"
"""Where Gradio keeps who signed in."""


OUR_COOKIE = "annotator_session"
"""Where this server itself keeps who signed in."""

USER_HEADER = "ANNOTATOR_USER_HEADER"
"""Names the header in which a proxy in front says who asks."""


@dataclass(frozen=True)
class Visitor:
    """address: where the request comes from. session: the signed cookie of whoever signed in, "" where nobody did.

    signed: the same of this server itself. peer: the other end of the connection. named: what every header says that
    should name the user: believed by nobody who does not know the peer.
    """

    address: str = ""
    session: str = ""
    signed: str = ""
    peer: str = ""
    named: tuple[str, ...] = ()


_asking: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def current() -> Visitor | None:
    """Who the work at hand is done for; None in the server's own threads."""
    # Events of the page run in tasks of Gradio's queue, which know no request but the one that Gradio names.
    request = LocalContext.request.get(None)
    if request is not None:
        return visitor_of(request.headers, request.client.host if request.client else "")
    return _asking.get()


def current_address() -> str:
    """Where the work at hand is asked from, "" for the server's own."""
    asking = current()
    return "" if asking is None else asking.address


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
    cookies = headers.get("cookie", "")
    session, signed = (cookie(cookies, name) for name in (SESSION_COOKIE, OUR_COOKIE))
    header = os.environ.get(USER_HEADER, "").lower()
    named = tuple(one for one in _every(headers, header) if one) if header else ()
    return Visitor(address_of(headers, host), session, signed, host, named)


def address_of(headers: Mapping[str, str], host: str) -> str:
    """Where a visitor asks from: the other end of the connection, or behind proxies what they say.

    Each proxy adds to the end of `X-Forwarded-For` from where it was asked; what stands before that anybody can write.
    """
    hops = _hops(headers)
    count = trusted_proxies()
    if count is None:
        # A Space's own proxies ask from addresses within its network: the last one from outside is the visitor.
        found = next((hop for hop in reversed(hops) if not _is_internal(hop)), hops[-1] if hops else host)
    else:
        found = hops[-count] if 0 < count <= len(hops) else host
    return _network(found)[:100]


def trusted_proxies() -> int | None:
    """How many proxies stand in front (ANNOTATOR_TRUSTED_PROXIES); None on a Space that does not say.

    Raises AnnotatorError for what is no number.
    """
    text = os.environ.get(PROXIES, "")
    if not text:
        return None if paths.on_a_space() else 0
    if not text.isdecimal() or int(text) > 100:
        raise AnnotatorError(f"{PROXIES}: found {text[:100]!r}, expected how many proxies stand in front, 0 to 100")
    return int(text)


def _hops(headers: Mapping[str, str]) -> list[str]:
    every = _every(headers, "x-forwarded-for")
    return [hop for hop in (one.strip() for one in ",".join(every).split(",")) if hop]


def _every(headers: Mapping[str, str], name: str) -> list[str]:
    return headers.getlist(name) if isinstance(headers, Headers) else [headers.get(name, "")]


def _is_internal(hop: str) -> bool:
    address = _ip_address(hop)
    return address is not None and not address.is_global


def _network(hop: str) -> str:
    """An address as limits count it: without the port, and for IPv6 only the network, because one household has 2^64
    addresses.
    """
    address = _ip_address(hop)
    if address is None:
        return hop
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _ip_address(hop: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = hop.partition("]")[0].strip("[")
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def cookie(cookies: str, name: str) -> str:
    """The value of a cookie in what a browser sends, "" where there is none."""
    if name not in cookies:
        return ""
    try:
        found = SimpleCookie(cookies).get(name)
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
