"""What visitors' projects take of the disk, and how much of it each, each address and all of them may."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from annotator.storage.store import Store
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.makers import Makers


class Quotas:
    """Sizes are measured when a project is first asked for, and by the sweeper. Safe to use from several threads."""

    def __init__(self, limits: Limits, makers: Makers) -> None:
        """makers: knows which projects come from one address."""
        self._limits = limits
        self._makers = makers
        self._bytes: dict[str, int] = {}
        self._lock = threading.Lock()

    def require(self, key: str, store: Store, more: int) -> None:
        """Raise LimitError unless the project may grow by so many bytes."""
        mine = self.measure(key, store.folder)
        beside = self._sum(self._makers.made_beside(key))
        for found, limit, what in (
            (mine, self._limits.project_mb, "this project"),
            (mine + beside, self._limits.address_mb, "all that was made from here"),
            (self._total(), self._limits.total_mb, "this server"),
        ):
            if found + more > limit * 1e6:
                raise LimitError(f"{what} is full: {(found + more) / 1e6:.0f} MB, expected at most {limit:g} MB")

    def require_image(self, store: Store) -> None:
        """Raise LimitError where the project holds as many pictures as it may."""
        if store.image_count() >= self._limits.images:
            raise LimitError(f"this project is full, expected at most {self._limits.images:g} pictures")

    def require_categories(self, store: Store, names: Collection[str]) -> None:
        """Raise LimitError where the project may not have these categories beside its own."""
        known = {category.name for category in store.categories()}
        if len(known.union(names)) > self._limits.categories:
            raise LimitError(f"this project is full, expected at most {self._limits.categories:g} categories")

    def for_new_project(self, address: str) -> int:
        """Bytes that one more project from this address may have."""
        rooms = (
            self._limits.project_mb * 1e6,
            self._limits.address_mb * 1e6 - self._sum(self._makers.made_from(address)),
            self._limits.total_mb * 1e6 - self._total(),
        )
        return max(0, int(min(rooms)))

    def add(self, key: str, more: int) -> None:
        """Count bytes that were written; the sweeper measures now and then."""
        with self._lock:
            if key in self._bytes:
                self._bytes[key] += more

    def is_measured(self, key: str) -> bool:
        with self._lock:
            return key in self._bytes

    def measure(self, key: str, folder: Path, *, again: bool = False) -> int:
        """Bytes of the project in this folder, looked up on the disk once, or again."""
        with self._lock:
            known = self._bytes.get(key)
        if known is None or again:
            known = _bytes_below(folder)
            with self._lock:
                self._bytes[key] = known
        return known

    def forget(self, key: str) -> None:
        """The project was removed."""
        with self._lock:
            self._bytes.pop(key, None)

    def _sum(self, keys: Iterable[str]) -> int:
        with self._lock:
            return sum(self._bytes.get(key, 0) for key in keys)

    def _total(self) -> int:
        with self._lock:
            return sum(self._bytes.values())


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.stat(os.path.join(parent, name)).st_size
    return total
