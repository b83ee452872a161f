"""Decoding in a child process with limits, so that a hostile picture costs its own rejection and nothing else.

Children are kept warm: one is started when none is idle, and again after a crash or a timeout. A child inherits no
secrets from the environment, may not write files, and ends with its parent.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import queue
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import cv2
import numpy as np

from annotator.core.errors import ImageError
from annotator.system.child import child_environment, limit_self
from annotator.vision.pictures import decoder
from annotator.vision.pictures.photo import Buffers, Photo, Pixels

try:
    import fcntl
except ImportError:  # Windows: its pipes are as large as they are
    fcntl = None  # type: ignore[assignment]

TIMEOUT_SECONDS = 10.0
"""Of work: on a machine that many share a child may get a core only now and then, and a large picture is not to be
refused for that."""
PATIENCE_SECONDS = 60.0
"""Whatever the child got done."""
MEMORY_BYTES = 1 << 30
# A fresh child now and then: whatever a decoder leaks goes with the old one.
PICTURES_A_CHILD = 500
PIPE_BYTES = 1 << 20

# Request: lengths of name and content, width and height that are enough (0 for all there is), then name and content.
# Answer: height and width of the pixels and of the whole picture, then the pixels; or 0, length, 0, 0, then an error.
_HEAD = struct.Struct("<IIII")


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
    try:
        try:
            pixels, full_size = _watched(_idle_child(), content, file_name, enough, buffers)
        except (OSError, EOFError):
            # Something else may have killed it, a system short of memory say: a fresh one shows whether it was this.
            pixels, full_size = _watched(Child(), content, file_name, enough, buffers)
    except (OSError, EOFError) as error:
        raise ImageError(f"{file_name}: brought the decoder down, so it is not taken") from error
    pixels.setflags(write=False)
    return Photo(file_name, content, sha256 or hashlib.sha256(content).hexdigest(), pixels, full_size)


def _watched(
    child: Child, content: bytes, file_name: str, enough: tuple[int, int] | None, buffers: Buffers | None
) -> tuple[Pixels, tuple[int, int] | None]:
    """As `Child.decode`, in the time that there is; the child is kept or ended afterwards."""
    done = threading.Event()
    threading.Thread(target=child.watch, args=(done,), name="decoding", daemon=True).start()
    try:
        return child.decode(content, file_name, enough, buffers)
    except (OSError, EOFError) as error:
        child.end()
        if child.expired:
            raise ImageError(f"{file_name}: took longer than {TIMEOUT_SECONDS:g} s, so it is not taken") from error
        raise
    finally:
        done.set()
        _keep(child)


# --- parent ----------------------------------------------------------------------------------------------------------


class Child:
    """One decoder process and the two pipes to it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "annotator.vision.pictures.sandbox"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment("ANNOTATOR_MAX_MEGAPIXELS"),
        )
        self._limit = os.environ.get("ANNOTATOR_MAX_MEGAPIXELS")
        self._decoded = 0
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
            and self._decoded < PICTURES_A_CHILD
            and self._limit == os.environ.get("ANNOTATOR_MAX_MEGAPIXELS")
        )

    def decode(
        self, content: bytes, file_name: str, enough: tuple[int, int] | None = None, buffers: Buffers | None = None
    ) -> tuple[Pixels, tuple[int, int] | None]:
        """Pixels, and the size of the whole picture where they are a draft.

        Raises ImageError as the child does; OSError or EOFError where it did not live to answer.
        """
        self._decoded += 1
        name = file_name.encode("utf-8", "replace")
        self._requests.write(_HEAD.pack(len(name), len(content), *(enough or (0, 0))) + name)
        self._requests.write(content)
        self._requests.flush()
        height, width, full_height, full_width = _HEAD.unpack(_exactly(self._answers, _HEAD.size))
        if height == 0:
            raise ImageError(_exactly(self._answers, width).decode("utf-8", "replace"))
        if height * width > decoder.max_megapixels() * 1e6:
            raise EOFError("an answer larger than any picture may be")
        pixels = np.empty((height, width, 3), np.uint8) if buffers is None else buffers.decoded(height, width)
        if self._answers.readinto(pixels.data.cast("B")) != pixels.nbytes:  # type: ignore[attr-defined]
            raise EOFError("an answer cut short")
        full_size = full_width, full_height
        return pixels, None if full_size == (width, height) else full_size

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


def _exactly(stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) != count:
        raise EOFError("the other end is gone")
    return content


def _widen(pipe: IO[bytes]) -> None:
    """Pixels come in megabytes; a pipe holds 64 KB unless asked."""
    if fcntl is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


# --- child -----------------------------------------------------------------------------------------------------------


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Decode what comes until the parent hangs up."""
    buffers = Buffers()
    while header := requests.read(_HEAD.size):
        name_length, length, *enough = _HEAD.unpack(header)
        file_name = _exactly(requests, name_length).decode("utf-8")
        content = _exactly(requests, length)
        try:
            asked = (enough[0], enough[1]) if any(enough) else None
            photo = decoder.decode_here(content, file_name=file_name, enough=asked, buffers=buffers)
        except ImageError as error:
            line = str(error).encode("utf-8", "replace")
            answers.write(_HEAD.pack(0, len(line), 0, 0) + line)
        else:
            answers.write(_HEAD.pack(*photo.pixels.shape[:2], photo.height, photo.width))
            answers.write(photo.pixels.data.cast("B"))
        answers.flush()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    limit_self(MEMORY_BYTES)
    _serve(sys.stdin.buffer, sys.stdout.buffer)
