"""What stands before every route, ours and Gradio's: caps on bodies, closed doors, headers, and no traceback ever."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotator.vision.pictures.decode import MAX_FILE_BYTES
from annotator.web.sharing.answers import answer
from annotator.web.sharing.complaints import complaints
from annotator.web.sharing.pace import Pace, SlowError

MAX_PICTURE_BYTES = 64 * 1024 * 1024  # of visitors; on one's own machine a picture may be as large as any is
MAX_GESTURE_BYTES = 16 * 1024 * 1024
MAX_COCO_BYTES = 512 * 1024 * 1024  # which takes some 2 GB of memory; visitors have a limit of their own
MAX_ARCHIVE_BYTES = 2 * 1024 * 1024 * 1024
MAX_BODY_BYTES = 1024 * 1024
"""Of every other request: an event of the page has some hundred bytes."""

_LONGER = (
    (re.compile(r"/annotator/[^/]+/images"), MAX_FILE_BYTES),  # its route knows whether a visitor asks
    (re.compile(r"/annotator/[^/]+/images/[^/]+/gestures"), MAX_GESTURE_BYTES),
    (re.compile(r"/annotator/[^/]+/annotations"), MAX_COCO_BYTES),
    (re.compile(r"/annotator/[^/]+/archive"), MAX_ARCHIVE_BYTES),
    (re.compile(r"/gradio_api/upload"), MAX_PICTURE_BYTES),
)

# What Gradio serves and this page does not use: files of the server, requests to elsewhere on a visitor's behalf, media
# streams, an editor of the app's code, events that jump its queue. Exports and pictures have routes of ours.
_CLOSED = re.compile(
    r"/+(?:gradio_api/+)?(?:upload_progress|run|api|call|file|proxy|stream|component_server|custom_component|process_recording|"
    r"vibe-[a-z-]+|undo-vibe-edit|dev|run-history|runs|deep_link|profiling|monitoring|openapi\.json|docs|redoc)(?:[/=].*)?",
    re.DOTALL,
)

# Where a Gradio client puts the pictures that it asks about (page/client_api.py): not for visitors.
_UPLOAD = re.compile(r"/+(?:gradio_api/+)?upload(?:[/=].*)?", re.DOTALL)

# Whatever a dependency may try, the page loads nothing from elsewhere.
_ONLY_FROM_HERE = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; "
)
# A frame would be somebody who wants the user's clicks.
_LOCAL_POLICY = _ONLY_FROM_HERE + "frame-ancestors 'self'"
# A Space is shown in a frame of its hub, and Gradio puts the hub's header over it: its likes and its owner's picture.
_SPACE_POLICY = (
    _ONLY_FROM_HERE + "connect-src 'self' https://huggingface.co; "
    "img-src 'self' data: blob: https://huggingface.co https://*.huggingface.co; "
    "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co https://*.hf.space"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The page uses none of a visitor's devices.
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class _BodyError(Exception):
    """Raised to whoever reads the body, once there is no use in reading on."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status


def body_limit(path: str) -> int:
    """The most bytes that a request to this path may bring."""
    return next((limit for pattern, limit in _LONGER if pattern.fullmatch(path)), MAX_BODY_BYTES)


def is_closed(path: str, *, shared: bool = True) -> bool:
    """Whether nothing of this server answers there. shared: visitors have projects of their own."""
    return _CLOSED.fullmatch(path) is not None or (shared and _UPLOAD.fullmatch(path) is not None)


def _is_name_of_a_file(path: str) -> bool:
    """Whether a file could have this path: Gradio asks the system, which fails at longer ones."""
    encoded = path.encode("utf-8", "surrogatepass")
    return len(encoded) <= 2_000 and b"\0" not in encoded and all(len(name) <= 255 for name in encoded.split(b"/"))


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, on_a_space: bool = False, shared: bool = True) -> None:
        """shared: visitors have projects of their own, and none of them calls the API."""
        self.app, self._shared = app, shared
        self._headers = _HEADERS | {"Content-Security-Policy": _SPACE_POLICY if on_a_space else _LOCAL_POLICY}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            exchange = _Exchange(self.app, scope, receive, send, self._headers)
            await exchange.run(closed=is_closed(scope["path"], shared=self._shared))
        else:  # no web sockets here
            await send({"type": "websocket.close", "code": 1008})


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        self._headers = headers
        self._limit = body_limit(scope["path"])
        self._taken = 0
        self._whole = False
        self._started = False
        self._refused: _BodyError | None = None
        self._receiving, self._sending = Pace(), Pace()

    async def run(self, *, closed: bool) -> None:
        headers = dict(self._scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 15 or int(length) > self._limit:
            shown = length[:30].decode("latin-1")
            return await self._answer(413, f"body of {shown} bytes, expected at most {self._limit}")
        if closed or not _is_name_of_a_file(self._scope["path"]):
            return await self._answer(404, "nothing is there")
        try:
            await self._app(self._scope, self._take, self._give)
        except _BodyError as error:
            self._refused = error
        except SlowError:
            return  # the server cuts the connection, so that half an answer is not taken for a whole one
        except Exception:
            complaints.tell(f"{self._scope['method'][:20]} {self._scope['path'][:200]!r}")
            if self._started:
                return  # as above
            if self._scope["path"].startswith("/login"):
                return await self._answer(503, "nobody can sign in at present: Hugging Face does not answer")
            return await self._answer(500, "the server met what it did not foresee; nothing was changed")
        if self._refused is not None and not self._started:
            await self._answer(self._refused.status, str(self._refused))

    async def _take(self) -> Message:
        """The next piece of the body, never more of it than the cap."""
        if self._whole:
            return await self._receive()
        try:
            async with self._receiving.waiting():
                message = await self._receive()
        except SlowError:
            self._refused = _BodyError(408, "the body comes too slowly")
            raise self._refused from None
        size = len(message.get("body", b""))
        self._receiving.moved(size)
        self._taken += size
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        if self._taken > self._limit:
            self._refused = _BodyError(413, f"body of more than {self._limit} bytes, expected at most that")
            raise self._refused
        return message

    async def _give(self, message: Message) -> None:
        if self._refused is not None and not self._started:
            return  # whatever the application makes of a body that it could not read, the answer is ours
        if message["type"] == "http.response.start":
            self._started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]  # Gradio's, for pages of other origins: none of them is answered
        async with self._sending.waiting():
            await self._send(message)
        self._sending.moved(len(message.get("body", b"")))

    async def _answer(self, status: int, line: str) -> None:
        closing = {"connection": "close"} if status in (408, 413) else {}  # the rest of the body is not read
        await answer(self._send, status, line, headers={**self._headers, **closing})
