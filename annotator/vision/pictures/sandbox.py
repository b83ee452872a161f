"""Decoding in a child process with limits, so that a hostile picture costs its own rejection and nothing else.

Children are kept warm: one is started when none is idle, and again after a crash or a timeout. A child reads what it is
sent and answers; it opens nothing and starts nothing (see `system.child`), and ends with its parent.

Tests: tests/vision/pictures/test_decode_hostile.py
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

import numpy as np

from annotator.core.errors import ImageError
from annotator.system import paths
from annotator.system.child import child_environment
from annotator.vision.pictures import decoder, kinds
from annotator.vision.pictures.decoder_child import (
    ANSWER,
    CPU_SECONDS,
    DECODE,
    LOOK,
    LOOKED,
    PIXELS,
    REFUSED,
    REQUEST,
    exactly,
)
from annotator.vision.pictures.look import MIMES, Change, Look
from annotator.vision.pictures.photo import Buffers, Photo, Pixels

try:
    import fcntl
except ImportError:  # Windows: its pipes are as large as they are
    fcntl = None  # type: ignore[assignment]

Answer = TypeVar("Answer")

TIMEOUT_SECONDS = 10.0
"""Of work for one picture, not of time that passes: on a shared machine a child may get a core only now and then, and
that is no reason to refuse a picture."""
PATIENCE_SECONDS = 60.0
"""For one picture, however little the child got done."""
INNOCENT_SECONDS = 1.0
"""A child that another process kills sooner than that was not killed because of its picture."""
# A fresh child now and then: whatever a decoder leaks goes with the old one.
PICTURES_A_CHILD = 500
PIPE_BYTES = 1 << 20
MAX_LINE_BYTES = 10_000


def is_on() -> bool:
    """Whether pictures are decoded in a child: in a server, on a Space, or with ANNOTATOR_SANDBOX=1."""
    return os.environ.get("ANNOTATOR_SANDBOX", "1" if paths.on_a_space() else "0") != "0"


def decode(
    content: bytes,
    *,
    file_name: str,
    sha256: str | None = None,
    enough: tuple[int, int] | None = None,
    buffers: Buffers | None = None,
) -> Photo:
    """As `decoder.decode_here`, in a child process. Raises ImageError also where the picture took too long, too much
    memory, or the decoder with it.
    """
    pixels, full_size = _asked(lambda child: child.decode(content, file_name, enough, buffers), file_name)
    pixels.setflags(write=False)
    return Photo(file_name, content, sha256 or hashlib.sha256(content).hexdigest(), pixels, full_size)


def look(content: bytes) -> Look:
    """As `look.look_here`, in a child process. Raises ImageError as `decode` does."""
    return _asked(lambda child: child.look(content), "picture")


def _asked(ask: Callable[[Child], Answer], file_name: str) -> Answer:
    """A child's answer. If the child ended for a reason other than the picture, another child is asked."""
    began = time.monotonic()
    child = _idle_child()
    try:
        return _watched(child, ask, file_name)
    except (OSError, EOFError) as error:
        from_outside = child.process.returncode in (-signal.SIGKILL, -signal.SIGTERM)
        if not from_outside or time.monotonic() - began > INNOCENT_SECONDS:
            raise _brought_down(file_name) from error
    try:
        return _watched(Child(), ask, file_name)
    except (OSError, EOFError) as error:
        raise _brought_down(file_name) from error


def _brought_down(file_name: str) -> ImageError:
    return ImageError(f"{file_name}: brought the decoder down, so it is not taken")


def _watched(child: Child, ask: Callable[[Child], Answer], file_name: str) -> Answer:
    """The child's answer in the time that there is; the child is kept or ended afterwards.

    Raises OSError or EOFError where it did not live to answer.
    """
    done = threading.Event()
    threading.Thread(target=child.watch, args=(done,), name="decoding", daemon=True).start()
    try:
        return ask(child)
    except (OSError, EOFError) as error:
        child.end()
        if child.expired:
            raise ImageError(f"{file_name}: took longer than {TIMEOUT_SECONDS:g} s, so it is not taken") from error
        raise
    finally:
        done.set()
        _keep(child)


class Child:
    """One decoder process and the two pipes to it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "annotator.vision.pictures.decoder_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment("ANNOTATOR_MAX_MEGAPIXELS"),
        )
        self._limit = os.environ.get("ANNOTATOR_MAX_MEGAPIXELS")
        self._asked = 0
        self.expired = False
        for pipe in (self._requests, self._answers):
            _widen(pipe)

    @property
    def _requests(self) -> IO[bytes]:
        assert self.process.stdin is not None  # noqa: S101, a pipe was asked for
        return self.process.stdin

    @property
    def _answers(self) -> IO[bytes]:
        assert self.process.stdout is not None  # noqa: S101, a pipe was asked for
        return self.process.stdout

    @property
    def fresh(self) -> bool:
        """Whether it runs, under the limit on size that holds now, and is not worn out."""
        return (
            self.process.poll() is None
            and self._asked < PICTURES_A_CHILD
            and (self._worked() or 0) < CPU_SECONDS - 2 * TIMEOUT_SECONDS
            and self._limit == os.environ.get("ANNOTATOR_MAX_MEGAPIXELS")
        )

    def decode(
        self, content: bytes, file_name: str, enough: tuple[int, int] | None = None, buffers: Buffers | None = None
    ) -> tuple[Pixels, tuple[int, int] | None]:
        """Pixels, and the size of the whole picture where they are a draft.

        Raises ImageError as the child does; OSError or EOFError where it did not live to answer.
        """
        height, width, full_height, full_width = self._ask(DECODE, content, file_name, enough or (0, 0), PIXELS)
        if not (0 < height * width <= full_height * full_width <= decoder.max_megapixels() * 1e6):
            raise EOFError("an answer that no picture has")
        pixels = np.empty((height, width, 3), np.uint8) if buffers is None else buffers.decoded(height, width)
        if self._answers.readinto(pixels.data.cast("B")) != pixels.nbytes:  # type: ignore[attr-defined]
            raise EOFError("an answer cut short")
        full_size = full_width, full_height
        return pixels, None if full_size == (width, height) else full_size

    def look(self, content: bytes) -> Look:
        """What the file is to others. Raises as `decode` does."""
        kind, mime, change, _ = self._ask(LOOK, content, "picture", (0, 0), LOOKED)
        try:
            return Look(kinds.FORMATS[kind], MIMES[mime], Change(change))
        except (IndexError, ValueError) as error:
            raise EOFError("an answer that no picture has") from error

    def _ask(
        self, what: int, content: bytes, file_name: str, enough: tuple[int, int], expected: int
    ) -> tuple[int, int, int, int]:
        """The four numbers of an answer. Raises ImageError where the child refuses the picture."""
        self._asked += 1
        name = file_name.encode("utf-8", "replace")
        self._requests.write(REQUEST.pack(what, len(name), len(content), *enough) + name)
        self._requests.write(content)
        self._requests.flush()
        answered, *numbers = ANSWER.unpack(exactly(self._answers, ANSWER.size))
        if answered == REFUSED:
            raise ImageError(exactly(self._answers, min(numbers[0], MAX_LINE_BYTES)).decode("utf-8", "replace"))
        if answered != expected:
            raise EOFError("an answer to another question")
        return numbers[0], numbers[1], numbers[2], numbers[3]

    def watch(self, done: threading.Event) -> None:
        """End the child unless it is done in time; run beside it."""
        began, worked = time.monotonic(), self._worked()
        left = TIMEOUT_SECONDS
        while not done.wait(left):
            passed = time.monotonic() - began
            now = self._worked()
            # Where the system does not tell how much a process worked, all time counts.
            left = TIMEOUT_SECONDS - (passed if now is None or worked is None else now - worked)
            if left <= 0.01 or passed > PATIENCE_SECONDS:
                self.expired = True
                self.process.kill()
                return
            left = min(left, PATIENCE_SECONDS - passed + 0.1)

    def _worked(self) -> float | None:
        """Seconds of a core that the child has taken, None where that cannot be known."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()


_idle: queue.LifoQueue[Child] = queue.LifoQueue()


def _idle_child() -> Child:
    while True:
        try:
            child = _idle.get_nowait()
        except queue.Empty:
            return Child()
        if child.fresh:
            return child
        child.end()


def _keep(child: Child) -> None:
    if child.fresh:
        _idle.put(child)
    else:
        child.end()


@atexit.register
def end_all() -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            _idle.get_nowait().end()


def _widen(pipe: IO[bytes]) -> None:
    """Pixels come in megabytes; a pipe holds 64 KB unless asked."""
    if fcntl is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
