"""Bring a network's files onto the disk: from an offline folder or over HTTP, resumed, checked, renamed at the end.

Environment: ANNOTATOR_MIRROR replaces the base address of a model's sources; ANNOTATOR_OFFLINE_MODELS is a folder that
is looked into first; ANNOTATOR_FETCH_TIMEOUT is the number of seconds after which silence is an error (15).
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

from annotator.core.errors import FetchError
from annotator.vision.networks.model_info import ModelFile, ModelInfo

try:
    import fcntl
except ImportError:  # Windows: two fetches at once are not kept apart there, but a mixed file never passes its hash
    fcntl = None  # type: ignore[assignment]

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]

CHUNK = 1 << 18
TIMEOUT_SECONDS = 15.0
ATTEMPTS = 3
# A line that brings less than this within the timeout counts as silent.
LEAST_BYTES = 1024


class FetchCancelledError(FetchError):
    """The user stopped the fetch; what has arrived stays and is resumed."""


class _BrokenOffError(FetchError):
    """The transfer broke off; what has arrived is good as far as it goes."""


class _NotResumedError(FetchError):
    """The server does not go on from where the last transfer broke off."""


def download(info: ModelInfo, *, progress: Progress, cancelled: Cancelled) -> None:
    """Bring every file of the model that is absent or not what its hash says.

    progress: called with bytes done and bytes in all, over all files. Raises FetchError in one line.
    """
    try:
        info.folder.mkdir(parents=True, exist_ok=True)
        with _locked(info, cancelled=cancelled):
            total = sum(file.bytes for file in info.files)
            done = 0
            for file in info.files:

                def advance(count: int, done: int = done) -> None:
                    progress(done + count, total)

                if not _is_right(info.folder / file.name, file):
                    _bring(info, file, advance=advance, cancelled=cancelled)
                done += file.bytes
                progress(done, total)
    except OSError as error:
        raise FetchError(
            f"{error.filename or info.folder}: cannot be read or written ({error.strerror or error}); "
            "ANNOTATOR_MODELS can name another folder"
        ) from error


@contextmanager
def _locked(info: ModelInfo, *, cancelled: Cancelled) -> Iterator[None]:
    """Hold the model's folder, so that a second fetch waits and then finds the files there."""
    if fcntl is None:
        yield
        return
    handle = os.open(info.folder, os.O_RDONLY)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if cancelled():
                    raise FetchCancelledError(f"{info.name}: fetch cancelled while another one was running") from None
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)


def _bring(info: ModelInfo, file: ModelFile, *, advance: Callable[[int], None], cancelled: Cancelled) -> None:
    """One file, from the offline folder or else over the network, with its hash checked before the rename."""
    target = info.folder / file.name
    part = target.with_name(file.name + ".part")
    offline = _offline_path(info, file)
    if offline is not None:
        shutil.copyfile(offline, part)
    else:
        address = _address(info, file)
        _require_space(info, file, part=part)
        _transfer(address, part, file, name=info.name, advance=advance, cancelled=cancelled)
    if not _is_right(part, file):
        part.unlink()
        origin = offline or address
        raise FetchError(f"{info.name}: {origin} does not have the SHA-384 {file.sha384[:16]}…; it was thrown away")
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(part, target)


def _is_right(path: Path, file: ModelFile) -> bool:
    """Whether the file is there with the size and the hash that it must have."""
    if not path.is_file() or path.stat().st_size != file.bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha384").hexdigest() == file.sha384


def _require_space(info: ModelInfo, file: ModelFile, *, part: Path) -> None:
    needed = file.bytes - (part.stat().st_size if part.is_file() else 0)
    free = shutil.disk_usage(info.folder).free
    if free < needed:
        raise FetchError(f"{info.folder}: {free / 1e6:.0f} MB free, {info.name} needs {needed / 1e6:.0f} MB")


# --- where from ------------------------------------------------------------------------------------------------------


def _address(info: ModelInfo, file: ModelFile) -> str:
    """The file's source, with the mirror in place of the model's base."""
    if file.source is None:
        raise FetchError(f"{info.folder / file.name}: not what {info.name} expects, and no address to fetch it from")
    mirror = os.environ.get("ANNOTATOR_MIRROR", "")
    if not mirror or not info.base or not file.source.startswith(info.base):
        return file.source
    parts = urlsplit(mirror)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(f"ANNOTATOR_MIRROR: found {mirror!r}, expected an http(s) address")
    return urljoin(mirror.rstrip("/") + "/", file.source.removeprefix(info.base))


def _offline_path(info: ModelInfo, file: ModelFile) -> Path | None:
    """The file within ANNOTATOR_OFFLINE_MODELS, laid as NAME/file, or as the zoo or its downloader lay it.

    Raises FetchError where it is there, but with another hash.
    """
    root = os.environ.get("ANNOTATOR_OFFLINE_MODELS", "")
    if not root:
        return None
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise FetchError(f"ANNOTATOR_OFFLINE_MODELS: {folder} is not a folder")
    places = [folder / name / file.name for name in (info.name, info.title)]
    if file.source is not None:
        published = Path(urlsplit(file.source).path).name
        places += [
            folder / name / file.precision / published for name in (info.title, f"intel/{info.title}", info.name)
        ]
        if info.base and file.source.startswith(info.base):
            places.append(folder / file.source.removeprefix(info.base))
    there = [place for place in places if place.is_file()]
    for place in there:
        if _is_right(place, file):
            return place
    if there:
        raise FetchError(f"{info.name}: {there[0]} is not the file expected ({file.bytes} bytes, {file.precision})")
    return None


# --- over the network ------------------------------------------------------------------------------------------------


def _transfer(
    address: str, part: Path, file: ModelFile, *, name: str, advance: Callable[[int], None], cancelled: Cancelled
) -> None:
    """Fill `part` up to the file's size; a transfer that breaks off is resumed while each attempt brings something."""
    if part.is_file() and part.stat().st_size > file.bytes:
        part.unlink()
    for attempt in range(1, ATTEMPTS + 1):
        before = part.stat().st_size if part.is_file() else 0
        if before == file.bytes:
            return
        try:
            try:
                _attempt(address, part, file, name=name, advance=advance, cancelled=cancelled)
            except _NotResumedError:
                part.unlink()
                _attempt(address, part, file, name=name, advance=advance, cancelled=cancelled)
            return
        except _BrokenOffError:
            if attempt == ATTEMPTS or part.stat().st_size <= before:
                raise


def _attempt(
    address: str, part: Path, file: ModelFile, *, name: str, advance: Callable[[int], None], cancelled: Cancelled
) -> None:
    have = part.stat().st_size if part.is_file() else 0
    with _answer(address, start=have) as answer, part.open("ab") as stream:
        start = _start_of(answer, have=have, file=file, address=address)
        stream.truncate(start)
        have, since, then = start, time.monotonic(), start
        while have < file.bytes:
            if cancelled():
                raise FetchCancelledError(f"{name}: fetch cancelled; {have} bytes of {file.name} stay and are resumed")
            block = _read(answer, address=address, have=have, file=file)
            stream.write(block)
            have += len(block)
            advance(min(have, file.bytes))
            if time.monotonic() - since > _timeout():
                if have - then < LEAST_BYTES:
                    raise _BrokenOffError(_stalled(address, have=have, file=file))
                since, then = time.monotonic(), have
    if have > file.bytes:
        part.unlink()
        raise FetchError(f"{address}: longer than the {file.bytes} bytes expected")


def _read(answer: http.client.HTTPResponse, *, address: str, have: int, file: ModelFile) -> bytes:
    try:
        block = answer.read1(CHUNK)
    except TimeoutError as error:
        raise _BrokenOffError(_stalled(address, have=have, file=file)) from error
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOffError(f"{address}: broke off after {have} of {file.bytes} bytes ({error})") from error
    if not block:
        raise _BrokenOffError(f"{address}: ended after {have} of {file.bytes} bytes")
    return block


def _stalled(address: str, *, have: int, file: ModelFile) -> str:
    return f"{address}: silent for {_timeout():g} s after {have} of {file.bytes} bytes"


def _start_of(answer: http.client.HTTPResponse, *, have: int, file: ModelFile, address: str) -> int:
    """The byte at which the answer begins, once its header fits the file. Raises FetchError where it does not."""
    kind, length = answer.headers.get_content_type(), answer.headers.get("Content-Length")
    if kind in ("text/html", "application/xhtml+xml"):
        raise FetchError(f"{address}: answered with a web page, expected {file.bytes} bytes of {file.name}")
    start = 0
    if answer.status == 206:
        # "bytes 100-199/200"
        span = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")[0].partition("-")[0]
        start = have
        if span.strip() != str(have) or length not in (None, str(file.bytes - have)):
            raise _NotResumedError(f"{address}: answered with {length} bytes from {span or 'nowhere'}")
    elif length not in (None, str(file.bytes)):
        raise FetchError(f"{address}: {length} bytes, expected {file.bytes}")
    return start


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
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
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
        answer = _opener().open(request, timeout=_timeout())
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
        return f"silent for {_timeout():g} s"
    if isinstance(reason, socket.gaierror):
        return "its name is not known here"
    if isinstance(reason, ConnectionRefusedError):
        return "connection refused"
    if isinstance(reason, ssl.SSLError):
        return f"its certificate or encryption is not accepted: {reason.reason}"
    return str(reason)


def _timeout() -> float:
    text = os.environ.get("ANNOTATOR_FETCH_TIMEOUT", "")
    try:
        seconds = float(text or TIMEOUT_SECONDS)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise FetchError(f"ANNOTATOR_FETCH_TIMEOUT: found {text!r}, expected seconds above 0")
    return seconds
