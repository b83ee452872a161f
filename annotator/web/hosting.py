"""Where a server is reached: by the command line, else by the variables that every Gradio application knows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from annotator.core.errors import AnnotatorError
from annotator.system import paths
from annotator.web.sharing.forwarded import PATH
from annotator.web.sharing.hosts import Hosts, Reach, split_names

DEFAULT_PORT = 7860

PORTS = 100
"""As many ports are tried, one after the other, where nobody asked for one on the command line."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104, looked for and not bound to


@dataclass(frozen=True)
class Hosting:
    """host and port: what the server listens on. ports: how many, from that one on, may be tried.

    root_path: "" or the path below which a proxy shows it. allowed_hosts: names that are answered besides those that no
    stranger can have. share: show it to anybody, through Gradio's tunnel.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    root_path: str = ""
    allowed_hosts: tuple[str, ...] = ()
    share: bool = False
    ports: int = 1

    @classmethod
    def choose(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        root_path: str | None = None,
        allowed_hosts: str | None = None,
        share: bool | None = None,
    ) -> Hosting:
        """What was asked for on the command line; where that is None, what the environment says.

        allowed_hosts: names with commas or spaces between them.

        Raises AnnotatorError for a variable that makes no sense.
        """
        everyone = "0.0.0.0" if paths.on_a_space() else "127.0.0.1"  # noqa: S104, a Space's proxy asks from outside
        path, names = _root_path(os.environ.get("GRADIO_ROOT_PATH", "") if root_path is None else root_path)
        if allowed_hosts is None:
            allowed_hosts = os.environ.get("ANNOTATOR_ALLOWED_HOSTS", "")
        if paths.on_a_space():
            names = (*names, *split_names(os.environ.get("SPACE_HOST", "")))
        shared = os.environ.get("GRADIO_SHARE", "").lower() in ("true", "1")
        return cls(
            host=(host or os.environ.get("GRADIO_SERVER_NAME") or everyone).strip("[]"),
            port=_port(os.environ.get("GRADIO_SERVER_PORT", "")) if port is None else port,
            root_path=path,
            allowed_hosts=(*split_names(allowed_hosts), *names),
            # A Space is public as it is.
            share=(shared if share is None else share) and not paths.on_a_space(),
            # A Space's proxy asks at one port, whatever else is free.
            ports=_ports(os.environ.get("GRADIO_NUM_PORTS", "")) if port is None and not paths.on_a_space() else 1,
        )

    @property
    def address(self) -> str:
        """What a browser on this computer opens."""
        host = "localhost" if self.host in _EVERY_ADDRESS else self.host
        return (
            f"http://{f'[{host}]' if ':' in host else host}:{self.port}{f'{self.root_path}/' if self.root_path else ''}"
        )

    def hosts(self, *, shared: bool) -> Hosts:
        """The names that are answered. shared: visitors have projects of their own."""
        reach = Reach.HERE if self.host in _LOOPBACK else Reach.NETWORK
        tunnel = ("*.gradio.live",) if self.share else ()
        return Hosts(Reach.EVERYWHERE if shared else reach, (*self.allowed_hosts, *tunnel))


def _root_path(text: str) -> tuple[str, tuple[str, ...]]:
    """Gradio takes a path or a whole address: the path, and the host that the address names."""
    parts = urlsplit(text) if text.startswith(("http://", "https://")) else None
    path = "/" + (text if parts is None else parts.path).strip("/")
    if not PATH.fullmatch(path) or (parts is not None and not parts.netloc):
        raise AnnotatorError(f"root path: found {text[:100]!r}, expected a path like /annotator")
    return path.rstrip("/"), () if parts is None else (parts.netloc.lower(),)


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise AnnotatorError(f"GRADIO_SERVER_PORT: found {text[:100]!r}, expected a port, 1 to 65535")
    return int(text)


def _ports(text: str) -> int:
    if not text:
        return PORTS
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise AnnotatorError(f"GRADIO_NUM_PORTS: found {text[:100]!r}, expected how many ports to try, from 1 on")
    return int(text)
