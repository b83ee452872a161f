"""Only this server's own page may ask it for anything.

A page of any other origin, another port of this computer included, could otherwise read a project's key and use it. A
request without a browser behind it (curl, a script) says no origin and is answered.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from annotator.web.sharing.answers import answer
from annotator.web.sharing.hosts import DEFAULT_PORTS, Authority, Hosts
from annotator.web.sharing.requests import header

_ORIGIN = re.compile(r"(https?)://([^/?#]+)", re.IGNORECASE)

_OWN_SITES = ("", "same-origin", "none")
"""What a browser says of a request of this server's page or of a person's hand; older ones say nothing."""

_READING = ("GET", "HEAD")


class SameOrigin:
    """ASGI middleware: refuses what a page of another origin asks for, with any method, and answers OPTIONS itself, so
    that no page elsewhere is allowed more than browsers allow by themselves.

    A link from elsewhere to a page here is followed all the same.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not is_own(scope, self.hosts):
                line = "asked by a page of another origin (behind a proxy: name its host with --allowed-hosts)"
                return await answer(send, 403, line)
            if scope["method"] == "OPTIONS":
                return await answer(send, 405, "OPTIONS requests are refused", headers={"allow": "GET, HEAD, POST"})
        await self.app(scope, receive, send)


def is_own(scope: Scope, hosts: Hosts) -> bool:
    """Whether a request comes from a page of this server, from a person's own hand, or from no browser at all."""
    origin, site = header(scope, b"origin"), header(scope, b"sec-fetch-site")
    if site not in _OWN_SITES:
        is_link = scope["method"] in _READING and header(scope, b"sec-fetch-mode") == "navigate" and not origin
        return is_link
    if not origin or _is_of(origin, header(scope, b"host"), hosts):
        return True
    # Behind a proxy that passes its own name for ours, only the browser knows that page and request belong together;
    # no page can make it say so.
    return site == "same-origin"


def _is_of(origin: str, host: str, hosts: Hosts) -> bool:
    """Whether an origin has exactly the host and port that were asked, or those that were named as this server's."""
    found = _ORIGIN.fullmatch(origin)
    theirs = None if found is None else Authority.parse(found[2])
    ours = Authority.parse(host)
    if found is None or theirs is None:
        return False
    scheme = found[1].lower()
    default = DEFAULT_PORTS[scheme]
    if ours is not None and theirs.name == ours.name and (theirs.port or default) == (ours.port or default):
        return True
    return hosts.owns(scheme, theirs)
