"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part. Makes the folder if needed.

    Raises OSError that names the file, not the one that it is written as.
    """
    with _named(path):
        require_plain(path)
        with replacing(path) as part:
            part.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to in the block. When the block ends, that file replaces this one, whole and on the disk; when it
    raises, that file is removed and nothing has changed. Makes the folder if needed. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        yield part
        with open(part, "rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """A file to be read. Raises OSError of a pipe or a device, which would be read for ever, and of a file with holes:
    those are read as bytes that nobody wrote.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        if found.st_size and hasattr(os, "SEEK_HOLE"):
            if os.lseek(descriptor, 0, os.SEEK_HOLE) < found.st_size:
                raise OSError(errno.EINVAL, "it has holes, like a file that was not written to its end", str(path))
            os.lseek(descriptor, 0, os.SEEK_SET)
        yield stream


def read_plain(path: Path) -> bytes:
    """A file's bytes. Raises OSError as `open_plain` does."""
    with open_plain(path) as stream:
        return stream.read()


def require_plain(path: Path) -> None:
    """Raise OSError where something that is no plain file has this name: a folder, a pipe, a device."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no plain file, and is not replaced", str(path))


def require_writable(path: Path) -> None:
    """Raise OSError unless a file can be written here: asked before hours of work whose result it takes. Makes the
    folder when absent.

    Raises OSError that names the file.
    """
    with _named(path):
        require_plain(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(descriptor)
        Path(name).unlink()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def is_file(path: Path) -> bool:
    """Whether a file is there, also for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut, where the system can."""
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_of(path: Path, algorithm: str) -> str:
    """A file's hash, `sha384` or `sha256`, in lower-case hexadecimal digits. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()
