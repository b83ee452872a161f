"""What is asked of a server over HTTP: in bounded time, for a bounded answer, never of another address.

Tests: tests/vision/networks/served/test_network.py
"""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from annotator.core.errors import ModelError, last_line
from annotator.vision.networks.model_info import Server

CONNECT_S = 5.0
"""How long a connection may take."""

OPENING_S = 2.0
"""How long a server is waited for that cannot be reached, or is not ready, when a network is opened."""

GONE_S = 20.0
"""The same for one picture of a batch: long enough for a server that starts again."""

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 4.0

MOST_SAID = 1 << 20
"""Bytes of metadata, and of an error."""

MOST_JSON = 64 << 20
MOST_BINARY = 256 << 20
"""Bytes of an answer: heatmaps of an input of 1280 pixels take 30 MB."""

# What comes and goes with a connection. An answer that is late is not asked for again: the server has it still to do.
GONE = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
)


class _GoneError(ModelError):
    """The server cannot be reached, or says that it is not ready: it may be in a moment."""


class Client:
    """Connections to one served network; threads may share it.

    who: what begins an error's line. Every method raises ModelError in one line.
    """

    def __init__(self, server: Server, *, who: str) -> None:
        self.server = server
        self._who = who
        self._ended = threading.Event()
        self._http = httpx.Client(
            # A redirect could lead to any address that this machine reaches.
            follow_redirects=False,
            timeout=httpx.Timeout(server.timeout_s, connect=min(CONNECT_S, server.timeout_s)),
            limits=httpx.Limits(max_connections=server.requests, max_keepalive_connections=server.requests),
            # What is packed could be of any size when it is unpacked.
            headers={"Accept-Encoding": "identity"},
        )

    def require_ready(self) -> None:
        """Raises where the server or its model is not ready."""
        for path in ("health/ready", f"{self._model}/ready"):
            self._ask("GET", path, most=MOST_SAID, patience_s=OPENING_S)

    def metadata(self) -> dict[str, Any]:
        """What the server says of the model."""
        return self._json(self._model)

    def takes_bytes(self) -> bool:
        """Whether tensors may be bytes behind the JSON: ten times less to write, send and read."""
        said = self._json("")
        extensions = said.get("extensions")
        # OpenVINO's has the extension and does not list it.
        return (isinstance(extensions, list) and "binary_tensor_data" in extensions) or "OpenVINO" in str(
            said.get("name")
        )

    def infer(self, body: bytes, headers: dict[str, str], *, most: int) -> httpx.Response:
        """The answer to one picture, read to its end. A server that is gone is waited for."""
        return self._ask("POST", f"{self._model}/infer", most=most, patience_s=GONE_S, body=body, headers=headers)

    def close(self) -> None:
        """Wait no longer for a server that is gone; the connections end with what is under way."""
        self._ended.set()

    @property
    def _model(self) -> str:
        return f"models/{quote(self.server.model, safe='')}"

    def _json(self, path: str) -> dict[str, Any]:
        answer = self._ask("GET", path, most=MOST_SAID, patience_s=OPENING_S)
        try:
            found = orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise ModelError(f"{self._who}: its metadata are no JSON ({last_line(error, most=80)})") from error
        if not isinstance(found, dict):
            raise ModelError(f"{self._who}: its metadata are {type(found).__name__}, expected an object")
        return found

    def _ask(
        self,
        method: str,
        path: str,
        *,
        most: int,
        patience_s: float,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """One answer of 200. Asked again, after longer and longer pauses, where the server is gone or not ready."""
        address = f"{self.server.url}/v2/{path}".rstrip("/")
        begin, pause = time.monotonic(), FIRST_PAUSE_S
        while True:
            try:
                return self._ask_once(self._http.build_request(method, address, content=body, headers=headers), most)
            except _GoneError:
                if time.monotonic() - begin + pause > patience_s or self._ended.wait(pause):
                    raise
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _ask_once(self, request: httpx.Request, most: int) -> httpx.Response:
        who, patience = self._who, f"{self.server.timeout_s:g} s"
        try:
            answer = self._http.send(request, stream=True)
            try:
                content = self._read(answer, most if answer.status_code == httpx.codes.OK else MOST_SAID)
            finally:
                answer.close()
        except GONE as error:
            raise _GoneError(f"{who}: cannot be reached ({last_line(error)})") from error
        except httpx.TimeoutException as error:
            raise ModelError(f"{who}: has not answered within {patience}") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise ModelError(f"{who}: {last_line(error)}") from error
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise _GoneError(f"{who}: is not ready (503{_said(content)})")
        if answer.is_redirect:
            raise ModelError(f"{who}: answers with a redirect ({answer.status_code}), which is not followed")
        if answer.status_code != httpx.codes.OK:
            raise ModelError(f"{who}: answers {answer.status_code}{_said(content)}")
        return httpx.Response(200, headers=answer.headers, content=content)

    def _read(self, answer: httpx.Response, most: int) -> bytes:
        """The body, no longer than `most` and not for longer than a whole answer may take."""
        deadline = time.monotonic() + self.server.timeout_s
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise ModelError(f"{self._who}: answers in {answer.headers['Content-Encoding'][:30]!r}, expected identity")
        stated = answer.headers.get("Content-Length", "0")
        blocks, have = [], 0
        if stated.isdecimal() and int(stated) > most:
            raise ModelError(f"{self._who}: answers with {stated[:30]} bytes, expected at most {most}")
        for block in answer.iter_raw():
            have += len(block)
            if have > most:
                raise ModelError(f"{self._who}: answers with more than the {most} bytes expected")
            if time.monotonic() > deadline:
                raise ModelError(f"{self._who}: has not ended its answer within {self.server.timeout_s:g} s")
            blocks.append(block)
        return b"".join(blocks)


def _said(content: bytes) -> str:
    """What a server says of an error, in a few words; "" where that is nothing to read."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return ""
    said = found.get("error") if isinstance(found, dict) else None
    return f": {last_line(ValueError(said))}" if isinstance(said, str) and said.strip() else ""
