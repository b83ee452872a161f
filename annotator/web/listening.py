"""The port that a server listens on: the one that was asked for, else the first free one, as Gradio does it.

Tests: tests/web/test_server.py, tests/web/test_gradio_conventions.py
"""

from __future__ import annotations

import errno
import socket
from dataclasses import replace

from annotator.core.errors import AnnotatorError
from annotator.web.hosting import Hosting


def listen(hosting: Hosting) -> tuple[socket.socket, Hosting]:
    """A socket that is bound, and the hosting with its port. Raises AnnotatorError in one line where that cannot be."""
    for port in range(hosting.port, min(hosting.port + hosting.ports, 2**16)):
        try:
            return _bind(hosting.host, port), replace(hosting, port=port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or hosting.ports == 1:
                raise AnnotatorError(_why_not(error, hosting)) from error
    last = hosting.port + hosting.ports - 1
    raise AnnotatorError(f"ports {hosting.port} to {last} on {hosting.host} are taken: choose another with --port")


def _bind(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except BaseException:
        bound.close()
        raise
    bound.set_inheritable(True)
    return bound


def _why_not(error: OSError, hosting: Hosting) -> str:
    """In one line why nobody can listen there."""
    if error.errno == errno.EADDRINUSE:
        return f"port {hosting.port} on {hosting.host} is taken: choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {hosting.port} is the administrator's: choose one from 1024 on with --port"
    return f"{hosting.host} is no address of this computer: choose another with --host"
