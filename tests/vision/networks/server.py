"""An HTTP server on 127.0.0.1 that serves files as badly as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = b"<!doctype html><title>Not here</title>"


@dataclass
class Server:
    """What is served, and how. `faults` are the behaviours of the next answers, in order; then all is well."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range header of every request."""
    address: str = ""
    released: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: it ends a stall."""


class _Handler(BaseHTTPRequestHandler):
    served: Server

    def do_GET(self) -> None:
        served = self.served
        span = self.headers.get("Range")
        served.requests.append((self.path, span))
        fault = served.faults.pop(0) if served.faults else ""
        content = served.files.get(self.path)
        if fault == "404" or content is None:
            return self.answer(404, PAGE, kind="text/html")
        if fault == "page":
            return self.answer(200, PAGE, kind="text/html; charset=utf-8")
        if fault == "page as bytes":
            return self.answer(200, PAGE)
        if fault.startswith("redirect "):
            self.send_response(302)
            self.send_header("Location", fault.removeprefix("redirect "))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        if fault == "flip":
            content = bytes([content[0] ^ 1]) + content[1:]
        if fault == "416":
            return self.answer(416, b"")
        start = 0
        if span and fault != "no ranges":
            start = int(span.removeprefix("bytes=").removesuffix("-"))
            if fault == "wrong range":
                start += 1
        body = content[start:]
        if fault == "longer":
            return self.answer(206 if start else 200, body + b"more", start=start, total=len(content), length=None)
        if fault == "truncate":
            self.answer(
                206 if start else 200, body[: len(body) // 2], start=start, total=len(content), length=len(body)
            )
            self.close_connection = True
            return None
        if fault == "nothing":
            self.answer(206 if start else 200, b"", start=start, total=len(content), length=len(body))
            self.close_connection = True
            return None
        if fault == "stall":
            self.answer(
                206 if start else 200, body[: len(body) // 2], start=start, total=len(content), length=len(body)
            )
            self.wfile.flush()
            served.released.wait(10)
            return None
        if fault.startswith("drip "):
            self.answer(206 if start else 200, b"", start=start, total=len(content), length=len(body))
            return self.drip(body, int(fault.removeprefix("drip ")))
        if fault == "slow head":
            return self.drip(b"HTTP/1.1 200 OK\r\nX-Long: %s\r\n\r\n" % bytes(1000), 1)
        return self.answer(206 if start else 200, body, start=start, total=len(content))

    def drip(self, content: bytes, count: int) -> None:
        """So many bytes each 20 ms, until the test is over or nobody listens any more."""
        for begin in range(0, len(content), count):
            if self.served.released.wait(0.02):
                break
            self.wfile.write(content[begin : begin + count])
            self.wfile.flush()
        self.close_connection = True

    def answer(
        self,
        status: int,
        body: bytes,
        *,
        kind: str = "application/octet-stream",
        start: int = 0,
        total: int = 0,
        length: int | None = -1,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        else:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until the block ends."""
    served = Server()
    handler = type("Handler", (_Handler,), {"served": served})
    with _HttpServer(("127.0.0.1", 0), handler) as server:
        served.address = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            served.released.set()
            server.shutdown()
            thread.join()
