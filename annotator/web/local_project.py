"""The one project of the person at this computer."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from annotator.core.errors import StoreError
from annotator.storage import archive
from annotator.storage.store import Store
from annotator.system.files import sync_folder
from annotator.vision.pictures.decode import MAX_FILE_BYTES
from annotator.web.keys import UnknownProjectError
from annotator.web.unpacking import unpack

PATIENCE_S = 30.0
"""How long an archive waits for whoever is at work on the project that it replaces."""


class OccupiedError(StoreError):
    """A project that something else would have to make room for."""


class LocalProject:
    """Stays open; it can be replaced, while it is empty, by the project of an archive."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreError as `Store.open` does."""
        self._store = Store.open(folder)
        archive.remove_abandoned(self._store.folder.parent)
        self._users = 0
        self._free = threading.Condition()
        self._replacing = False

    @property
    def key(self) -> str:
        return self._store.key

    @contextmanager
    def use(self, key: str) -> Iterator[Store]:
        """The project, not replaced while the block lasts. Raises UnknownProjectError for another key."""
        with self._free:
            self._free.wait_for(lambda: not self._replacing)
            store = self._store
            if not secrets.compare_digest(key, store.key):
                raise UnknownProjectError
            self._users += 1
        try:
            yield store
        finally:
            with self._free:
                self._users -= 1
                self._free.notify_all()

    def replace(self, packed: IO[bytes]) -> str:
        """Become the project of an archive; the new key. A project with pictures is left alone.

        Raises StoreError as `unpack_project` does, and OccupiedError.
        """
        folder = self._store.folder
        new = archive.beside(folder)
        try:
            unpack(packed, new, archive.Limits(picture_bytes=MAX_FILE_BYTES))
            with self._free:
                self._replacing = True  # whoever comes now waits, whoever is here ends first
                try:
                    if not self._free.wait_for(lambda: not self._users, timeout=PATIENCE_S):
                        raise OccupiedError("the project is in use: try again in a moment")
                    self._take_over(new)
                    return self._store.key
                finally:
                    self._replacing = False
                    self._free.notify_all()
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _take_over(self, new: Path) -> None:
        """Move the pictures and the database of another folder into this one."""
        require_empty(self._store)
        folder = self._store.folder
        self._store.close()
        try:
            for picture in (new / "images").glob("??/*"):
                target = folder / picture.relative_to(new)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(picture, target)
            # Up to here the project is the empty one, from here on it is the archive's.
            os.replace(new / "project.db", folder / "project.db")
            sync_folder(folder)
        except OSError as error:
            raise StoreError(f"{folder}: the archive cannot take its place: {error.strerror or error}") from error
        finally:
            self._store = Store.open(folder)

    def close(self) -> None:
        self._store.close()


def require_empty(store: Store) -> None:
    """Raise OccupiedError for a project with pictures, also where they are all in the bin."""
    count = len(store.queue()) + len(store.bin())
    if count:
        raise OccupiedError(
            f"this project holds {count} pictures and stays as it is: start an empty one with "
            "`annotator serve --project FOLDER` and open the file there"
        )
