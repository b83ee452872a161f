"""The projects a server holds, each behind a key: those of the person at this computer, or those of its visitors.

Tests: tests/web/test_visitor_projects.py, tests/web/test_local_projects.py
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from annotator.core.errors import StoreError
from annotator.core.people import Role
from annotator.core.project import checked_name, free_name, project_id
from annotator.core.settings import BINNED, NAME, PUT_AWAY
from annotator.exchange import pack
from annotator.storage.database import now
from annotator.storage.project_folders import Found
from annotator.storage.store import Store
from annotator.system import paths
from annotator.web.keys import UnknownProjectError, is_key
from annotator.web.local_projects import BIN_DAYS, LocalProjects
from annotator.web.members import Members
from annotator.web.redaction import redact
from annotator.web.sharing import visitor
from annotator.web.sharing.limits import Limits
from annotator.web.sharing.login import SignIn, User
from annotator.web.unpacking import Adopt, untold
from annotator.web.visitor_projects import VisitorProjects

__all__ = ["OccupiedError", "Projects", "UnknownProjectError"]


class OccupiedError(StoreError):
    """A project that is in use, or that is not where it must be for what is asked."""


class Projects:
    """What the routes and the page ask for a project, wherever it lies. Safe to use from several threads."""

    def __init__(
        self,
        *,
        local: Path | None = None,
        home: Path | None = None,
        visitors: Path | None = None,
        limits: Limits | None = None,
        login: SignIn | None = None,
    ) -> None:
        """home: the folder of the person's own projects, local: another one to begin with; else visitors: of theirs.

        login: people must sign in, and a project is its people's alone. Raises StoreError as `Store.open` does.
        """
        self.limits = limits or Limits.from_environment()
        self.login = login
        self._held: LocalProjects | VisitorProjects
        if visitors is None and (local is not None or home is not None):
            self._held = LocalProjects(local, home or paths.projects())
            self._members = Members(login, home or paths.projects())
        elif visitors is not None and local is None and home is None:
            self._members = Members(login, visitors)
            self._held = VisitorProjects(visitors, self.limits, self._members, asks=login is not None)
        else:
            raise ValueError("expected either local projects or a folder for visitors' projects")

    @property
    def shared(self) -> bool:
        """Whether visitors get projects of their own."""
        return isinstance(self._held, VisitorProjects)

    @property
    def local_key(self) -> str | None:
        """The key of the project here that was opened last, None where visitors have theirs."""
        return self._held.current if isinstance(self._held, LocalProjects) else None

    @property
    def bin_days(self) -> float:
        """How long a project that nobody uses stays in the bin."""
        return BIN_DAYS if isinstance(self._held, LocalProjects) else self.limits.bin_hours / 24

    # --- opening and closing ----------------------------------------------------------------------------------------

    def welcome(self, key: str | None, *, keys: Sequence[str] = (), address: str = "") -> str:
        """The key of the page that opens: the local project's, the visitor's own again, or a new one.

        key, keys: the visitor's project that was open last, and others. address: where a visitor asks from.
        Raises LimitError when a new one is too many, SignInError, NoProjectError.
        """
        if isinstance(self._held, LocalProjects):
            return self._held.welcome() if self.login is None else self._welcome_member([key or "", *keys])
        return self._held.welcome([key or "", *keys], address=address)

    def create(self, *, address: str = "") -> str:
        """A new visitor's project without a name; its key. Raises LimitError when that is too many."""
        return self._visitors.make(address=address)

    def find(self, id: str, keys: Sequence[str] = ()) -> str | None:
        """The key of the project with this id, if whoever asks may open it; else None. id: as `project_id` makes it."""
        if not self._is_asked:
            return self._held.find(id, keys)
        return next((key for key in self.listed(keys) if is_key(key) and project_id(key) == id), None)

    def note_opened(self, key: str) -> None:
        """Somebody opened this project; it is the one that they find next time."""
        if not self._is_asked:
            self._held.note_opened(key)
            return
        user = self._members.require_user()
        with self._held.use(key) as store:
            if not self._members.admit(store, user):
                raise UnknownProjectError
        self._members.note_last(key, user)

    def folder_of(self, key: str) -> Path:
        """Where a project lies; a local one is not opened for that. Raises as `use` does."""
        if isinstance(self._held, LocalProjects) and self.login is None:
            return self._held.folder_of(key)
        with self.use(key) as store:
            return store.folder

    def name_of(self, key: str) -> str:
        """What the project is called, "" where nobody has named it. Raises UnknownProjectError, SignInError."""
        with self.use(key) as store:
            return self._held.name_of(key, store)

    def is_binned(self, key: str) -> bool:
        """Whether the project lies in the bin. Raises UnknownProjectError, SignInError."""
        with self.use(key) as store:
            return store.setting(BINNED) is not None

    def user(self) -> User | None:
        """Who signed in for the work at hand; None where nobody did, or nobody need."""
        return self._members.user()

    def role(self, key: str) -> Role:
        """What whoever asks may do in a project; everything where nobody signs in. Raises as `use` does."""
        with self.use(key) as store:
            return self._members.role(store)

    def name(self, key: str) -> str:
        """By which a project knows whoever asks, "" where nobody signed in. Raises as `use` does."""
        with self.use(key) as store:
            return self._members.name(store)

    def get(self, key: str) -> Store:
        """The project behind a key, for a moment; for work use `use`. Raises UnknownProjectError."""
        with self.use(key) as store:
            return store

    @contextmanager
    def use(self, key: str) -> Iterator[Store]:
        """The project behind a key, neither closed nor removed while the block lasts.

        Raises UnknownProjectError, and SignInError where nobody signed in who must.
        """
        if not is_key(key):
            raise UnknownProjectError
        with self._held.use(key) as store:
            if self._is_asked:
                self._members.role(store)
            yield store

    def when_opened(self, call: Callable[[str], object]) -> None:
        """Have this called with the key of each project that is opened from now on."""
        self._held.open.opened = call

    def unfinished(self) -> list[str]:
        """The keys of local projects in which a batch was left undone."""
        if not isinstance(self._held, LocalProjects):
            return []
        summaries = [one.summary for one in self._held.look()]
        return [one.key for one in summaries if one is not None and one.has_batch and one.binned is None]

    def sweep(self, *, pressed: bool = False) -> int:
        """Remove what is past its age; how many projects that were. See `sweeper.sweep_projects`."""
        return self._held.sweep(pressed=pressed)

    def close(self) -> None:
        """Close every open project."""
        self._held.close()

    # --- the list of projects ---------------------------------------------------------------------------------------

    def listed(self, keys: Sequence[str] = ()) -> dict[str, Found]:
        """The projects of whoever asks, by key; what cannot be read by something else.

        keys: those that the asker's browser knows. Raises SignInError.
        """
        found = self._held.listed(keys)
        if not self._is_asked:
            return found
        user = self._members.require_user()
        there = {key: one.summary for key, one in found.items()}
        theirs = [key for key, one in there.items() if one is not None and self._members.is_of(one, user, unowned=True)]
        return {key: found[key] for key in theirs}

    def is_kept(self, key: str) -> bool:
        """Whether the project lies among the server's own folders, where it can be deleted for good."""
        return self._held.is_kept(key)

    def make(self, name: str, keys: Sequence[str] = ()) -> str:
        """A new project of whoever asks; its key. Raises ProjectNameError, StoreError, LimitError, SignInError."""
        self._members.require_founder()
        return self._theirs(self._held.create(name, keys))

    def duplicate(self, key: str, name: str, keys: Sequence[str] = ()) -> str:
        """The key of a new project with the pictures and pre-labels of one, and no decisions. Raises as `make` does."""
        self._members.require_founder()
        with self.use(key):
            pass
        return self._theirs(self._held.duplicate(key, name, keys))

    def rename(self, key: str, name: str, keys: Sequence[str] = ()) -> str:
        """The name as it is kept. Raises ProjectNameError, and as `use` does."""
        with self.use(key) as store:
            others = {other: one for other, one in self._held.listed({*keys, key}).items() if other != key}
            taken = [one.name for one in others.values() if one.summary is None or one.summary.binned is None]
            name = checked_name(name, taken=taken)
            store.set_setting(NAME, name)
        return name

    def put_away(self, key: str, *, away: bool) -> None:
        """List a project apart, or again among those that are worked on. Raises as `use` does."""
        with self.use(key) as store:
            store.set_setting(PUT_AWAY, away)

    def throw_away(self, key: str) -> None:
        """Put a project into the bin. Whoever has it open still saves into it: nothing of theirs is lost."""
        with self.use(key) as store:
            store.set_setting(BINNED, now())

    def take_back(self, key: str, keys: Sequence[str] = ()) -> None:
        """Take a project out of the bin, with a number behind its name where another one has that."""
        with self.use(key) as store:
            name = self._held.name_of(key, store)
            free = free_name(name, self._held.names([other for other in keys if other != key]))
            with store.together():
                store.set_setting(BINNED, None)
                if free != name:
                    store.set_setting(NAME, free)

    def remove(self, key: str) -> None:
        """Delete a project that lies in the bin for good. Raises OccupiedError, and as `use` does."""
        with self.use(key) as store:
            if store.setting(BINNED) is None:
                raise OccupiedError("this project is not in the bin: put it there first")
            if not self._held.is_kept(key):
                raise OccupiedError("this project lies in a folder of yours: delete the folder")
        if not self._held.remove(key):
            raise OccupiedError("this project is in use: try again in a moment")

    @contextmanager
    def expect_archive(self, key: str) -> Iterator[Adopt]:
        """Before somebody's archive is received: what opens it as a new project then, and returns its key.

        key: of a project that whoever asks has. A visitor's new one counts from the beginning of the block on.
        Raises UnknownProjectError or LimitError, at the beginning or in the end; StoreError as `unpack_project` does.
        """
        self._members.require_founder()
        with self.use(key):
            pass
        with self._held.expect_archive() as adopt:
            yield lambda packed, progress=untold: self._theirs(adopt(packed, progress))

    # --- quotas: nothing is asked of the local project ----------------------------------------------------------------

    def require_quota(self, key: str, store: Store, more: int) -> None:
        """Raise LimitError unless a visitor's project may grow by so many bytes."""
        if isinstance(self._held, VisitorProjects):
            self._held.quotas.require(key, store, more)

    def require_image_quota(self, store: Store, more: int = 1) -> None:
        """Raise LimitError where a visitor's project may not have so many more pictures."""
        if isinstance(self._held, VisitorProjects):
            self._held.quotas.require_images(store, more)

    def require_category_quota(self, store: Store, names: Collection[str]) -> None:
        """Raise LimitError where a visitor's project may not have these categories beside its own."""
        if isinstance(self._held, VisitorProjects):
            self._held.quotas.require_categories(store, names)

    def count_files(self, key: str, more: int) -> None:
        """Count bytes of files that were written into the project; its database is asked for its own."""
        if isinstance(self._held, VisitorProjects):
            self._held.quotas.add(key, more)

    # --- for people -------------------------------------------------------------------------------------------------

    def export_folder(self, key: str, exports: Path, *, claim: bool = False) -> Path:
        """Where this project's exports go: below `exports`, a visitor's with the project, so that they go with it.

        claim: it is about to be used, and no other project gets it from then on.
        """
        store = self.get(key)
        return store.folder / "exports" if self.shared else pack.place_of(store.folder, exports, claim=claim)

    def plain(self, line: str) -> str:
        """A line for a person: who is not at this computer is not told where things lie on it."""
        return redact(line, folder=self._held.open.folder) if self.shared or self.login is not None else line

    # --- of people who sign in, on a server for one team ------------------------------------------------------------

    @property
    def _is_asked(self) -> bool:
        """Whether the people of this server's own projects sign in; visitors' projects see to that themselves."""
        return self.login is not None and isinstance(self._held, LocalProjects) and visitor.current() is not None

    def _welcome_member(self, keys: Sequence[str]) -> str:
        """A project of whoever asks: the first of these, the one they had last, the latest used, or a new one."""
        user = self._members.require_user()
        there = {key: one.summary for key, one in self.listed().items() if one.summary is not None}
        used = sorted((one.put_away, -one.used, key) for key, one in there.items() if one.binned is None)
        known = [key for *_, key in used]
        wanted = (*keys, self._members.last_of(user))
        first = next((key for key in wanted if key in known), known[0] if known else None)
        if first is None:
            return self.make(free_name(user.name, self._held.names(())))
        self.note_opened(first)
        return first

    def _theirs(self, key: str) -> str:
        """Whoever made a project manages it; its key."""
        if self._is_asked:
            self.note_opened(key)
        return key

    @property
    def _visitors(self) -> VisitorProjects:
        if isinstance(self._held, LocalProjects):
            raise TypeError("this server holds local projects, expected visitors'")
        return self._held
