"""The projects a server holds, each behind a key: one of the person at this computer, or one for each visitor.

Tests: tests/web/test_visitor_projects.py, tests/web/test_local_project.py
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from annotator.exchange import pack
from annotator.storage.store import Store
from annotator.web.keys import UnknownProjectError, is_key
from annotator.web.local_project import LocalProject, OccupiedError, require_empty
from annotator.web.redaction import redact
from annotator.web.sharing.limits import Limits
from annotator.web.sharing.login import Login, User
from annotator.web.visitor_projects import VisitorProjects

__all__ = ["OccupiedError", "Projects", "UnknownProjectError"]


class Projects:
    """What the routes and the page ask for a project, wherever it lies. Safe to use from several threads."""

    def __init__(
        self,
        *,
        local: Path | None = None,
        visitors: Path | None = None,
        limits: Limits | None = None,
        login: Login | None = None,
    ) -> None:
        """local: the folder of the one project, else visitors: the folder of theirs.

        login: visitors must sign in, and a project is its owner's alone. Raises StoreError as `Store.open` does.
        """
        self.limits = limits or Limits.from_environment()
        self.login = login
        self._held: LocalProject | VisitorProjects
        if local is not None and visitors is None:
            self._held = LocalProject(local)
        elif visitors is not None and local is None:
            self._held = VisitorProjects(visitors, self.limits, login)
        else:
            raise ValueError("expected either a local project or a folder for visitors' projects")

    @property
    def shared(self) -> bool:
        """Whether visitors get projects of their own."""
        return isinstance(self._held, VisitorProjects)

    @property
    def local_key(self) -> str | None:
        """The key of the one project here, None where visitors have theirs."""
        return self._held.key if isinstance(self._held, LocalProject) else None

    # --- opening and closing ----------------------------------------------------------------------------------------

    def welcome(self, key: str | None, *, address: str = "") -> str:
        """The key of the page that opens: the local project's, the visitor's own again, or a new one.

        address: where a visitor asks from. Raises LimitError when a new one is too many, SignInError.
        """
        return self._held.key if isinstance(self._held, LocalProject) else self._held.welcome(key, address=address)

    def create(self, *, address: str = "") -> str:
        """A new visitor's project; its key. Raises LimitError when that is too many."""
        return self._visitors.create(address=address)

    def user(self) -> User | None:
        """Who signed in for the work at hand; None where nobody did, or nobody need."""
        return self._held.user() if isinstance(self._held, VisitorProjects) else None

    def get(self, key: str) -> Store:
        """The project behind a key, for a moment; for work use `use`. Raises UnknownProjectError."""
        with self.use(key) as store:
            return store

    @contextmanager
    def use(self, key: str) -> Iterator[Store]:
        """The project behind a key, neither closed, replaced nor removed while the block lasts.

        Raises UnknownProjectError, and SignInError where nobody signed in who must.
        """
        if not is_key(key):
            raise UnknownProjectError
        with self._held.use(key) as store:
            yield store

    def when_opened(self, call: Callable[[str], object]) -> None:
        """Have this called with the key of each visitor's project that is opened from now on."""
        self._visitors.open.opened = call

    def sweep(self, *, pressed: bool = False) -> int:
        """Remove what is past its age; how many projects that were. See `sweeper.sweep_projects`."""
        return self._held.sweep(pressed=pressed) if isinstance(self._held, VisitorProjects) else 0

    def close(self) -> None:
        """Close every open project."""
        self._held.close()

    # --- archives ---------------------------------------------------------------------------------------------------

    @contextmanager
    def expect_archive(self, key: str) -> Iterator[Callable[[IO[bytes]], str]]:
        """Before somebody's archive is received: what opens it then, and returns the new project's key.

        A visitor gets a project of its own for it, which counts from the beginning of the block on, and keeps the other
        one. The local project is what the server was started with: it becomes the archive's if it is empty.
        Raises UnknownProjectError, LimitError or OccupiedError, at the beginning or in the end; StoreError as
        `unpack_project` does.
        """
        with self.use(key) as store:
            if isinstance(self._held, LocalProject):
                require_empty(store)
        if isinstance(self._held, LocalProject):
            yield self._held.replace
        else:
            with self._held.expect_archive() as adopt:
                yield adopt

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
        """A line for a person: visitors are not told where things lie on the server."""
        return redact(line, folder=self._held.open.folder) if isinstance(self._held, VisitorProjects) else line

    @property
    def _visitors(self) -> VisitorProjects:
        if isinstance(self._held, LocalProject):
            raise TypeError("this server holds one project, expected visitors'")
        return self._held
