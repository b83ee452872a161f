"""The names under which this server answers.

A web site may point a name of its own at any address, this computer's too (DNS rebinding). To the browser its page is
then one of this server's. So a server for one person answers only to names that no stranger can have.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from enum import Enum

from starlette.types import ASGIApp, Receive, Scope, Send

from annotator.core.errors import AnnotatorError
from annotator.web.sharing.answers import answer
from annotator.web.sharing.requests import header

_AUTHORITY = re.compile(
    r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[^\s:/?#@\[\]]+))(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE
)

DEFAULT_PORTS = {"http": 80, "https": 443}

# Names of a home or an office, which nobody can register. A name without a dot is one too.
_PRIVATE_ENDINGS = (".local", ".localhost", ".localdomain", ".lan", ".home", ".home.arpa", ".internal", ".intranet")


@dataclass(frozen=True)
class Authority:
    """What stands in `Host`. name: in lower case, an IPv6 address without brackets. port: None where none is said."""

    name: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Authority | None:
        """None for what is no host and port."""
        found = _AUTHORITY.fullmatch(text.strip())
        if found is None:
            return None
        port = None if found["port"] is None else int(found["port"])
        return cls((found["v6"] or found["name"]).lower().rstrip("."), port)


class Reach(Enum):
    """From where a server is meant to be asked."""

    HERE = "this computer"
    NETWORK = "the network around it"
    EVERYWHERE = "everywhere, by visitors with projects of their own"


@dataclass(frozen=True)
class Hosts:
    """Which names are answered.

    allowed: those that were named, as `annotate.example.org`, `*.example.org`, `annotate.example.org:8443` or `*`.
    """

    reach: Reach = Reach.HERE
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for entry in self.allowed:
            if entry != "*" and Authority.parse(entry.removeprefix("*.")) is None:
                raise AnnotatorError(f"allowed hosts: found {entry!r}, expected names like annotate.example.org")

    def answers(self, text: str) -> bool:
        """Whether this server answers a request with this `Host`."""
        if self.reach is Reach.EVERYWHERE or "*" in self.allowed:
            return True
        host = Authority.parse(text)
        if host is None:
            return False
        if _is_loopback(host.name) or self.is_named(text):
            return True
        return self.reach is Reach.NETWORK and _is_private(host.name)

    def is_named(self, text: str) -> bool:
        """Whether a host and port are among those that were named. An entry without a port is meant at any."""
        host = Authority.parse(text)
        return host is not None and any(_fits(host, entry) for entry in self.allowed if entry != "*")

    def owns(self, scheme: str, host: Authority) -> bool:
        """Whether pages of this origin are this server's by name; an entry without a port means the scheme's own."""
        default = DEFAULT_PORTS.get(scheme)
        for named in map(Authority.parse, self.allowed):
            if named is not None and named.name == host.name:
                return (host.port or default) == (named.port or default)
        return False


def _fits(host: Authority, entry: str) -> bool:
    named = Authority.parse(entry.removeprefix("*."))
    if named is None or named.port not in (None, host.port):
        return False
    return host.name.endswith(f".{named.name}") if entry.startswith("*.") else host.name == named.name


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _is_private(name: str) -> bool:
    """Whether no stranger can point this name, or this address, at a computer of the user's."""
    if _is_address(name) or "." not in name or name.endswith(_PRIVATE_ENDINGS):
        return True
    return name == socket.gethostname().lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class AllowedHosts:
    """ASGI middleware: a name that is not this server's is not answered."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked = header(scope, b"host")
            if not self.hosts.answers(asked):
                line = f"this server does not answer to the name {asked[:100]!r}: allow it with --allowed-hosts NAME"
                return await answer(send, 400, line)
        await self.app(scope, receive, send)


def split_names(text: str) -> tuple[str, ...]:
    """The names of a list with commas or spaces between them."""
    return tuple(name.lower() for name in re.split(r"[,\s]+", text) if name)
