"""One file over HTTP: resumed where it broke off, and given up where the line is silent or too slow.

Tests: tests/vision/networks/test_fetch.py
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from annotator.core.errors import FetchError
from annotator.system.environment import number_above_0
from annotator.vision.networks.model_info import ModelFile

Cancelled = Callable[[], bool]

CHUNK = 1 << 18
TIMEOUT_S = 15.0
ATTEMPTS = 3

MOST_BYTES = 4 * 10**9
"""Of a file whose size nobody stated before."""

LEAST_RATE = 8 * 1024
"""Bytes a second that a line must bring in the mean of each timeout: whatever drips in comes to an end."""


class FetchCancelledError(FetchError):
    """The user stopped the fetch; what has arrived stays and is resumed."""


class _BrokenOffError(FetchError):
    """The transfer broke off; what has arrived is good as far as it goes."""


class _NotResumedError(FetchError):
    """The server does not go on from where the last transfer broke off."""


@dataclass(frozen=True)
class Transfer:
    """The way of one file from an address into `partial`.

    name: the model's. advance: called with the bytes that are there.
    """

    address: str
    partial: Path
    file: ModelFile
    name: str
    advance: Callable[[int], None]
    cancelled: Cancelled

    def run(self) -> None:
        """Fill `partial` up to the file's size.

        A transfer that breaks off is resumed, up to ATTEMPTS times, as long as each attempt brings something. Takes at
        most size / LEAST_RATE seconds and a timeout for each attempt. Raises FetchError; FetchCancelledError when
        stopped.
        """
        if self.file.bytes is not None and self._arrived() > self.file.bytes:
            self.partial.unlink()
        for attempt in range(1, ATTEMPTS + 1):
            before = self._arrived()
            if before == self.file.bytes:
                return
            try:
                self._resume_or_begin()
                return
            except _BrokenOffError:
                if attempt == ATTEMPTS or self._arrived() <= before:
                    raise

    def _arrived(self) -> int:
        return self.partial.stat().st_size if self.partial.is_file() else 0

    def _resume_or_begin(self) -> None:
        try:
            self._attempt()
        except _NotResumedError:
            self.partial.unlink()
            self._attempt()

    def _attempt(self) -> None:
        have = self._arrived()
        with _answer(self.address, start=have) as answer, self.partial.open("ab") as stream:
            have = self._start_of(answer, have=have)
            stream.truncate(have)
            expected = self._size_by(answer, have=have)
            since, then = time.monotonic(), have
            while have < expected:
                if self.cancelled():
                    stays = f"{have} bytes of {self.file.name} stay and are resumed"
                    raise FetchCancelledError(f"{self.name}: fetch cancelled; {stays}")
                block = self._read(answer, have=have, expected=expected)
                stream.write(block)
                have += len(block)
                self.advance(min(have, expected))
                passed = time.monotonic() - since
                if passed > fetch_timeout():
                    if have - then < LEAST_RATE * passed:
                        raise _BrokenOffError(self._slow((have - then) / passed, have=have, expected=expected))
                    since, then = time.monotonic(), have
        if have > expected:
            self.partial.unlink()
            raise FetchError(f"{self.address}: longer than the {expected} bytes expected")

    def _size_by(self, answer: http.client.HTTPResponse, *, have: int) -> int:
        """The size of the whole file: as its description states it, else as the server does.

        Raises FetchError where neither does, and where the server's is beyond any network's.
        """
        if self.file.bytes is not None:
            return self.file.bytes
        length = answer.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise FetchError(f"{self.address}: does not say how long it is")
        if have + int(length) > MOST_BYTES:
            raise FetchError(f"{self.address}: {length} bytes, expected at most {MOST_BYTES}")
        return have + int(length)

    def _read(self, answer: http.client.HTTPResponse, *, have: int, expected: int) -> bytes:
        so_far = f"after {have} of {expected} bytes"
        try:
            block = answer.read1(CHUNK)
        except TimeoutError as error:
            raise _BrokenOffError(f"{self.address}: silent for {fetch_timeout():g} s {so_far}") from error
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOffError(f"{self.address}: broke off {so_far} ({error})") from error
        if not block:
            raise _BrokenOffError(f"{self.address}: ended {so_far}")
        return block

    def _slow(self, rate: float, *, have: int, expected: int) -> str:
        so_far = f"after {have} of {expected} bytes"
        return f"{self.address}: {rate:.0f} bytes a second {so_far}, expected at least {LEAST_RATE}"

    def _start_of(self, answer: http.client.HTTPResponse, *, have: int) -> int:
        """The byte at which the answer begins, once its header fits the file. Raises FetchError where it does not."""
        kind, length = answer.headers.get_content_type(), answer.headers.get("Content-Length")
        if kind in ("text/html", "application/xhtml+xml"):
            size = "" if self.file.bytes is None else f"{self.file.bytes} bytes of "
            raise FetchError(f"{self.address}: answered with a web page, expected {size}{self.file.name}")
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            if self.file.bytes is not None and length not in (None, str(self.file.bytes)):
                raise FetchError(f"{self.address}: {length} bytes, expected {self.file.bytes}")
            return 0
        # "bytes 100-199/200"
        span = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")[0].partition("-")[0]
        rest = None if self.file.bytes is None else str(self.file.bytes - have)
        if span.strip() != str(have) or (rest is not None and length not in (None, rest)):
            raise _NotResumedError(f"{self.address}: answered with {length} bytes from {span or 'nowhere'}")
        return have


# --- the connection --------------------------------------------------------------------------------------------------


class _HttpConnection(http.client.HTTPConnection):
    def getresponse(self) -> http.client.HTTPResponse:
        with _heard_in_time(self):
            return super().getresponse()


class _HttpsConnection(http.client.HTTPSConnection):
    def getresponse(self) -> http.client.HTTPResponse:
        with _heard_in_time(self):
            return super().getresponse()


@contextmanager
def _heard_in_time(connection: http.client.HTTPConnection) -> Iterator[None]:
    """Raise TimeoutError when the timeout is over: the connection's own one begins anew with each byte of a header."""
    over = threading.Event()

    def break_off() -> None:
        over.set()
        with suppress(OSError, AttributeError):  # it is closed already
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(fetch_timeout(), break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if over.is_set():
            raise TimeoutError


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpConnection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpsConnection, req)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to http and https only."""

    def redirect_request(  # noqa: PLR0917, the form urllib calls
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(req.full_url, code, f"redirect to {newurl[:80]} refused", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Knows http and https alone: urllib's own would open file: and ftp: too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Http(),
        _Https(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


@contextmanager
def _answer(address: str, *, start: int) -> Iterator[http.client.HTTPResponse]:
    headers = {"User-Agent": "annotator", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    host = urlsplit(address).netloc
    try:
        # The address begins with http or https: it was read so, and the opener knows nothing else.
        request = urllib.request.Request(address, headers=headers)  # noqa: S310
        answer = _opener().open(request, timeout=fetch_timeout())
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                raise _NotResumedError(f"{address}: answered {error.code} {error.reason}") from error
            raise FetchError(f"{address}: answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise FetchError(f"{host} could not be reached ({_reason(error.reason)})") from error
    except TimeoutError as error:
        raise FetchError(f"{host} could not be reached ({_reason(error)})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"{address}: could not be asked ({error})") from error
    with answer:
        yield answer


def _reason(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return f"silent for {fetch_timeout():g} s"
    if isinstance(reason, socket.gaierror):
        return "its name is not known here"
    if isinstance(reason, ConnectionRefusedError):
        return "connection refused"
    if isinstance(reason, ssl.SSLError):
        return f"its certificate or encryption is not accepted: {reason.reason}"
    return str(reason)


def fetch_timeout() -> float:
    """Seconds after which silence is an error. Raises FetchError where the environment has no such number."""
    try:
        return number_above_0("ANNOTATOR_FETCH_TIMEOUT", TIMEOUT_S, what="seconds", finite=True)
    except ValueError as error:
        raise FetchError(str(error)) from error
