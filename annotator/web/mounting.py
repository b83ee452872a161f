"""The page inside another FastAPI application, below a path of its own.

Tests: tests/web/test_gradio_conventions.py
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from annotator.core.errors import AnnotatorError
from annotator.system import paths
from annotator.web.hosting import Hosting
from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing.signing_in import choose_sign_in
from annotator.web.sharing.visitor import trusted_proxies


def mount(
    app: FastAPI,
    path: str = "/annotator",
    *,
    project: str | os.PathLike[str] | None = None,
    allowed_hosts: str = "",
) -> FastAPI:
    """Show the page of one person below a path of another application; returns that application.

    The application's own users are not told apart: whoever reaches the path works on the same projects.
    project: the folder of the one that the page begins with. allowed_hosts: names that are answered besides those of
    this computer, with commas between them.
    Raises AnnotatorError for a path that is none, and where the environment asks people to sign in; StoreError where
    the project cannot be opened.
    """
    hosting = Hosting.choose(root_path=path, allowed_hosts=allowed_hosts, share=False)
    if not hosting.root_path:
        raise AnnotatorError(f"path: found {path!r}, expected one like /annotator")
    if choose_sign_in() is not None:
        raise AnnotatorError("people sign in where `annotator serve` serves the page: here the application asks them")
    os.environ.setdefault("ANNOTATOR_SANDBOX", "1")  # as in `serve`
    trusted_proxies()
    inner = build_server(Projects(local=None if project is None else Path(project), home=paths.projects()), hosting)
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(outer: FastAPI) -> AsyncIterator[Mapping[str, Any] | None]:
        # Of an application below another one, nobody else begins and ends the work.
        async with before(outer) as state, inner.router.lifespan_context(inner):
            yield state

    app.router.lifespan_context = lifespan  # type: ignore[assignment]  # with a state or without, as before
    app.mount(hosting.root_path, _AsAsked(inner))
    return app


class _AsAsked:
    """The request as if no other application stood before: `Forwarded` takes the path off."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "root_path": "", "app_root_path": ""}, receive, send)
