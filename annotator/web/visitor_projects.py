"""Projects of a server's visitors: made for whoever comes, found again by their keys or owners, removed with age."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO

from annotator.core.project import checked_name, project_id
from annotator.core.settings import BINNED, NAME
from annotator.storage import archive
from annotator.storage.duplicate import duplicate, size_of_copy
from annotator.storage.locations import is_project
from annotator.storage.project_folders import Found, look
from annotator.storage.store import Store
from annotator.system.progress import Progress
from annotator.web.keys import UnknownProjectError, is_key, make_key
from annotator.web.members import Members
from annotator.web.open_projects import OpenProjects
from annotator.web.quotas import Quotas
from annotator.web.sharing import visitor
from annotator.web.sharing.guard import MAX_PICTURE_BYTES
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.login import User
from annotator.web.sharing.makers import Makers
from annotator.web.sweeper import sweep_projects
from annotator.web.unpacking import Adopt, unpack, untold


class VisitorProjects:
    """One for each visitor, or each owner where they sign in. Safe to use from several threads."""

    def __init__(self, folder: Path, limits: Limits, members: Members, *, asks: bool) -> None:
        """asks: visitors must sign in, and a project is its people's alone."""
        self.open = OpenProjects(folder, most=limits.open_projects)
        self._limits = limits
        self._asks = asks
        self.members = members
        self._makers = Makers(limits)
        self.quotas = Quotas(limits, self._makers)
        self._creating = threading.Lock()
        self._expected: set[str] = set()

    def welcome(self, keys: Sequence[str], *, address: str) -> str:
        """The first of the visitor's own projects that is there and not in the bin, or a new one; its key.

        Raises LimitError when a new one is too many.
        """
        if self._asks:
            return self._welcome_owner(keys, address=address)
        for key in filter(is_key, keys):
            with suppress(UnknownProjectError), self.open.use(key) as store:
                if store.setting(BINNED) is None:
                    return key
        return self.make(address=address)

    @contextmanager
    def use(self, key: str) -> Iterator[Store]:
        """The project behind a key, neither closed nor removed while the block lasts.

        Raises UnknownProjectError, also for other people's, and SignInError where nobody signed in who must.
        """
        with self.open.use(key) as store:
            self.members.role(store)
            yield store

    # --- a visitor's own ----------------------------------------------------------------------------------------------

    def listed(self, keys: Collection[str]) -> dict[str, Found]:
        """Whoever asks: their projects by their keys; where people sign in, every one that is theirs.

        keys: those that the visitor's browser knows. Raises SignInError.
        """
        if not self._asks:
            there = [key for key in dict.fromkeys(filter(is_key, keys)) if is_project(self.open.folder_of(key))]
            return {key: look(self.open.folder_of(key)) for key in there}
        user = self.members.require_user()
        found = {key: look(self.open.folder_of(key)) for key in self.open.all_keys()}
        of = self.members.is_of
        return {key: one for key, one in found.items() if one.summary is not None and of(one.summary, user)}

    def names(self, keys: Collection[str]) -> list[str]:
        """Of the visitor's projects that are not in the bin."""
        summaries = [one.summary for one in self.listed(keys).values()]
        return [one.name for one in summaries if one is not None and one.binned is None]

    def find(self, id: str, keys: Collection[str]) -> str | None:
        """The key of the project that has this id, None where it is not there or not theirs."""
        candidates = keys if not self._asks else self.open.all_keys()
        for key in candidates:
            if is_key(key) and project_id(key) == id:
                with suppress(UnknownProjectError), self.use(key):
                    return key
        return None

    def name_of(self, key: str, store: Store) -> str:
        """What the visitor calls it, "" where nobody has named it."""
        return str(store.setting(NAME) or "")

    def note_opened(self, key: str) -> None:
        """Where people sign in, this project is the one that they find from another browser."""
        user = self.members.user()
        if user is not None:
            with self.use(key):
                self.members.note_last(key, user)

    def create(self, name: str, keys: Collection[str]) -> str:
        """A new project of whoever asks; its key. Raises ProjectNameError, LimitError, SignInError."""
        name = checked_name(name, taken=self.names(keys))
        key = self.make(address=visitor.current_address())
        with self.open.use(key) as store:
            store.set_setting(NAME, name)
            self._give(key, store)
        return key

    def duplicate(self, key: str, name: str, keys: Collection[str]) -> str:
        """The key of a new project with this one's pictures and pre-labels. Raises as `create` does, and StoreError."""
        with self.use(key) as store:
            name = checked_name(name, taken=self.names({key, *keys}))
            with self._expect_one() as new:
                self.quotas.reserve(new, size_of_copy(store), address=visitor.current_address())
                duplicate(store, self.open.folder_of(new), name=name)
                self._enter(new)
        return new

    def is_kept(self, key: str) -> bool:
        """Whether it can be deleted for good."""
        return True

    def remove(self, key: str) -> bool:
        """Delete a project for good unless it is in use; whether it is gone. Raises as `use` does."""
        with self.use(key):  # whose it is
            pass
        removed = self.open.remove(key, unused=0)
        if removed:
            self.quotas.forget(key)
        return removed

    # --- coming and going ---------------------------------------------------------------------------------------------

    def make(self, *, address: str) -> str:
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
    def expect_archive(self) -> Iterator[Adopt]:
        """Opens an archive as a project of its own; its key. It counts from the beginning of the block on.

        Raises LimitError where whoever asks may have no further project; what is yielded raises StoreError as
        `unpack_project` does, and LimitError.
        """
        with self._expect_one() as key:
            yield lambda packed, progress=untold: self._adopt(packed, key, progress)

    @contextmanager
    def _expect_one(self) -> Iterator[str]:
        """The key of a project that the block makes; it counts from the beginning on. Raises LimitError."""
        address = visitor.current_address()
        with self._creating:
            there = self._require_one_more(address)
            key = make_key()
            self._expected.add(key)
            self._makers.note(key, address, there | {key})
        try:
            yield key
        finally:
            with self._creating:
                self._expected.discard(key)
                if not self.open.folder_of(key).is_dir():
                    self._makers.forget(key)
                    self.quotas.forget(key)

    def _adopt(self, packed: IO[bytes], key: str, progress: Progress) -> str:
        most = min(int(self._limits.project_mb * 1e6), archive.MAX_BYTES)
        limits = archive.Limits(most, self._limits.images, MAX_PICTURE_BYTES)
        size = archive.unpacked_bytes(packed, limits)
        self.quotas.reserve(key, size, address=visitor.current_address())
        unpack(packed, self.open.folder_of(key), replace(limits, bytes=size), progress)
        self._enter(key)
        return key

    def _enter(self, key: str) -> None:
        """A project was made in its folder: what it takes is measured, and it is its maker's."""
        with self.open.use(key) as store:
            self.quotas.measure(key, store.folder, again=True)
            self._give(key, store)

    def _give(self, key: str, store: Store) -> None:
        user = self.members.user()
        if user is not None and self.members.admit(store, user):
            self.members.note_last(key, user)

    # --- with age -----------------------------------------------------------------------------------------------------

    def sweep(self, *, pressed: bool = False) -> int:
        """As `sweep_projects` does; how many projects were removed."""
        return len(sweep_projects(self.open, self.quotas, self._limits, pressed=pressed))

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

    def _welcome_owner(self, keys: Sequence[str], *, address: str) -> str:
        """The first project that is this user's or nobody's yet, else one that they had, else a new one."""
        user = self.members.require_user()
        for known in chain((*keys, self.members.last_of(user)), self._latest_of(user)):
            if known is not None and is_key(known):
                with suppress(UnknownProjectError), self.open.use(known) as store:
                    if store.setting(BINNED) is None and self.members.admit(store, user):
                        self.members.note_last(known, user)
                        return known
        self.members.require_founder()
        made = self.make(address=address)
        with self.open.use(made) as store:
            self._give(made, store)
        return made

    def _latest_of(self, user: User) -> Iterator[str]:
        """The keys of their projects, the one that was used last first; looked up where they are asked for."""
        theirs = [(one.summary.used, key) for key, one in self.listed(()).items() if one.summary is not None]
        yield from (key for _, key in sorted(theirs, reverse=True))
