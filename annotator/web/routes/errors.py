"""Every failure of a route is a status and one line.

Tests: tests/web/routes/test_hostile_requests.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from annotator.core.errors import (
    AnnotatorError,
    ArchiveError,
    CocoError,
    GestureError,
    MissingError,
    PartError,
    StaleRevisionError,
    StoreError,
)
from annotator.core.people import PeopleError
from annotator.core.query import QueryError
from annotator.web.members import NoProjectError
from annotator.web.people import NotAllowedError
from annotator.web.projects import OccupiedError, Projects, UnknownProjectError
from annotator.web.routes.apart import UnseenError
from annotator.web.sharing.limits import LimitError
from annotator.web.sharing.login import SignInError
from annotator.web.sharing.uploads import TooLargeError

MAX_PROBLEMS = 1_000
"""Of one file; another line says how many more there are."""

_STATUSES: tuple[tuple[type[AnnotatorError], int], ...] = (
    (UnknownProjectError, 404),
    (MissingError, 404),
    (SignInError, 401),
    (NotAllowedError, 403),
    (NoProjectError, 403),
    (PeopleError, 409),
    (LimitError, 507),
    (TooLargeError, 413),
    (StaleRevisionError, 409),
    (OccupiedError, 409),
    (GestureError, 400),
    (ArchiveError, 400),
    (StoreError, 507),  # the disk, most often: a browser keeps what it has and sends it again
)
"""The first that fits; what is not among them is the request's fault."""


def add_error_handlers(server: FastAPI, projects: Projects) -> None:
    """Answer every error of ours and of the framework in one line."""

    @server.exception_handler(AnnotatorError)
    async def ours(_: Request, error: AnnotatorError) -> Response:
        return error_response(error, plain=projects.plain)

    add_shape_handler(server)

    @server.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": str(error.detail)}, status_code=error.status_code, headers=error.headers)


def add_shape_handler(server: FastAPI) -> None:
    """Answer requests of the wrong shape in one line. Their values are not echoed, because JSON has no infinity."""

    @server.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return JSONResponse({"error": f"{first['loc'][-1]!s:.40}: {first['msg']}"}, status_code=400)


def error_response(error: AnnotatorError, *, plain: Callable[[str], str] = str) -> JSONResponse:
    """One line with the status that fits.

    plain: what a line goes through before a client reads it.
    """
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 400)
    answer: dict[str, Any] = {"error": _one_line(plain(str(error)))}
    if isinstance(error, CocoError):
        answer["problems"] = [_one_line(plain(line)) for line in error.told(MAX_PROBLEMS)]
    if isinstance(error, PartError):  # a page offers to bring in the rest
        answer |= {"there": error.there, "missing": error.missing}
    if isinstance(error, UnseenError):  # a browser keeps what it has for it, and goes on with other pictures
        answer["closed"] = "picture"
    if isinstance(error, UnknownProjectError):  # a browser keeps what it has for it, and sends it should it come again
        answer["gone"] = "project"
    if isinstance(error, QueryError):  # a page shows the place, and says why in its own language
        answer |= {"at": error.at, "trouble": error.trouble, "found": error.found, "words": error.words}
    return JSONResponse(answer, status_code=status)


def _one_line(text: str) -> str:
    return " ".join(text.split())
