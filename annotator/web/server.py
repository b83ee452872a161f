"""The server: our routes and the Gradio page in one FastAPI application."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# Gradio reads these when it is imported: no call home, and no server-side rendering by a process of its own.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from annotator.core import places
from annotator.core.errors import AnnotatorError
from annotator.web.app import CSS, HEAD, build_page, theme
from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects
from annotator.web.routes import build_routes, capped, error_response

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

# Whatever a dependency may try, the page loads nothing from elsewhere.
_PAGE_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'"
)


def build_server(projects: Projects, *, host: str = "127.0.0.1", port: int = 7860) -> FastAPI:
    """The application over some projects, ready for any ASGI server."""
    jobs = Prelabelling()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        jobs.stop()
        projects.close()

    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    server.include_router(build_routes(projects, jobs))

    @server.exception_handler(AnnotatorError)
    async def one_line(_: Request, error: AnnotatorError) -> Response:
        return error_response(error)

    @server.middleware("http")
    async def guard(request: Request, call_next: object) -> Response:
        response = await capped(request, call_next)  # type: ignore[arg-type]
        response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    if host in _LOOPBACK:
        # A page elsewhere that points its own name at this computer must not be answered (DNS rebinding).
        server.add_middleware(TrustedHostMiddleware, allowed_hosts=[*_LOOPBACK, "[::1]"])
    return gr.mount_gradio_app(
        server,
        build_page(projects, jobs),
        path="/",
        server_name=host,
        server_port=port,
        theme=theme(),
        css=CSS,
        head=HEAD,
        show_error=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        max_file_size="64mb",
    )


def serve(*, project: Path | None = None, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Serve the page until interrupted: one project here, or on a Space one for each visitor.

    Raises AnnotatorError when the project cannot be opened or the port is taken.
    """
    if project is None and places.on_a_space():
        root = places.persistent_storage() or places.home()
        projects = Projects(visitors=root / "visitors")
    else:
        projects = Projects(local=project or places.default_project())
    config = uvicorn.Config(
        build_server(projects, host=host, port=port), host=host, port=port, log_level="warning", timeout_keep_alive=30
    )
    try:
        listener = config.bind_socket()
    except SystemExit as error:
        projects.close()
        raise AnnotatorError(f"port {port} on {host} is taken: choose another with --port") from error
    _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says where it runs once it answers, not before."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host = "localhost" if self.config.host in ("0.0.0.0", "::") else self.config.host  # noqa: S104
        print(f"Annotator runs on http://{host}:{self.config.port} (Ctrl+C stops it)", flush=True)
