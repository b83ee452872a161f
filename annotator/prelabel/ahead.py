"""Reads items ahead in threads, so that the network never waits for a disk or a decoder."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

DECODERS = max(2, min((os.cpu_count() or 2) // 2, 8))
"""Threads that decode. Beside a quick network each second core decodes; each thread holds one decoded picture."""

DECODE_AHEAD = 2 * DECODERS
"""Pictures read before the network asks for them: enough to hide the disk, few enough for 12 Mpx each."""


def read_ahead(items: Sequence[Item], read: Callable[[Item], Found]) -> Iterator[tuple[Item, Future[Found]]]:
    """Each item with the future of `read(item)`, in order, at most DECODE_AHEAD before the one that is asked for.

    read: called in DECODERS threads; what it raises, the item's future raises.
    """
    with ThreadPoolExecutor(max_workers=DECODERS, thread_name_prefix="decode") as pool:
        pending: deque[tuple[Item, Future[Found]]] = deque()
        try:
            for item in items:
                pending.append((item, pool.submit(read, item)))
                if len(pending) > DECODE_AHEAD:
                    yield pending.popleft()
            while pending:
                yield pending.popleft()
        finally:
            for _, future in pending:
                future.cancel()
