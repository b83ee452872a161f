"""Writers of one project take turns, across processes.

SQLite lets a waiting writer ask again and again with growing pauses; on a busy machine one of eight was passed over for
ten seconds. Here the system wakes whoever waits, as soon as the lock is free.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from annotator.system import file_lock


class InTurn:
    """A lock that threads get in the order in which they ask.

    Work in many short transactions asks again as soon as it has given the lock back; with a plain lock it mostly gets
    it again before whoever waits has woken up.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, *, timeout: float) -> bool:
        """Whether it was to be had within so many seconds."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(timeout):
            return True
        with self._guard:
            if not mine.is_set():  # else it was handed over just now
                self._waiting.remove(mine)
            return mine.is_set()

    def release(self) -> None:
        """Hand it to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


@contextmanager
def hold(path: Path, *, patience: float) -> Iterator[None]:
    """Hold the lock of this file for the length of the block; the file stays empty.

    patience: seconds to wait. Raises TimeoutError after them. If the file cannot be locked (a read-only folder, some
    network drives), the block runs unlocked; SQLite's own locking still keeps the database safe.
    """
    handle = _opened(path)
    if handle is None:
        yield
        return
    _wait_for(handle, patience)
    try:
        yield
    finally:
        os.close(handle)  # which gives the lock back


def _opened(path: Path) -> int | None:
    """Open the file; None where files cannot be locked."""
    if not file_lock.HAS_LOCKS:  # SQLite's own way of waiting remains
        return None
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        return None


def _wait_for(handle: int, patience: float) -> None:
    """Take the lock, or close the handle and raise TimeoutError."""
    try:
        if file_lock.try_to_lock(handle):
            return
    except OSError:
        return  # this file system has no locks
    if not _Waiter(handle).took_it_within(patience):
        raise TimeoutError


class _Waiter:
    """Waits for the lock in the kernel, without a time limit. If its caller has given up by then, it is released."""

    def __init__(self, handle: int) -> None:
        self._file = handle
        self._took = threading.Event()
        self._deciding = threading.Lock()
        self._given_up = False
        threading.Thread(target=self._wait, name="write lock", daemon=True).start()

    def _wait(self) -> None:
        with suppress(OSError):  # no lock to be had after all
            file_lock.lock(self._file)
        with self._deciding:
            if self._given_up:
                os.close(self._file)
            self._took.set()

    def took_it_within(self, patience: float) -> bool:
        if self._took.wait(patience):
            return True
        with self._deciding:
            self._given_up = not self._took.is_set()
            return not self._given_up
