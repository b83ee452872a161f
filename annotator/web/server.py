"""The server: our routes and the Gradio page in one FastAPI application."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import annotator.web.quick_gradio  # noqa: F401  # isort: skip  (before Gradio)

import gradio as gr
import uvicorn
from fastapi import FastAPI

from annotator.core.errors import AnnotatorError
from annotator.system import paths
from annotator.system.collection import set_aside
from annotator.system.files import require_writable
from annotator.web import monitoring
from annotator.web.hosting import Hosting
from annotator.web.jobs import Prelabelling
from annotator.web.listening import listen
from annotator.web.monitoring import Monitoring, nouns_of, why_not_ready
from annotator.web.page.app import build_page
from annotator.web.page.editor import EDITOR_HEAD
from annotator.web.page.kept_page import KeptPage
from annotator.web.page.project_key import PROJECT_KEY_HEAD
from annotator.web.page.stylesheet import CSS
from annotator.web.page.texts import TRANSLATIONS
from annotator.web.page.theme import theme
from annotator.web.projects import Projects
from annotator.web.reloading import start_again, watch, watched_folders
from annotator.web.routes.errors import add_error_handlers, add_shape_handler
from annotator.web.routes.router import build_routes
from annotator.web.sharing.complaints import quieten_libraries
from annotator.web.sharing.fairness import FairShare
from annotator.web.sharing.forwarded import Forwarded, Lost
from annotator.web.sharing.gate import Gate
from annotator.web.sharing.gradio_queue import share_queue
from annotator.web.sharing.gradio_streams import let_streams_linger
from annotator.web.sharing.guard import Guard
from annotator.web.sharing.hosts import AllowedHosts
from annotator.web.sharing.login import SignIn
from annotator.web.sharing.origin import SameOrigin
from annotator.web.sharing.signing_in import add_sign_in_routes, choose_sign_in
from annotator.web.sharing.sockets import ImpatientProtocol, allow_many_files
from annotator.web.sharing.visitor import Visitors, trusted_proxies
from annotator.web.sweeper import Sweeper
from annotator.web.tunnel import open_tunnel

_log = logging.getLogger(__name__)

MAX_SESSIONS = 200
"""Sessions of the page that Gradio remembers; an older one is made anew when it asks again."""


def build_server(projects: Projects, hosting: Hosting | None = None) -> FastAPI:
    """The application over some projects, ready for any ASGI server."""
    hosting = hosting or Hosting()
    jobs = Prelabelling(projects)
    sweeper = Sweeper(projects.sweep)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # What the last server left undone goes on: here at once, a visitor's as soon as the project is opened.
        projects.when_opened(jobs.resume)
        for key in projects.unfinished():
            try:
                jobs.resume(key)
            except AnnotatorError as error:  # told again when somebody opens it
                _log.warning("%s", error)
        sweeper.start()
        yield
        sweeper.stop()
        jobs.stop()
        projects.close()

    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    routes = build_routes(projects, jobs)
    server.include_router(routes)

    add_error_handlers(server, projects)
    _add_guards(server, hosting, shared=projects.shared, login=projects.login)
    if monitoring.is_wanted():
        server.add_middleware(Monitoring, nouns=nouns_of(routes), ready=lambda: why_not_ready(projects))
    page = build_page(projects, jobs)
    # Gradio keeps a copy of the page's layout for each of the last 10,000 sessions, 75 kB each: nothing of ours.
    page.state_session_capacity = MAX_SESSIONS
    share_queue(page._queue)
    let_streams_linger(page._queue)
    whole: FastAPI = gr.mount_gradio_app(
        server,
        page,
        path="/",
        server_name=hosting.host,
        server_port=hosting.port,
        # Not Gradio's affair: the page is the same below any path, see KeptPage and Forwarded.
        root_path="",
        theme=theme(),
        css=CSS,
        head=EDITOR_HEAD,
        show_error=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        i18n=TRANSLATIONS,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    mounted = (getattr(route, "app", None) for route in whole.routes)
    add_shape_handler(next(app for app in mounted if isinstance(app, gr.routes.App)))
    return whole


def _add_guards(server: FastAPI, hosting: Hosting, *, shared: bool, login: SignIn | None) -> None:
    """What a request passes before the routes; the last one added is the first one asked."""
    hosts = hosting.hosts(shared=shared)
    server.add_middleware(KeptPage, head=PROJECT_KEY_HEAD, root_path=hosting.root_path)
    if shared:  # the person at this computer shares it with nobody
        server.add_middleware(FairShare)
    if login is not None and not login.has_page:
        server.add_middleware(Gate, login=login, free=add_sign_in_routes(server, login))
    if shared or login is not None:
        server.add_middleware(Visitors)
    server.add_middleware(Lost, root_path=hosting.root_path)
    server.add_middleware(SameOrigin, hosts=hosts)
    server.add_middleware(AllowedHosts, hosts=hosts)
    server.add_middleware(Guard, on_a_space=paths.on_a_space(), shared=shared)
    server.add_middleware(Forwarded, hosts=hosts, root_path=hosting.root_path)


def serve(*, project: Path | None = None, hosting: Hosting | None = None) -> None:
    """Serve the page until interrupted: the person's projects here, or on a Space one for each visitor.

    project: another one, which the page begins with.

    Raises AnnotatorError when the project cannot be opened or the port is taken.
    """
    hosting = hosting or Hosting.choose()
    # Whatever comes over a network is decoded in a child, here as on a Space: 1 ms a picture, 12 ms at 12 megapixels.
    os.environ.setdefault("ANNOTATOR_SANDBOX", "1")
    trusted_proxies()  # what it cannot read is told now, not at each request
    login = choose_sign_in()
    allow_many_files()
    if project is None and paths.on_a_space():
        root = paths.persistent_storage() or paths.home()
        for folder in {root, paths.home()}:
            _require_folder(folder)
        projects = Projects(visitors=root / "visitors", login=login)
    else:
        projects = Projects(local=project, home=paths.projects(), login=login)
    quieten_libraries()
    try:
        listener, hosting = listen(hosting)
    except AnnotatorError:
        projects.close()
        raise
    config = uvicorn.Config(
        build_server(projects, hosting),
        http=ImpatientProtocol,
        log_level="warning",
        timeout_keep_alive=30,
        # An open page keeps a connection for ever; saving takes a fraction of this.
        timeout_graceful_shutdown=3,
        # Forwarded and Visitors read what a proxy says, by settings of ours.
        proxy_headers=False,
    )
    server = _Server(config, hosting)
    watched = watched_folders()
    if watched:
        watch(watched, changed=server.end)
    server.run(sockets=[listener])
    if server.changed:
        start_again()


def _require_folder(folder: Path) -> None:
    """Raise AnnotatorError where what visitors bring could not be kept."""
    try:
        require_writable(folder / "tried")
    except OSError as error:
        line = f"{folder}: {error.strerror or error}; set ANNOTATOR_HOME to a folder that can be written"
        raise AnnotatorError(line) from error


class _Server(uvicorn.Server):
    """Says where it runs once it answers, not before."""

    def __init__(self, config: uvicorn.Config, hosting: Hosting) -> None:
        super().__init__(config)
        self._hosting = hosting
        self.changed = False

    def end(self) -> None:
        """End in order, because code has changed."""
        self.changed = self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        set_aside()
        print(f"Annotator runs on {self._hosting.address} (Ctrl+C stops it)", flush=True)
        if self._hosting.share:
            threading.Thread(target=open_tunnel, args=[self._hosting.port], daemon=True).start()
