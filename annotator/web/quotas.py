"""How much disk visitors' projects take, and how much one project, one address and all together may take."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.storage.store import Store
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.makers import Makers

_Found = tuple[int, float, str]
"""Bytes, how many megabytes they may be, and of what."""


@dataclass
class _Size:
    """files: bytes of everything beside the database, which grows with each gesture and is asked of the disk."""

    files: int
    database: int

    @property
    def bytes(self) -> int:
        return self.files + self.database


class Quotas:
    """Sizes are measured when a project is first asked for, and by the sweeper. Safe to use from several threads."""

    def __init__(self, limits: Limits, makers: Makers) -> None:
        """makers: knows which projects come from one address."""
        self._limits = limits
        self._makers = makers
        self._sizes: dict[str, _Size] = {}
        self._lock = threading.Lock()

    def require(self, key: str, store: Store, more: int) -> None:
        """Raise LimitError unless the project may grow by so many bytes."""
        self.measure(key, store.folder)
        database = _bytes_of_database(store.folder)
        with self._lock:
            if key in self._sizes:
                self._sizes[key].database = database
            mine = self._sum([key])
            beside = self._sum(self._makers.made_beside(key))
            found = ((mine, self._limits.project_mb, "this project"), *self._of_all(mine + beside))
        _require_within(found, more)

    def require_images(self, store: Store, more: int) -> None:
        """Raise LimitError where the project may not have so many more pictures."""
        if store.image_count() + more > self._limits.images:
            raise LimitError(f"this project is full, expected at most {self._limits.images:g} pictures")

    def require_categories(self, store: Store, names: Collection[str]) -> None:
        """Raise LimitError where the project may not have these categories beside its own."""
        known = {category.name for category in store.categories()}
        if len(known.union(names)) > self._limits.categories:
            raise LimitError(f"this project is full, expected at most {self._limits.categories:g} categories")

    def reserve(self, key: str, size: int, *, address: str) -> None:
        """Count a project of so many bytes before it is written. Raises LimitError where it is too much.

        address: where whoever makes it asks from.
        """
        with self._lock:
            _require_within(self._of_all(self._sum(self._makers.made_from(address))), size)
            self._sizes[key] = _Size(files=size, database=0)

    def add(self, key: str, more: int) -> None:
        """Count files that were written; the database is asked, and the sweeper measures now and then."""
        with self._lock:
            if key in self._sizes:
                self._sizes[key].files += more

    def is_measured(self, key: str) -> bool:
        with self._lock:
            return key in self._sizes

    def measure(self, key: str, folder: Path, *, again: bool = False) -> None:
        """Look up the project in this folder on the disk, where it is not known yet, or again."""
        if again or not self.is_measured(key):
            database = _bytes_of_database(folder)
            found = _Size(_bytes_below(folder) - database, database)
            with self._lock:
                self._sizes[key] = found

    def forget(self, key: str) -> None:
        """The project is gone."""
        with self._lock:
            self._sizes.pop(key, None)

    def _of_all(self, mine: int) -> tuple[_Found, _Found]:
        """mine: bytes of whoever asks, from one address."""
        return (
            (mine, self._limits.address_mb, "all that was made from here"),
            (self._sum(self._sizes), self._limits.total_mb, "this server"),
        )

    def _sum(self, keys: Iterable[str]) -> int:
        return sum(self._sizes[key].bytes for key in keys if key in self._sizes)


def _require_within(found: Iterable[_Found], more: int) -> None:
    for size, limit, what in found:
        if size + more > limit * 1e6:
            raise LimitError(f"{what} is full: {(size + more) / 1e6:.0f} MB, expected at most {limit:g} MB")


def _bytes_of_database(folder: Path) -> int:
    with suppress(OSError):
        return (folder / DATABASE_NAME).stat().st_size
    return 0


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.stat(os.path.join(parent, name)).st_size
    return total
