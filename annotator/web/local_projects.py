"""The projects of the person at this computer: those in their own folder, and the one that the server was given."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from annotator.core.errors import StoreError
from annotator.core.project import Summary, checked_name, free_name, project_id
from annotator.core.settings import BINNED, KEY, NAME
from annotator.storage import archive
from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.storage.duplicate import duplicate
from annotator.storage.locations import database_file, is_project, read_location
from annotator.storage.project_folders import Found, folders_in, look, new_folder
from annotator.storage.store import Store
from annotator.system.files import sync_folder, write_atomically
from annotator.system.progress import Progress
from annotator.vision.pictures.decode import MAX_FILE_BYTES
from annotator.web.keys import UnknownProjectError, make_key
from annotator.web.open_projects import GONE, OpenProjects
from annotator.web.sweeper import IDLE_S
from annotator.web.unpacking import Adopt, unpack, untold

MAX_OPEN = 16
"""Databases that stay open; one that is in use is never closed."""

BIN_DAYS = 30
"""For so long a project that nobody uses lies in the bin."""

SETTLED_S = 2.0
"""A database that nobody wrote to for so long can be told from a later state by its time and size."""

_LAST = ".last"
"""In the folder of the projects: which of them was opened last."""


class LocalProjects:
    """Safe to use from several threads, and beside other servers and the command line."""

    def __init__(self, given: Path | None, home: Path) -> None:
        """given: the project to begin with, made where it is not there; None: the one that was opened last.

        home: the folder of all others. Raises StoreError as `Store.open` does.
        """
        self._home = home.absolute()
        self._given = None if given is None else given.absolute()
        self._folders: dict[str, Path] = {}
        self._seen: dict[Path, tuple[tuple[int, int], Summary]] = {}
        self._lock = threading.RLock()
        self.open = OpenProjects(self._home, most=MAX_OPEN, place=self._folder_of)
        for parent in {self._home, *(() if self._given is None else (self._given.parent,))}:
            archive.remove_abandoned(parent)
        self.current = self._begin()

    # --- what there is ----------------------------------------------------------------------------------------------

    def look(self) -> list[Found]:
        """Every project, those that cannot be read too, with a key of its own each."""
        given = [] if self._given is None or self._given.parent == self._home else [self._given]
        with self._lock:
            found = [self._look_at(folder) for folder in (*given, *folders_in(self._home)) if is_project(folder)]
            known = self._folders = {key: folder for key, folder in self._folders.items() if is_project(folder)}
            last = self._last()
            # A folder that was known keeps its key; one that was copied by hand gets another.
            keys = {one.folder: "" if one.summary is None else one.summary.key for one in found}
            found.sort(key=lambda one: (known.get(keys[one.folder]) != one.folder, one.folder.name != last))
            return [self._keyed(one) for one in found]

    def listed(self, keys: Collection[str] = ()) -> dict[str, Found]:
        """Every project by its key; what cannot be read stands under its folder."""
        return {str(one.folder) if one.summary is None else one.summary.key: one for one in self.look()}

    def names(self, keys: Collection[str] = ()) -> list[str]:
        """Of every project that is not in the bin."""
        return [one.name for one in self.look() if one.summary is None or one.summary.binned is None]

    def find(self, id: str, keys: Collection[str] = ()) -> str | None:
        """The key of the project that has this id, None where there is none."""
        return next((key for key, one in self.listed().items() if one.summary and project_id(key) == id), None)

    @contextmanager
    def use(self, key: str) -> Iterator[Store]:
        """The project behind a key, not removed while the block lasts. Raises UnknownProjectError."""
        self.folder_of(key)
        with self.open.use(key) as store:
            if not secrets.compare_digest(store.key, key):  # another program has changed what lies there
                raise UnknownProjectError
            yield store

    def name_of(self, key: str, store: Store) -> str:
        return str(store.setting(NAME) or store.folder.name)

    def folder_of(self, key: str) -> Path:
        """Where the project lies, which is not opened. Raises UnknownProjectError."""
        folder = self._known(key)
        if folder is None:
            raise UnknownProjectError
        return folder

    def is_kept(self, key: str) -> bool:
        """Whether the project lies among the person's own, where it can be deleted for good."""
        return self._folder_of(key).parent == self._home

    def welcome(self) -> str:
        """The key of the project that a page without an address opens."""
        with suppress(UnknownProjectError), self.use(self.current) as store:
            if store.setting(BINNED) is None:
                return self.current
        self.current = self._open_any()
        return self.current

    # --- what changes -----------------------------------------------------------------------------------------------

    def note_opened(self, key: str) -> None:
        """The next server, and a page without an address, begin with this project."""
        self.current = key
        folder = self._folder_of(key)
        if folder.parent == self._home:
            with suppress(OSError):
                write_atomically(self._home / _LAST, os.fsencode(folder.name))

    def create(self, name: str, keys: Collection[str] = ()) -> str:
        """A new project; its key. Raises ProjectNameError, StoreError."""
        with self._lock:
            name = checked_name(name, taken=self.names())
            folder = new_folder(name, self._home)
            try:
                with Store.open(folder) as store:
                    store.set_setting(NAME, name)
                return self._enter(folder)
            except StoreError:  # a full disk, say: nothing half-made is listed from then on
                shutil.rmtree(folder, ignore_errors=True)
                raise

    def duplicate(self, key: str, name: str, keys: Collection[str] = ()) -> str:
        """The key of a new project with this one's pictures and pre-labels. Raises ProjectNameError, StoreError."""
        with self.use(key) as store:
            name = checked_name(name, taken=self.names())
            folder = new_folder(name, self._home)
            duplicate(store, folder, name=name)
        return self._enter(folder)

    @contextmanager
    def expect_archive(self) -> Iterator[Adopt]:
        """Opens an archive as a new project; its key. What is yielded raises StoreError as `unpack_project` does."""
        yield self._adopt

    def remove(self, key: str) -> bool:
        """Delete a project of the person's own for good, unless it is in use; whether it is gone."""
        removed = self.is_kept(key) and self.open.remove(key, unused=0)
        if removed:
            with self._lock:
                self._folders.pop(key, None)
        return removed

    def sweep(self, *, pressed: bool = False) -> int:
        """Close what is idle; delete what lies in the bin, unused, for longer than BIN_DAYS; how many projects."""
        self.open.close_unused(idle=IDLE_S)
        for left in self._home.glob(f"{GONE}*"):  # what a killed server left behind
            shutil.rmtree(left, ignore_errors=True)
        before = time.time() - BIN_DAYS * 24 * 3600
        binned = [one.summary for one in self.look() if one.summary is not None and one.summary.binned is not None]
        old = [one.key for one in binned if max(seconds_of(one.binned), one.used) < before]
        return sum(self.remove(key) for key in old)

    def close(self) -> None:
        self.open.close()

    # --- within -----------------------------------------------------------------------------------------------------

    def _begin(self) -> str:
        """The key of the project to begin with, which is open then."""
        if self._given is not None:
            key = self._enter(self._given)
            with self.open.use(key) as store:
                if store.setting(BINNED) is not None:  # whoever names it wants it
                    store.set_setting(BINNED, None)
            return key
        return self._open_any()

    def _open_any(self) -> str:
        """The key of a project that can be opened and is not in the bin, made where there is none."""
        failed: StoreError | None = None
        for one in self._to_begin_with():
            try:
                key = self._enter(one.folder)
                with self.open.use(key):
                    return key
            except StoreError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        key = self._enter(new_folder("default", self._home))
        with self.open.use(key):
            return key

    def _to_begin_with(self) -> list[Found]:
        """Projects that are not in the bin: the last one that was opened, then the others, the latest used first."""
        last = self._last()
        there = [one for one in self.look() if one.summary is None or one.summary.binned is None]
        used = {one.folder: one.summary.used if one.summary is not None else 0.0 for one in there}
        away = {one.folder for one in there if one.summary is not None and one.summary.put_away}
        return sorted(there, key=lambda one: (one.folder.name != last, one.folder in away, -used[one.folder]))

    def _last(self) -> str:
        try:
            return os.fsdecode((self._home / _LAST).read_bytes())
        except OSError:
            return ""

    def _enter(self, folder: Path) -> str:
        """The key of the project in a folder, made where it is not there. Raises StoreError."""
        found = self._look_at(folder) if is_project(folder) else None
        key = "" if found is None or found.summary is None else found.summary.key
        if not key:
            with Store.open(folder) as store:
                key = store.key
        with self._lock:
            self._folders[key] = folder
        return key

    def _adopt(self, packed: IO[bytes], progress: Progress = untold) -> str:
        waiting = archive.beside(self._home / "arriving")
        try:
            unpack(packed, waiting, archive.Limits(picture_bytes=MAX_FILE_BYTES), progress)
            with self._lock:
                with Store.open(waiting) as store:
                    name = free_name(str(store.setting(NAME) or "project"), self.names())
                    store.set_setting(NAME, name)
                folder = new_folder(name, self._home)
                os.replace(waiting, folder)
                sync_folder(self._home)
                return self._enter(folder)
        except OSError as error:
            raise StoreError(f"the project cannot be unpacked: {error.strerror or error}") from error
        finally:
            shutil.rmtree(waiting, ignore_errors=True)

    def _known(self, key: str) -> Path | None:
        with self._lock:
            folder = self._folders.get(key)
        if folder is None or not is_project(folder):
            self.look()
            with self._lock:
                folder = self._folders.get(key)
        return folder

    def _folder_of(self, key: str) -> Path:
        with self._lock:
            return self._folders.get(key, self._home / ".none")

    def _look_at(self, folder: Path) -> Found:
        """As `look`, of a database that nobody changed since only once."""
        path = database_file(folder)
        if path.name != DATABASE_NAME:  # what changes on a server does not change the file that names it
            return look(folder)
        try:
            stat = path.stat()
        except OSError:
            return look(folder)
        stamp = (stat.st_mtime_ns, stat.st_size)
        seen = self._seen.get(folder)
        # A clock may stand still for some milliseconds in which more is written.
        if seen is not None and seen[0] == stamp and time.time() - stat.st_mtime > SETTLED_S:
            return Found(folder, seen[1])
        found = look(folder)
        if found.summary is not None:
            self._seen[folder] = (stamp, found.summary)
        return found

    def _keyed(self, found: Found) -> Found:
        """The project with a key that no other one has: two of one key would get each other's gestures."""
        if found.summary is None:
            return found
        others = self._folders.get(found.summary.key, found.folder)
        if not found.summary.key or others != found.folder:
            if is_project(others) and read_location(found.folder) == read_location(others) is not None:
                return Found(found.folder, None, f"{found.folder}: names the same database as {others}")
            try:
                with Store.open(found.folder, patience=1) as store:
                    store.set_setting(KEY, make_key())
            except StoreError as error:
                return Found(found.folder, None, str(error))
            found = look(found.folder)
        if found.summary is not None:
            self._folders[found.summary.key] = found.folder
        return found


def seconds_of(at: str | None) -> float:
    """Seconds since 1970 of a time as settings keep it; now where it is none, so that nothing goes too early."""
    try:
        return datetime.fromisoformat(at or "").timestamp()
    except ValueError:
        return time.time()
