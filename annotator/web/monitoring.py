"""What whoever runs the server asks of it: whether it lives, whether it can work, what it does. Off by default.

`ANNOTATOR_MONITORING=1` opens `/healthz`, `/readyz` and `/metrics`, in the text form of Prometheus; they are answered
whatever name the server is asked by, as a probe asks by address, and tell of no project. `ANNOTATOR_REQUEST_LOG=json`
writes a line of JSON for each request. Keys of projects are in neither.

Tests: tests/web/test_monitoring.py
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotator.core.errors import AnnotatorError
from annotator.core.settings import NAME
from annotator.system import paths
from annotator.system.files import require_writable
from annotator.web.projects import Projects

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the upper ends of the histogram's buckets."""

ROUTES = frozenset(("/healthz", "/readyz", "/metrics"))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
_OURS = re.compile(r"/annotator/[^/]+/([a-z-]+)")
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Measured:
    """Requests that were answered: how many of each kind, and how long they took. One event loop writes."""

    def __init__(self, nouns: Collection[str]) -> None:
        """nouns: of the routes; whatever else is asked for counts as the page, so that nobody can make up kinds."""
        self._nouns = frozenset(nouns)
        self._began = time.time()
        self.under_way = 0
        self._answered: Counter[tuple[str, str, str]] = Counter()
        self._within: dict[str, list[int]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def noun_of(self, path: str) -> str:
        """What a path is about, without its key."""
        found = _OURS.search(path)
        return found[1] if found and found[1] in self._nouns else "page"

    def add(self, noun: str, method: str, status: int, seconds: float) -> None:
        self._answered[noun, method if method in _METHODS else "other", str(status)] += 1
        buckets = self._within.setdefault(noun, [0] * (len(BOUNDS) + 1))
        buckets[sum(bound < seconds for bound in BOUNDS)] += 1
        self._seconds[noun] += seconds

    def lines(self) -> Iterator[str]:
        """The text form of Prometheus. Source: its exposition formats, 0.0.4."""
        yield "# TYPE annotator_requests_total counter"
        for (noun, method, status), count in sorted(self._answered.items()):
            yield f'annotator_requests_total{{noun="{noun}",method="{method}",status="{status}"}} {count}'
        yield "# TYPE annotator_request_seconds histogram"
        for noun, buckets in sorted(self._within.items()):
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), buckets, strict=True):
                total += count
                yield f'annotator_request_seconds_bucket{{noun="{noun}",le="{bound}"}} {total}'
            yield f'annotator_request_seconds_sum{{noun="{noun}"}} {self._seconds[noun]:.6f}'
            yield f'annotator_request_seconds_count{{noun="{noun}"}} {total}'
        yield from ("# TYPE annotator_requests_under_way gauge", f"annotator_requests_under_way {self.under_way}")
        yield from ("# TYPE process_cpu_seconds_total counter", f"process_cpu_seconds_total {time.process_time():.3f}")
        yield from ("# TYPE process_start_time_seconds gauge", f"process_start_time_seconds {self._began:.3f}")


class Monitoring:
    """ASGI middleware around all others: it answers the three routes, measures, and writes the log."""

    def __init__(self, app: ASGIApp, *, nouns: Collection[str], ready: Callable[[], str | None]) -> None:
        """ready: why the server cannot work; None where it can. It may wait, and is asked in a thread."""
        self._app, self._ready = app, ready
        self._measured = Measured(nouns)
        self._logs, self._answers = _is_logged(), _is_open()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._answers and scope["path"] in ROUTES and scope["method"] in ("GET", "HEAD"):
            status, text = await self._answer(scope["path"])
            await _say(send, status, text if scope["method"] == "GET" else "")
        else:
            await self._measure(scope, receive, send)

    async def _answer(self, path: str) -> tuple[int, str]:
        if path == "/metrics":
            return 200, "\n".join(self._measured.lines()) + "\n"
        reason = await run_in_threadpool(self._ready) if path == "/readyz" else None
        return (200, "ok\n") if reason is None else (503, f"{reason}\n")

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, statuses = time.perf_counter(), []

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        self._measured.under_way += 1
        try:
            await self._app(scope, receive, noting)
        finally:
            self._measured.under_way -= 1
            seconds, status = time.perf_counter() - began, statuses[0] if statuses else 0
            noun = self._measured.noun_of(scope["path"])
            self._measured.add(noun, scope["method"], status, seconds)
            if self._logs:
                at = datetime.now(UTC).isoformat(timespec="milliseconds")
                said = {
                    "at": at,
                    "method": scope["method"],
                    "noun": noun,
                    "status": status,
                    "ms": round(1000 * seconds),
                }
                print(json.dumps(said), file=sys.stderr, flush=True)


def is_wanted() -> bool:
    """Whether the environment asks for anything of this."""
    return _is_open() or _is_logged()


def _is_open() -> bool:
    return os.environ.get("ANNOTATOR_MONITORING") == "1"


def _is_logged() -> bool:
    return os.environ.get("ANNOTATOR_REQUEST_LOG") == "json"


def nouns_of(routes: APIRouter) -> set[str]:
    """What the routes of a project are about: of `/annotator/{key}/queue/next` it is the queue."""
    return {found[1] for route in routes.routes if (found := _OURS.match(getattr(route, "path", "")))}


def why_not_ready(projects: Projects) -> str | None:
    """What keeps the server from working, in a line without a path; None where nothing does."""
    try:
        require_writable(paths.home() / "ready")
    except OSError as error:
        return f"the folder of data cannot be written: {error.strerror}"
    try:
        if projects.local_key is not None:
            projects.get(projects.local_key).setting(NAME)
    except AnnotatorError:
        return "the project that was opened last does not open"
    return None


async def _say(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", _TEXT.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
