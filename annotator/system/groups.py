"""Runs work on queued items in groups on one background thread, so that the producer does not block on it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Generic, TypeVar, cast

Item = TypeVar("Item")

_END = object()


class Groups(Generic[Item]):
    """Hands items to `work` in order: the first at once, then all that arrived in the meantime, at most `most` a call.

    work: called in one thread, one call at a time. linger_s: the least time between two calls, so that items that come
    quickly are worked on together; a full group is worked on at once.
    An error of `work` is raised by the next `put`, or where the block ends, and nothing more is worked on. An error of
    the block itself does not stop the work: everything that was put before it is worked on.
    """

    def __init__(self, work: Callable[[Sequence[Item]], None], *, most: int, linger_s: float, name: str) -> None:
        self._work = work
        self._most = most
        self._linger_s = linger_s
        self._waiting: queue.Queue[object] = queue.Queue(maxsize=most)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Groups[Item]:
        self._thread.start()
        return self

    def put(self, item: Item) -> None:
        """Queue an item; blocks while a whole group is queued already. Raises what `work` raised."""
        if self._error is not None:
            raise self._error
        self._waiting.put(item)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.put(_END)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        group: list[Item] = []
        due = 0.0
        while True:
            try:
                item = self._waiting.get(timeout=max(due - time.monotonic(), 0.0) if group else None)
            except queue.Empty:
                item = None
            else:
                if item is not _END:
                    group.append(cast(Item, item))
            ends = item is _END
            idle = self._waiting.empty() and time.monotonic() >= due
            if group and (ends or idle or len(group) == self._most):
                self._work_on(group)
                group = []
                due = time.monotonic() + self._linger_s
            if ends:
                return

    def _work_on(self, group: Sequence[Item]) -> None:
        if self._error is not None:
            return
        try:
            self._work(group)
        except BaseException as error:  # the producer must hear of it, whatever it is
            self._error = error
