"""The bytes of a project's images, each file named by its own SHA-256. No name from outside is ever a path."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from annotator.core.errors import StoreError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEW = ".new-"
_ABANDONED_AFTER = 24 * 3600.0  # seconds; a file this old belongs to a program that was killed


def path_of(folder: Path, sha256: str) -> Path:
    """Where the content lies, present or not. Raises StoreError unless `sha256` is one."""
    if not isinstance(sha256, str) or _SHA256.fullmatch(sha256) is None:
        raise StoreError(f"content {sha256!r:.80}: expected a SHA-256 of 64 lower-case hexadecimal digits")
    return folder / sha256[:2] / sha256


def put(folder: Path, content: bytes) -> str:
    """Write the content unless it is there, so that it survives a power cut; its SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(folder, sha256)
    try:
        if path.is_file() and path.stat().st_size == len(content):
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        new = folder / f"{_NEW}{secrets.token_hex(8)}"
        try:
            with open(new, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: the picture cannot be written: {error.strerror or error}") from error
    return sha256


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut, where the system can."""
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what killed programs left half-written long ago."""
    for path in folder.glob(f"{_NEW}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                path.unlink()
