"""Projects on the disk: opened when asked for, closed when nobody uses them."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from annotator.storage.locations import database_file, is_project
from annotator.storage.store import Store
from annotator.web.keys import UnknownProjectError, is_key
from annotator.web.sharing import visitor

TOUCH_S = 600.0
"""How often the use of a project is noted on its database, whose time says when somebody was last there."""

GONE = ".removed-"
"""How the folder of a project begins that is being removed."""


@dataclass
class _Opened:
    """A project that is open or about to be: how many use it, and when it was last used."""

    users: int = 0
    used: float = field(default_factory=time.monotonic)
    touched: float = float("-inf")
    store: Store | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)


class OpenProjects:
    """Safe to use from several threads."""

    def __init__(self, folder: Path, *, most: float, place: Callable[[str], Path] | None = None) -> None:
        """folder: of all projects. most: databases that stay open; one that is in use is never closed.

        place: where the project behind a key lies; in a folder that its key names, where nobody says otherwise.
        """
        self.folder = folder
        self._place = place
        self.opened: Callable[[str], object] = lambda key: None
        """Called with the key of each project that was opened."""
        self._most = most
        self._open: OrderedDict[str, _Opened] = OrderedDict()
        self._lock = threading.Lock()

    def all_keys(self) -> list[str]:
        """Of every project in a folder that its key names."""
        if not self.folder.is_dir():
            return []
        return [entry.name for entry in os.scandir(self.folder) if is_key(entry.name)]

    def folder_of(self, key: str) -> Path:
        """Where the project behind a key lies, or would."""
        return self.folder / key if self._place is None else self._place(key)

    def is_open(self, key: str) -> bool:
        with self._lock:
            return key in self._open

    @contextmanager
    def use(self, key: str, *, new: bool = False) -> Iterator[Store]:
        """The project behind a key, neither closed nor removed while the block lasts.

        new: make it where it is not there. Raises UnknownProjectError otherwise.
        """
        with self._lock:
            entry = self._open.get(key)
            if entry is None:
                if not new and not is_project(self.folder_of(key)):
                    raise UnknownProjectError
                entry = self._open[key] = _Opened()
            entry.users += 1
            self._open.move_to_end(key)
        try:
            yield self._store_of(key, entry)
        finally:
            with self._lock:
                entry.users -= 1
                entry.used = time.monotonic()
            self.close_unused()

    def close_unused(self, *, idle: float | None = None) -> None:
        """Close the least recently used beyond the limit, or all that rested for `idle` seconds."""
        closed = []
        with self._lock:
            over = len(self._open) - self._most
            for key, entry in list(self._open.items()):
                rested = idle is not None and time.monotonic() - entry.used > idle
                if not entry.users and (over > 0 or rested):
                    closed.append(self._open.pop(key))
                    over -= 1
                if over <= 0 and idle is None:
                    break
        for entry in closed:
            if entry.store is not None:
                entry.store.close()

    def remove(self, key: str, *, unused: float) -> bool:
        """Remove a project unless somebody used it in the last `unused` seconds; whether it is gone."""
        folder = self.folder_of(key)
        gone = folder.with_name(f"{GONE}{secrets.token_hex(8)}")
        with self._lock:
            entry = self._open.get(key)
            if entry is not None and (entry.users or time.monotonic() - entry.used < unused):
                return False
            self._open.pop(key, None)
            try:
                os.replace(folder, gone)  # from here on the key opens nothing
            except OSError:
                return False
        if entry is not None and entry.store is not None:
            entry.store.close()
        shutil.rmtree(gone, ignore_errors=True)
        return True

    def close(self) -> None:
        """Close every one."""
        with self._lock:
            stores = [entry.store for entry in self._open.values()]
            self._open.clear()
        for store in stores:
            if store is not None:
                store.close()

    def _store_of(self, key: str, entry: _Opened) -> Store:
        fresh = False
        with entry.opening:
            if entry.store is None:
                try:
                    entry.store = Store.open(self.folder_of(key))
                except BaseException:
                    with self._lock:
                        if self._open.get(key) is entry:
                            del self._open[key]
                    raise
                fresh = True
            if time.monotonic() - entry.touched > TOUCH_S:
                entry.touched = time.monotonic()
                with suppress(OSError):
                    os.utime(database_file(self.folder_of(key)))  # unlike `touch` it makes no file
        if fresh:
            with visitor.acting_for(None):
                self.opened(key)
        return entry.store
