"""Names that a reverse proxy says in a header: it asked people who they are, so that this server need not.

Anybody can write a header. It counts where the connection comes from one of the addresses that are stated as the
proxy's, and where it is there once; a proxy that adds its own behind what a visitor wrote names nobody.
"""

from __future__ import annotations

import ipaddress
import os
import re

from starlette.types import Scope, Send

from annotator.core.errors import AnnotatorError
from annotator.core.people import BY_PROXY, PeopleError, checked_person, folded_person
from annotator.web.sharing.answers import answer
from annotator.web.sharing.hosts import split_names
from annotator.web.sharing.login import User
from annotator.web.sharing.visitor import USER_HEADER, Visitor, current

PROXIES = "ANNOTATOR_USER_PROXIES"

_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_STRANGE = ("cookie", "host", "authorization", "origin")
_WIDEST = {4: 8, 6: 16}
"""The shortest prefix of a network that may be a proxy's: shorter ones are half of the world."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ProxyNames:
    """A `SignIn`."""

    has_page = False
    way_out = ""

    def __init__(self, header: str, proxies: tuple[Network, ...]) -> None:
        self._header, self._proxies = header, proxies

    @classmethod
    def from_environment(cls) -> ProxyNames | None:
        """None where no header is named. Raises AnnotatorError where it is not said whose it may be."""
        header = os.environ.get(USER_HEADER, "")
        if not header:
            return None
        if _HEADER.fullmatch(header) is None or header.lower() in _STRANGE:
            raise AnnotatorError(f"{USER_HEADER}: found {header[:100]!r}, expected a header such as X-Forwarded-User")
        proxies = tuple(map(_network, split_names(os.environ.get(PROXIES, ""))))
        if not proxies:
            raise AnnotatorError(
                f"{USER_HEADER}: anybody can write a header; name the proxy's addresses in {PROXIES}, as 127.0.0.1"
            )
        return cls(header, proxies)

    def user(self, visitor: Visitor) -> User | None:
        if len(visitor.named) != 1 or not self._is_proxy(visitor.peer):
            return None
        try:
            name = checked_person(_decoded(visitor.named[0]))
        except PeopleError:  # `turn_away` says so
            return None
        # One proxy's header holds one name; several that were put into one are a visitor's and the proxy's.
        return None if "," in name else User(f"{BY_PROXY}{folded_person(name)}", name)

    async def turn_away(self, scope: Scope, send: Send) -> None:
        await answer(send, 401, f"nobody is signed in: {self._why(current())}")

    def _why(self, visitor: Visitor | None) -> str:
        if visitor is not None and len(visitor.named) == 1 and self._is_proxy(visitor.peer):
            try:
                checked_person(_decoded(visitor.named[0]))
            except PeopleError as error:
                return str(error)
        return "open this page through the proxy that asks who you are"

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        found = getattr(address, "ipv4_mapped", None) or address
        return any(found.version == one.version and found in one for one in self._proxies)


def _network(text: str) -> Network:
    expected = f"{PROXIES}: found {text[:60]!r}, expected addresses or networks, as 127.0.0.1 or 10.0.5.0/24"
    try:
        found = ipaddress.ip_network(text)
    except ValueError as error:
        raise AnnotatorError(expected) from error
    if found.prefixlen < _WIDEST[found.version]:
        raise AnnotatorError(f"{expected}; a network as wide as this is not a proxy's")
    return found


def _decoded(value: str) -> str:
    """Headers are read as Latin-1; names beyond ASCII come in UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return value
