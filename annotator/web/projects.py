"""The projects a server holds, each behind a key that cannot be guessed."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from pathlib import Path

from annotator.core.errors import StoreError
from annotator.storage.store import Store

MAX_PROJECTS = 200
MAX_AGE_S = 3 * 24 * 3600
"""A visitor's project that nobody has opened for so long makes room for others."""

_KEY = re.compile(r"[A-Za-z0-9_-]{32}")


class UnknownProjectError(StoreError):
    """A key that opens nothing."""

    def __init__(self) -> None:
        super().__init__("no such project: its key opens nothing here")


class Projects:
    """One project of the person at this computer, or one for each visitor below `visitors`."""

    def __init__(self, *, local: Path | None = None, visitors: Path | None = None) -> None:
        if (local is None) == (visitors is None):
            raise ValueError("expected either a local project or a folder for visitors' projects")
        self._local = Store.open(local) if local is not None else None
        self._visitors = visitors
        self._open: dict[str, Store] = {}
        self._lock = threading.Lock()

    @property
    def shared(self) -> bool:
        """Whether visitors get projects of their own."""
        return self._visitors is not None

    def welcome(self, key: str | None) -> str:
        """The key of the page that opens: the local project's, the visitor's own again, or a new one."""
        if self._local is not None:
            return self._local.key
        if key:
            try:
                self.get(key)
                return key
            except UnknownProjectError:
                pass
        return self._create()

    def get(self, key: str) -> Store:
        """The project behind a key. Raises UnknownProjectError."""
        if self._local is not None:
            if not secrets.compare_digest(key.encode(), self._local.key.encode()):
                raise UnknownProjectError
            return self._local
        assert self._visitors is not None
        if not _KEY.fullmatch(key):
            raise UnknownProjectError
        with self._lock:
            store = self._open.get(key)
            if store is None:
                folder = self._visitors / key
                if not (folder / "project.db").is_file():
                    raise UnknownProjectError
                store = self._open[key] = Store.open(folder)
                (folder / "project.db").touch()
            return store

    def export_folder(self, key: str, exports: Path) -> Path:
        """Where this project's exports go, below `exports`."""
        store = self.get(key)
        return exports / (store.folder.name if self._local is not None else key)

    def close(self) -> None:
        """Close every open project."""
        for store in (*self._open.values(), *filter(None, [self._local])):
            store.close()

    def _create(self) -> str:
        assert self._visitors is not None
        self._visitors.mkdir(parents=True, exist_ok=True)
        self._sweep()
        if sum(1 for _ in self._visitors.iterdir()) >= MAX_PROJECTS:
            raise StoreError(f"this server holds {MAX_PROJECTS} projects and takes no more at present: try again later")
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._open[key] = Store.open(self._visitors / key)
        return key

    def _sweep(self) -> None:
        """Remove the projects that are past their age. Gradio's own sweeper is not used: it removes files in use."""
        assert self._visitors is not None
        oldest = time.time() - MAX_AGE_S
        for folder in self._visitors.iterdir():
            database = folder / "project.db"
            if database.is_file() and database.stat().st_mtime < oldest:
                with self._lock:
                    store = self._open.pop(folder.name, None)
                if store is not None:
                    store.close()
                shutil.rmtree(folder, ignore_errors=True)
