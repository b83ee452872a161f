"""The bytes of a project's images, each file named by its own SHA-256. No name from outside is ever a path."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from annotator.core.errors import StoreError
from annotator.system.files import sync_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEW = ".new-"
_MANY = 20
_ABANDONED_AFTER = 24 * 3600.0  # seconds; a file this old belongs to a program that was killed


def path_of(folder: Path, sha256: str) -> Path:
    """Where the content lies, present or not. Raises StoreError unless `sha256` is one."""
    if not isinstance(sha256, str) or _SHA256.fullmatch(sha256) is None:
        raise StoreError(f"content {sha256!r:.80}: expected a SHA-256 of 64 lower-case hexadecimal digits")
    return folder / sha256[:2] / sha256


def put(folder: Path, content: bytes) -> str:
    """Write the content unless it is there, so that it survives a power cut; its SHA-256."""
    with Batch(folder) as batch:
        return batch.add(content)


class Batch:
    """Contents that are written together: at the end of the block they are on the disk under their names. If the block
    raises, none of them is kept.

    The file system is synced once and not for each file: thousands of pictures take seconds instead of a minute. What
    is half-written lies in the folder itself, where `sweep` finds it without looking through every picture.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[Path, Path] = {}

    def __enter__(self) -> Batch:
        return self

    def add(self, content: bytes) -> str:
        """The content's SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = path_of(self._folder, sha256)
        try:
            if path not in self._waiting and not (path.is_file() and path.stat().st_size == len(content)):
                new = self._folder / f"{_NEW}{secrets.token_hex(8)}"
                self._waiting[path] = new
                new.write_bytes(content)
        except OSError as error:
            raise StoreError(f"{path}: the picture cannot be written: {error.strerror or error}") from error
        return sha256

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except OSError as failure:
            raise StoreError(
                f"{self._folder}: the picture cannot be written: {failure.strerror or failure}"
            ) from failure
        finally:
            for new in self._waiting.values():
                new.unlink(missing_ok=True)

    def _finish(self) -> None:
        sync_files(self._waiting.values())
        for path, new in self._waiting.items():
            path.parent.mkdir(exist_ok=True)
            os.replace(new, path)
        for parent in {path.parent for path in self._waiting}:
            sync_folder(parent)


def sync_files(paths: Collection[Path]) -> None:
    """Make files that were written survive a power cut: many of them at once, each alone takes milliseconds."""
    if sys.platform == "linux" and len(paths) > _MANY:
        os.sync()  # waits until everything is written, which other systems do not promise
        return
    for path in paths:
        with open(path, "rb+") as file:
            os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove what killed programs left half-written long ago."""
    for path in folder.glob(f"{_NEW}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                path.unlink()
