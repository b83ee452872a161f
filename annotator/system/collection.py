"""Python's cycle collector: held back while a large file is taken apart, and spared what stays for ever."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pauses = 0
_was_enabled = False


@contextmanager
def collection_paused() -> Iterator[None]:
    """Keep the collector from walking millions of fresh values again and again; none of them are in cycles.

    Also a decorator. Several threads may pause at once: the last one to end lets the collector go on.
    """
    global _pauses, _was_enabled  # noqa: PLW0603 - the collector is one for the process
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if _pauses == 0 and _was_enabled:
                gc.enable()


def set_aside() -> None:
    """Let the collector walk no more over what there is by now, which a server keeps as long as it runs.

    The page and the libraries are 200,000 objects: whichever request it met waited for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
