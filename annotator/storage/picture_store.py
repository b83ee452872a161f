"""Where the bytes of a project's pictures lie: in its folder, in another one, or in any store that fsspec knows.

Tests: tests/storage/test_picture_store.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from annotator.core.errors import StoreError
from annotator.core.settings import PICTURES
from annotator.storage import contents, schema
from annotator.storage.database import Database
from annotator.storage.settings import read_setting, write_setting
from annotator.system.patience import patiently

Value = TypeVar("Value")
Item = TypeVar("Item")

CACHE_BYTES = 4 * 2**30
"""Of a store's pictures that a machine keeps beside it; the least recently fetched go first."""

_LOOK_EVERY = 64
_NONE = "0" * 64
_AT_ONCE = 8
_PAUSES_S = (0.2, 1.0, 3.0)
"""A store that does not answer is asked again after these."""

_OPTIONS: dict[str, dict[str, Any]] = {
    # By itself it waits for a minute, five times.
    "s3": {"config_kwargs": {"connect_timeout": 10, "read_timeout": 30, "retries": {"max_attempts": 0}}},
}
"""By the kind of a store, what its library is told."""


class Batch(Protocol):
    """Pictures that are kept together, when the block ends; none of them where it raises."""

    def add(self, content: bytes) -> str:
        """The content's SHA-256."""


class PictureStore(Protocol):
    """Contents by their SHA-256. Every failure is a StoreError of one line."""

    def put(self, content: bytes) -> str:
        """Keep the content, which survives a power cut then; its SHA-256."""

    def batch(self) -> AbstractContextManager[Batch]:
        """Many at once."""

    def size(self, sha256: str) -> int | None:
        """Bytes; None where it is not there."""

    def missing(self, hashes: Collection[str]) -> set[str]:
        """Those of which the content is not there."""

    def path(self, sha256: str) -> Path:
        """A file of this machine with the content, there or not."""

    def remove(self, hashes: Collection[str]) -> None:
        """Also what is not there."""

    def sweep(self) -> None:
        """Remove what killed programs left half-written long ago."""


class LocalPictures:
    """In a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        return contents.put(self._folder, content)

    def batch(self) -> AbstractContextManager[Batch]:
        return contents.Batch(self._folder)

    def size(self, sha256: str) -> int | None:
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.path(sha256)}: cannot be read: {error.strerror or error}") from error

    def missing(self, hashes: Collection[str]) -> set[str]:
        return {sha256 for sha256 in hashes if not self.path(sha256).is_file()}

    def path(self, sha256: str) -> Path:
        return contents.path_of(self._folder, sha256)

    def remove(self, hashes: Collection[str]) -> None:
        for sha256 in hashes:
            try:
                self.path(sha256).unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"picture {sha256}: cannot be deleted: {error.strerror or error}") from error

    def sweep(self) -> None:
        contents.sweep(self._folder)


class RemotePictures:
    """In a store; what was fetched stays in a folder of this machine, up to CACHE_BYTES."""

    def __init__(self, address: str, cache: Path, *, keeps: float | None = None) -> None:
        """keeps: bytes of the folder, CACHE_BYTES where None.

        Raises StoreError for a store that fsspec does not know, or whose library is not installed."""
        self._place = address
        self._cache = cache
        self._keeps = keeps
        self._came = 0
        try:
            self._files, self._root = reach(address)
        except ImportError as error:
            missing = f"{error}" if "fsspec" not in str(error.name) else "pip install 'photo-annotator[postgres]'"
            raise StoreError(f"{address}: the library of such a store is not installed ({missing})") from error
        except ValueError as error:
            raise StoreError(f"{address}: no such kind of store is known ({error})") from error

    def put(self, content: bytes) -> str:
        with self.batch() as batch:
            return batch.add(content)

    def batch(self) -> AbstractContextManager[Batch]:
        return _Upload(self, self._cache)

    def size(self, sha256: str) -> int | None:
        def ask() -> int | None:
            try:
                return int(self._files.info(self._name(sha256))["size"])
            except FileNotFoundError:
                return None

        return self._patiently(ask)

    def missing(self, hashes: Collection[str]) -> set[str]:
        asked = list(hashes)
        return {sha256 for sha256, size in zip(asked, self._all(self.size, asked), strict=True) if size is None}

    def path(self, sha256: str) -> Path:
        """Fetched where it is not here yet, and compared with its hash."""
        path = contents.path_of(self._cache, sha256)
        if not path.is_file():
            content = self._patiently(lambda: self._fetch(sha256))
            if content is not None:
                if contents.put(self._cache, content) != sha256:
                    raise StoreError(f"{self._place}: {sha256} is damaged; restore it from a backup")
                self._make_room(1)
        else:
            with suppress(OSError):
                os.utime(path)
        return path

    def remove(self, hashes: Collection[str]) -> None:
        def delete(sha256: str) -> None:
            with suppress(FileNotFoundError):
                self._files.rm_file(self._name(sha256))

        self._all(lambda sha256: self._patiently(lambda: delete(sha256)), hashes)
        for sha256 in hashes:
            with suppress(OSError):
                contents.path_of(self._cache, sha256).unlink(missing_ok=True)

    def sweep(self) -> None:
        contents.sweep(self._cache)

    def upload(self, paths: Collection[Path]) -> None:
        """Keep these files, each of which is named by its SHA-256; what is there already is passed over."""
        self._all(self._send, paths)
        self._make_room(len(paths))

    def _all(self, work: Callable[[Item], Value], items: Collection[Item]) -> list[Value]:
        """Several at once: a store is far away."""
        if len(items) <= 1:
            return [work(one) for one in items]
        with ThreadPoolExecutor(_AT_ONCE, "pictures") as workers:
            return list(workers.map(work, items))

    def _send(self, path: Path) -> None:
        content = path.read_bytes()
        if self.size(path.name) != len(content):
            self._patiently(lambda: self._files.pipe_file(self._name(path.name), content))

    def _fetch(self, sha256: str) -> bytes | None:
        try:
            return bytes(self._files.cat_file(self._name(sha256)))
        except FileNotFoundError:
            return None

    def _name(self, sha256: str) -> str:
        path = contents.path_of(Path(), sha256)
        return f"{self._root.rstrip('/')}/{path.as_posix()}"

    def _patiently(self, work: Callable[[], Value]) -> Value:
        try:
            return patiently(work, _PAUSES_S)
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise StoreError(f"{self._place}: the store of the pictures does not answer ({reason})") from error

    def _make_room(self, came: int) -> None:
        self._came += came
        if self._came < _LOOK_EVERY:
            return
        self._came = 0
        found: list[tuple[float, int, Path]] = []
        for path in self._cache.glob("??/*"):
            with suppress(OSError):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        over = sum(size for _, size, _ in found) - (CACHE_BYTES if self._keeps is None else self._keeps)
        for _, size, path in sorted(found):
            if over <= 0:
                return
            path.unlink(missing_ok=True)
            over -= size


class _Upload(contents.Batch):
    """Written to this machine first, and sent all together when the block ends."""

    def __init__(self, store: RemotePictures, cache: Path) -> None:
        super().__init__(cache)
        self._store = store
        self._added: set[str] = set()

    def add(self, content: bytes) -> str:
        sha256 = super().add(content)
        self._added.add(sha256)
        return sha256

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            self._store.upload([contents.path_of(self._folder, sha256) for sha256 in self._added])


def reach(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it. It neither asks again by itself nor waits for long.

    Raises as fsspec does: ImportError where it or the store's library is not there, ValueError for no such store.
    """
    from fsspec.core import url_to_fs  # not there where nobody asks for it

    files, root = url_to_fs(address, use_listings_cache=False, **_OPTIONS.get(urlsplit(address).scheme, {}))
    if hasattr(files, "retries"):
        files.retries = 1  # s3fs asks again as well, and that would multiply
    return files, root


def checked_address(address: str) -> str:
    """The address of a store as a project keeps it. Raises StoreError."""
    parts = urlsplit(address)
    if not parts.scheme:
        raise StoreError(f"{address}: expected the address of a store, such as s3://BUCKET/FOLDER or file:///FOLDER")
    if parts.password or "@" in parts.netloc:
        raise StoreError(f"{parts.scheme}://: a key stands in the address, expected it in the environment")
    return address.rstrip("/") or address


def settle_pictures(folder: Path, database: Database, wanted: str | None) -> PictureStore:
    """Where the pictures of a project lie, which is settled before the first one comes in.

    folder: of the project. wanted: the address of a store, None for what is settled. Raises StoreError where something
    else is wanted, or where that store does not answer.
    """
    with database.read() as connection:
        settled = read_setting(connection, PICTURES)
        is_empty = connection.execute(select(schema.images.c.id).limit(1)).first() is None
    if wanted is None or checked_address(wanted) == settled:
        return store_at(folder, settled)
    if settled is not None or not is_empty:
        place = settled or "the project's folder"
        raise StoreError(f"{wanted}: the pictures of this project lie in {place}, and cannot be elsewhere")
    found = store_at(folder, checked_address(wanted))
    found.missing([_NONE])
    with database.write() as connection:
        write_setting(connection, PICTURES, checked_address(wanted))
    return found


def store_at(folder: Path, address: str | None, *, keeps: float | None = None) -> PictureStore:
    """address: None for a folder in the project's. keeps: bytes of a store's pictures here, CACHE_BYTES where None."""
    if address is None:
        return LocalPictures(folder / "images")
    if address.startswith("file://"):
        shared = Path(unquote(urlsplit(address).path))
        try:
            shared.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{shared}: the folder of the pictures cannot be made: {error.strerror}") from error
        return LocalPictures(shared)
    return RemotePictures(address, folder / "images", keeps=keeps)
