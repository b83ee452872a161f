"""`gradio app.py`: the server starts again when code changes. What was saved is on the disk by then.

Gradio would build the page again inside the running process, without the routes beside it. Here the process ends in
order and begins anew.

Tests: tests/web/test_gradio_conventions.py
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

EVERY_S = 0.5
SUFFIXES = frozenset({".py", ".css", ".js"})
_NOT_WATCHED = frozenset({"node_modules", "__pycache__", "site-packages", "tests"})


def watched_folders() -> tuple[Path, ...]:
    """The folders that `gradio app.py` says; none where the server was started by hand."""
    return tuple(Path(name) for name in os.environ.get("GRADIO_WATCH_DIRS", "").split(",") if name)


def watch(folders: Sequence[Path], *, changed: Callable[[], object]) -> None:
    """Call `changed` once, from another thread, when a file of code in these folders has changed."""
    threading.Thread(target=_watch, args=[folders, changed], daemon=True, name="reload").start()


def start_again() -> None:
    """Replace this process by a new one of the same command."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606, our own command


def _watch(folders: Sequence[Path], changed: Callable[[], object]) -> None:
    before = dict(_times(folders))
    while dict(_times(folders)) == before:
        time.sleep(EVERY_S)
    print("Code has changed: starting again", flush=True)
    changed()


def _times(folders: Sequence[Path]) -> Iterator[tuple[str, int]]:
    for folder in folders:
        for root, names, files in os.walk(folder):
            names[:] = [name for name in names if name not in _NOT_WATCHED and not name.startswith(".")]
            for name in files:
                if os.path.splitext(name)[1] in SUFFIXES:
                    path = os.path.join(root, name)
                    try:
                        yield path, os.stat(path).st_mtime_ns
                    except OSError:  # just deleted
                        continue
