"""Projects of a server's visitors: made for whoever comes, found again by their keys or owners, removed with age."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from annotator.storage import archive
from annotator.storage.store import Store
from annotator.web.keys import UnknownProjectError, is_key, make_key
from annotator.web.open_projects import OpenProjects
from annotator.web.owners import Owners
from annotator.web.quotas import Quotas
from annotator.web.sharing import visitor
from annotator.web.sharing.guard import MAX_PICTURE_BYTES
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.login import Login, SignInError, User
from annotator.web.sharing.makers import Makers
from annotator.web.sweeper import sweep_projects
from annotator.web.unpacking import unpack


class VisitorProjects:
    """One for each visitor, or each owner where they sign in. Safe to use from several threads."""

    def __init__(self, folder: Path, limits: Limits, login: Login | None) -> None:
        """login: visitors must sign in, and a project is its owner's alone."""
        self.open = OpenProjects(folder, most=limits.open_projects)
        self._limits = limits
        self._login = login
        self._owners = Owners(folder)
        self._makers = Makers(limits)
        self.quotas = Quotas(limits, self._makers)
        self._creating = threading.Lock()
        self._expected: set[str] = set()

    def welcome(self, key: str | None, *, address: str) -> str:
        """The key of the visitor's own project again, or of a new one. Raises LimitError when that is too many."""
        if self._login is not None:
            return self._welcome_owner(key, address=address)
        if key is not None and is_key(key):
            with suppress(UnknownProjectError), self.open.use(key):
                return key
        return self.create(address=address)

    def user(self) -> User | None:
        """Who signed in for the work at hand; None where nobody did, or nobody need."""
        asking = visitor.current()
        return None if self._login is None or asking is None else self._login.user(asking)

    @contextmanager
    def use(self, key: str) -> Iterator[Store]:
        """The project behind a key, neither closed nor removed while the block lasts.

        Raises UnknownProjectError, also for another owner's, and SignInError where nobody signed in who must.
        """
        with self.open.use(key) as store:
            self._require_owner(key, store)
            yield store

    def create(self, *, address: str) -> str:
        """A new project; its key. Raises LimitError where the server is full, or one address has its share."""
        with self._creating:
            self.open.folder.mkdir(parents=True, exist_ok=True)
            if len(self.open.all_keys()) + len(self._expected) >= self._limits.projects:
                self.sweep(pressed=True)
            there = self._require_one_more(address)
            key = make_key()
            with self.open.use(key, new=True):  # so that no sweeper meets it half made
                self._makers.note(key, address, there | {key})
                return key

    @contextmanager
    def expect_archive(self) -> Iterator[Callable[[IO[bytes]], str]]:
        """Opens an archive as a project of its own; its key. It counts from the beginning of the block on.

        Raises LimitError where whoever asks may have no further project; what is yielded raises StoreError as
        `unpack_project` does, and LimitError.
        """
        address = _asking_address()
        with self._creating:
            there = self._require_one_more(address)
            key = make_key()
            self._expected.add(key)
            self._makers.note(key, address, there | {key})
        try:
            yield lambda packed: self._adopt(packed, key, address)
        finally:
            with self._creating:
                self._expected.discard(key)
                if not self.open.folder_of(key).is_dir():
                    self._makers.forget(key)
                    self.quotas.forget(key)

    def _adopt(self, packed: IO[bytes], key: str, address: str) -> str:
        most = min(int(self._limits.project_mb * 1e6), archive.MAX_BYTES)
        limits = archive.Limits(most, self._limits.images, MAX_PICTURE_BYTES)
        size = archive.unpacked_bytes(packed, limits)
        self.quotas.reserve(key, size, address=address)
        unpack(packed, self.open.folder_of(key), replace(limits, bytes=size))
        with self.open.use(key) as store:
            self.quotas.measure(key, store.folder, again=True)
            user = self.user()
            if user is not None:
                self._owners.give(key, store, user)
        return key

    def sweep(self, *, pressed: bool = False) -> int:
        """As `sweep_projects` does; how many projects were removed."""
        removed = sweep_projects(self.open, self.quotas, self._limits, pressed=pressed)
        for key in removed:
            self._owners.forget(key)
        return len(removed)

    def close(self) -> None:
        self.open.close()

    def _require_one_more(self, address: str) -> set[str]:
        """The keys that there are, or are about to be. Raises LimitError where one more is too many."""
        there = {*self.open.all_keys(), *self._expected}
        self._makers.require_modest(address, there)
        if len(there) >= self._limits.projects:
            raise LimitError(
                f"this server holds {self._limits.projects:g} projects and takes no more at present: try again later"
            )
        return there

    def _welcome_owner(self, key: str | None, *, address: str) -> str:
        """The key's project if it is this user's or nobody's yet, else the one they had, else a new one."""
        user = self.user()
        if user is None:
            raise SignInError
        for known in (key, self._owners.key_of(user)):
            if known is not None and is_key(known):
                with suppress(UnknownProjectError), self.open.use(known) as store:
                    if self._owners.owner(known, store) in (None, user.id):
                        self._owners.give(known, store, user)
                        return known
        made = self.create(address=address)
        with self.open.use(made) as store:
            self._owners.give(made, store, user)
        return made

    def _require_owner(self, key: str, store: Store) -> None:
        """Where visitors sign in: raise SignInError where nobody did, UnknownProjectError for another's project.

        The server's own work, a batch say, is done for nobody and may.
        """
        if self._login is None or visitor.current() is None:
            return
        user = self.user()
        if user is None:
            raise SignInError
        if self._owners.owner(key, store) != user.id:
            raise UnknownProjectError


def _asking_address() -> str:
    """Where the request at hand comes from."""
    asking = visitor.current()
    return "" if asking is None else asking.address
