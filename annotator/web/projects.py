"""The projects a server holds, each behind a key that cannot be guessed."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from annotator.core.errors import StoreError
from annotator.storage import archive
from annotator.storage.store import Store
from annotator.system.files import write_atomically
from annotator.web.sharing import visitor
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.login import Login, SignInError, User
from annotator.web.sharing.makers import Makers

_KEY = re.compile(r"[A-Za-z0-9_-]{32}")

IDLE_S = 300.0
"""A visitor's project that nobody used for so long is closed; it opens again in some milliseconds."""

TOUCH_S = 600.0
"""How often the use of a project is noted on its database, whose time says when somebody was last there."""

PRESSED_S = 1200.0
"""How long a project without a picture may lie unused on a server that has no room left; above TOUCH_S."""

_GONE = ".removed-"

OWNER = archive.OWNER
"""The project's setting that says whose it is, where visitors sign in: Hugging Face's id of that person."""

_OWNERS = "owners.json"
"""Beside the projects: by owner the key that they find when they come from another browser."""


class OccupiedError(StoreError):
    """A project that something else would have to make room for."""


class UnknownProjectError(StoreError):
    """A key that opens nothing."""

    def __init__(self) -> None:
        super().__init__("no such project: its key opens nothing here")


@dataclass
class _Opened:
    """A visitor's project that is open or about to be: how many use it, and when it was last used."""

    users: int = 0
    used: float = field(default_factory=time.monotonic)
    touched: float = float("-inf")
    store: Store | None = None
    owner: str | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)


class Projects:
    """One project of the person at this computer, or one for each visitor below `visitors`."""

    def __init__(
        self,
        *,
        local: Path | None = None,
        visitors: Path | None = None,
        limits: Limits | None = None,
        login: Login | None = None,
    ) -> None:
        """login: visitors must sign in, and a project is its owner's alone."""
        if (local is None) == (visitors is None):
            raise ValueError("expected either a local project or a folder for visitors' projects")
        self.limits = limits or Limits.from_environment()
        self.opened: Callable[[str], object] = lambda key: None
        """Called with the key of each visitor's project that was opened."""
        self._local = Store.open(local) if local is not None else None
        self._visitors = visitors
        self.login = login
        self._open: OrderedDict[str, _Opened] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._lock = threading.Lock()
        self._creating = threading.Lock()
        self._makers = Makers(self.limits)
        self._local_users = 0
        self._local_free = threading.Condition()
        self._replacing = False

    @property
    def shared(self) -> bool:
        """Whether visitors get projects of their own."""
        return self._visitors is not None

    @property
    def local_key(self) -> str | None:
        """The key of the one project here, None where visitors have theirs."""
        return self._local.key if self._local is not None else None

    def welcome(self, key: str | None, *, address: str = "") -> str:
        """The key of the page that opens: the local project's, the visitor's own again, or a new one.

        address: where a visitor asks from. Raises LimitError when a new one is too many.
        """
        if self._local is not None:
            return self._local.key
        if self.login is not None:
            return self._welcome_owner(key, address=address)
        if key:
            with suppress(UnknownProjectError):
                self.get(key)
                return key
        return self.create(address=address)

    def user(self) -> User | None:
        """Who signed in for the work at hand; None where nobody did, or nobody need."""
        asking = visitor.current()
        return None if self.login is None or asking is None else self.login.user(asking)

    def _welcome_owner(self, key: str | None, *, address: str) -> str:
        """The key's project if it is this user's or nobody's yet, else the one they had, else a new one."""
        user = self.user()
        if user is None:
            raise SignInError
        for known in (key, self._owners().get(user.id)):
            if known and _KEY.fullmatch(known):
                with suppress(UnknownProjectError), self._in_use(known) as store:
                    if self._owner(known, store) in (None, user.id):
                        self._give(known, store, user)
                        return known
        made = self.create(address=address)
        with self._in_use(made) as store:
            self._give(made, store, user)
        return made

    def _give(self, key: str, store: Store, user: User) -> None:
        if self._owner(key, store) != user.id:
            store.set_setting(OWNER, user.id)
            with self._lock:
                self._open[key].owner = user.id
        owners = self._owners()
        if owners.get(user.id) != key:
            assert self._visitors is not None  # noqa: S101, only asked where there are visitors
            kept = {owner: found for owner, found in owners.items() if self._folder(found).is_dir()}
            write_atomically(self._visitors / _OWNERS, json.dumps(kept | {user.id: key}).encode())

    def _owners(self) -> dict[str, str]:
        assert self._visitors is not None  # noqa: S101, only asked where there are visitors
        try:
            return dict(json.loads((self._visitors / _OWNERS).read_bytes()))
        except (OSError, ValueError):
            return {}

    def _owner(self, key: str, store: Store) -> str | None:
        with self._lock:
            entry = self._open.get(key)
        if entry is None or entry.owner is None:
            found = store.setting(OWNER)
            owner = None if found is None else str(found)
            if entry is not None:
                entry.owner = owner
            return owner
        return entry.owner

    def _require_owner(self, key: str, store: Store) -> None:
        """Where visitors sign in: raise SignInError where nobody did, UnknownProjectError for another's project.

        The server's own work, a batch say, is done for nobody and may.
        """
        if self.login is None or visitor.current() is None:
            return
        user = self.user()
        if user is None:
            raise SignInError
        if self._owner(key, store) != user.id:
            raise UnknownProjectError

    def get(self, key: str) -> Store:
        """The project behind a key, for a moment; for work use `use`. Raises UnknownProjectError."""
        with self.use(key) as store:
            return store

    @contextmanager
    def use(self, key: str) -> Iterator[Store]:
        """The project behind a key, neither closed nor removed while the block lasts.

        Raises UnknownProjectError, and SignInError where nobody signed in who must.
        """
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise UnknownProjectError
        if self._local is not None:
            with self._local_in_use(key) as store:
                yield store
            return
        with self._in_use(key) as store:
            self._require_owner(key, store)
            yield store

    @contextmanager
    def _local_in_use(self, key: str) -> Iterator[Store]:
        with self._local_free:
            self._local_free.wait_for(lambda: not self._replacing)
            store = self._local
            if store is None or not secrets.compare_digest(key, store.key):
                raise UnknownProjectError
            self._local_users += 1
        try:
            yield store
        finally:
            with self._local_free:
                self._local_users -= 1
                self._local_free.notify_all()

    @contextmanager
    def _in_use(self, key: str, *, new: bool = False) -> Iterator[Store]:
        with self._lock:
            entry = self._open.get(key)
            if entry is None:
                if not new and not (self._folder(key) / "project.db").is_file():
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
            self._close_unused()

    def create(self, *, address: str = "") -> str:
        """A new visitor's project; its key. Raises LimitError when there is no room, or one address takes it all."""
        assert self._visitors is not None  # noqa: S101, only asked where there are visitors
        with self._creating:
            self._visitors.mkdir(parents=True, exist_ok=True)
            self._makers.require_modest(address, set(self._keys()))
            if len(self._keys()) >= self.limits.projects:
                self.sweep(pressed=True)
            if len(self._keys()) >= self.limits.projects:
                raise LimitError(
                    f"this server holds {self.limits.projects:g} projects and takes no more at present: try again later"
                )
            key = secrets.token_urlsafe(24)
            with self._in_use(key, new=True):  # so that no sweeper meets it half made
                self._makers.note(key, address, set(self._keys()))
                return key

    def require_room_for_project(self, key: str) -> None:
        """Before somebody's archive is read: a visitor may have one more project, the local one must be empty.

        Raises UnknownProjectError, LimitError or OccupiedError.
        """
        with self.use(key) as store:
            if not self.shared:
                _require_empty(store)
                return
        there = set(self._keys())
        self._makers.require_modest(_asking_address(), there)
        if len(there) >= self.limits.projects:
            raise LimitError(f"this server holds {self.limits.projects:g} projects and takes no more at present")

    def adopt(self, packed: IO[bytes]) -> str:
        """Open the archive of a project; its new key.

        A visitor gets a project of its own for it and keeps the other one. The local project is what the server was
        started with: it becomes the archive's if it is empty, and is left alone otherwise.
        Raises StoreError as `unpack_project` does, and OccupiedError.
        """
        if self._local is not None:
            return self._replace_local(packed)
        key = secrets.token_urlsafe(24)
        address = _asking_address()
        rooms = (
            self.limits.project_mb * 1e6,
            self.limits.address_mb * 1e6 - self._bytes_of(self._makers.made_from(address)),
            self.limits.total_mb * 1e6 - self._total(),
        )
        room = int(min(*rooms, archive.MAX_BYTES))
        archive.unpack_project(packed, self._folder(key), max_bytes=max(room, 0), max_images=self.limits.images)
        with self._creating:
            self._makers.note(key, address, set(self._keys()))
        with self._in_use(key) as store:
            self._size(key, store)
            user = self.user()
            if user is not None:
                self._give(key, store, user)
        return key

    def _replace_local(self, packed: IO[bytes]) -> str:
        local = self._local
        assert local is not None  # noqa: S101, only asked where it is
        folder = local.folder
        new = folder.with_name(f".opened-{secrets.token_hex(8)}")
        try:
            archive.unpack_project(packed, new)
            with self._local_free:
                self._replacing = True  # whoever comes now waits, whoever is here ends first
                try:
                    if not self._local_free.wait_for(lambda: not self._local_users, timeout=30):
                        raise OccupiedError("the project is in use: try again in a moment")
                    _require_empty(local)
                    local.close()
                    for picture in (new / "images").glob("??/*"):
                        target = folder / picture.relative_to(new)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        os.replace(picture, target)
                    # Up to here the project is the empty one, from here on it is the archive's.
                    os.replace(new / "project.db", folder / "project.db")
                    self._local = Store.open(folder)
                    return self._local.key
                finally:
                    self._replacing = False
                    self._local_free.notify_all()
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def require_room(self, key: str, store: Store, more: int) -> None:
        """Raise LimitError unless a visitor's project may grow by so many bytes. Nothing is asked of the local one."""
        if not self.shared:
            return
        mine = self._size(key, store)
        beside = self._bytes_of(self._makers.made_beside(key))
        for found, limit, what in (
            (mine, self.limits.project_mb, "this project"),
            (mine + beside, self.limits.address_mb, "all that was made from here"),
            (self._total(), self.limits.total_mb, "this server"),
        ):
            if found + more > limit * 1e6:
                raise LimitError(f"{what} is full: {(found + more) / 1e6:.0f} MB, expected at most {limit:g} MB")

    def require_room_for_image(self, store: Store) -> None:
        """Raise LimitError where a visitor's project holds as many pictures as it may."""
        if self.shared and store.image_count() >= self.limits.images:
            raise LimitError(f"this project is full, expected at most {self.limits.images:g} pictures")

    def require_room_for_categories(self, store: Store, names: Collection[str]) -> None:
        """Raise LimitError where a visitor's project may not have these categories beside its own."""
        known = {category.name for category in store.categories()}
        if self.shared and len(known.union(names)) > self.limits.categories:
            raise LimitError(f"this project is full, expected at most {self.limits.categories:g} categories")

    def grew(self, key: str, more: int) -> None:
        """Count bytes that were written; the sweeper measures now and then."""
        with self._lock:
            if key in self._bytes:
                self._bytes[key] += more

    def export_folder(self, key: str, exports: Path) -> Path:
        """Where this project's exports go: below `exports`, a visitor's with the project, so that they go with it."""
        store = self.get(key)
        return exports / store.folder.name if self._local is not None else store.folder / "exports"

    def plain(self, line: str) -> str:
        """A line for a person: visitors are not told where things lie on the server."""
        if self._visitors is None:
            return line
        inside = re.sub(rf"{re.escape(str(self._visitors.absolute()))}(/[^\s:'\"]*)?", "the project", line)
        return re.sub(r"(?<![\w.:/])/(?:[\w.@+-]+/)+[\w.@+-]*", "(a file of the server)", inside)

    def close(self) -> None:
        """Close every open project."""
        with self._lock:
            entries = [entry.store for entry in self._open.values()]
            self._open.clear()
        for store in (*entries, self._local):
            if store is not None:
                store.close()

    # --- the sweeper's work -----------------------------------------------------------------------------------------

    def sweep(self, *, pressed: bool = False) -> int:
        """Close what is idle, remove what is past its age, measure what is left; how many projects were removed.

        pressed: there is no room, so that a project without a picture makes room as soon as nobody is there.
        Gradio's own sweeper is not used: it removes files in use.
        """
        if self._visitors is None or not self._visitors.is_dir():
            return 0
        self._close_unused(idle=IDLE_S)
        removed = sum(self._remove_old(key, pressed=pressed) for key in self._keys())
        for left in self._visitors.glob(f"{_GONE}*"):  # also what a killed server left behind
            shutil.rmtree(left, ignore_errors=True)
        for left in self._visitors.glob(".new-*"):  # an archive that was being unpacked
            if time.time() - _last_used(left) > 3600:
                shutil.rmtree(left, ignore_errors=True)
        for key in self._keys():
            with self._lock:
                known = key in self._bytes and key not in self._open
            if not known:
                size = _bytes_below(self._folder(key))
                with self._lock:
                    self._bytes[key] = size
        return removed

    def _remove_old(self, key: str, *, pressed: bool) -> bool:
        folder = self._folder(key)
        rest = self._may_rest(folder, pressed=pressed)
        if time.time() - _last_used(folder) < rest:
            return False
        gone = folder.with_name(f"{_GONE}{secrets.token_hex(8)}")
        with self._lock:
            entry = self._open.get(key)
            if entry is not None and (entry.users or time.monotonic() - entry.used < rest):
                return False
            self._open.pop(key, None)
            self._bytes.pop(key, None)
            try:
                os.replace(folder, gone)  # from here on the key opens nothing
            except OSError:
                return False
        if entry is not None and entry.store is not None:
            entry.store.close()
        shutil.rmtree(gone, ignore_errors=True)
        return True

    def _may_rest(self, folder: Path, *, pressed: bool) -> float:
        """Seconds that a project may lie unused."""
        if any((folder / "images").glob("??/*")):
            return 3600 * self.limits.age_hours
        return min(PRESSED_S, 3600 * self.limits.empty_hours) if pressed else 3600 * self.limits.empty_hours

    def _close_unused(self, *, idle: float | None = None) -> None:
        """Close the least recently used beyond the limit, or all that rested for `idle` seconds."""
        closed = []
        with self._lock:
            over = len(self._open) - self.limits.open_projects
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

    # --- inside -----------------------------------------------------------------------------------------------------

    def _folder(self, key: str) -> Path:
        assert self._visitors is not None  # noqa: S101, only asked where there are visitors
        return self._visitors / key

    def _keys(self) -> list[str]:
        assert self._visitors is not None  # noqa: S101, only asked where there are visitors
        return [entry.name for entry in os.scandir(self._visitors) if _KEY.fullmatch(entry.name)]

    def _store_of(self, key: str, entry: _Opened) -> Store:
        fresh = False
        with entry.opening:
            if entry.store is None:
                try:
                    entry.store = Store.open(self._folder(key))
                except BaseException:
                    with self._lock:
                        if self._open.get(key) is entry:
                            del self._open[key]
                    raise
                fresh = True
            if time.monotonic() - entry.touched > TOUCH_S:
                entry.touched = time.monotonic()
                with suppress(OSError):
                    (self._folder(key) / "project.db").touch()
        if fresh:
            with visitor.acting_for(None):
                self.opened(key)
        return entry.store

    def _size(self, key: str, store: Store) -> int:
        with self._lock:
            known = self._bytes.get(key)
        if known is None:
            known = _bytes_below(store.folder)
            with self._lock:
                self._bytes[key] = known
        return known

    def _bytes_of(self, keys: Iterable[str]) -> int:
        with self._lock:
            return sum(self._bytes.get(key, 0) for key in keys)

    def _total(self) -> int:
        with self._lock:
            return sum(self._bytes.values())


def _asking_address() -> str:
    """Where the request at hand comes from."""
    asking = visitor.current()
    return "" if asking is None else asking.address


def _require_empty(store: Store) -> None:
    count = len(store.queue()) + len(store.bin())
    if count:
        raise OccupiedError(
            f"this project holds {count} pictures and stays as it is: start an empty one with "
            "`annotator serve --project FOLDER` and open the file there"
        )


def _last_used(folder: Path) -> float:
    """When somebody was last there; now, where that cannot be said, so that nothing is removed by mistake."""
    for name in ("project.db", "."):
        with suppress(OSError):
            return (folder / name).stat().st_mtime
    return time.time()


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.stat(os.path.join(parent, name)).st_size
    return total
