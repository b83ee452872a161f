"""Who of the people that sign in may open which project, and what they may do there.

A project's people are noted in the project. Beside the projects stands which one each of them had last, so that they
find it from another browser.

Tests: tests/web/sharing/test_login.py, tests/web/test_people.py
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from annotator.core.errors import AnnotatorError
from annotator.core.people import Role, folded_person, is_login_of
from annotator.core.project import Summary
from annotator.core.settings import OWNER
from annotator.storage.store import Store
from annotator.system.files import write_atomically
from annotator.web.keys import UnknownProjectError
from annotator.web.sharing import visitor
from annotator.web.sharing.login import SignIn, SignInError, User

_FILE = "owners.json"
"""By person the key of the project that they find when they come from another browser."""


MANAGERS = "ANNOTATOR_MANAGERS"


class NoProjectError(AnnotatorError):
    """Somebody signed in who has no project here, and may make none."""

    def __init__(self, name: str) -> None:
        super().__init__(f"you are signed in as {name}: ask somebody who manages a project to add you by this name")


class Members:
    """Safe to use from several threads."""

    def __init__(self, login: SignIn | None, folder: Path) -> None:
        """login: None where nobody signs in, and everybody may do everything. folder: of the projects."""
        self._login = login
        self._folder = folder
        named = os.environ.get(MANAGERS, "")
        self._founders = frozenset(folded_person(name.strip()) for name in named.split(",") if name.strip())
        self._writing = threading.Lock()

    def user(self) -> User | None:
        """Who signed in for the work at hand; None where nobody did, or nobody need."""
        asking = visitor.current()
        return None if self._login is None or asking is None else self._login.user(asking)

    def require_user(self) -> User:
        """Raises SignInError."""
        user = self.user()
        if user is None:
            raise SignInError
        return user

    def may_found(self, user: User) -> bool:
        """Whether somebody may make projects, and manage one that has no people yet."""
        return not self._founders or folded_person(user.name) in self._founders

    def require_founder(self) -> None:
        """Raise NoProjectError where whoever asks may make no project, SignInError."""
        if self._login is not None and visitor.current() is not None:
            user = self.require_user()
            if not self.may_found(user):
                raise NoProjectError(user.name)

    def role(self, store: Store) -> Role:
        """What whoever asks may do in a project: everything where nobody signs in, and in the server's own work.

        Raises SignInError where nobody signed in who must, UnknownProjectError where the project is none of theirs.
        """
        if self._login is None or visitor.current() is None:
            return Role.MANAGE
        user = self.require_user()
        found = store.people.role_of(user.id, user.name)
        if found is None and store.setting(OWNER) == user.id and self._claim(store, user):  # theirs from before
            found = Role.MANAGE
        if found is None:
            raise UnknownProjectError
        return found

    def name(self, store: Store) -> str:
        """By which the project knows whoever asks, whatever they are called today; "" where nobody signed in."""
        user = self.user()
        if user is None:
            return ""
        found = store.people.person_of(user.id, user.name)
        return user.name if found is None else found.name

    def admit(self, store: Store, user: User) -> bool:
        """Whether a project is somebody's to open; one that was nobody's is theirs from now on."""
        if store.people.role_of(user.id, user.name) is not None:
            return True
        owner = store.setting(OWNER)
        return (owner == user.id or (owner is None and self.may_found(user))) and self._claim(store, user)

    def is_of(self, summary: Summary, user: User, *, unowned: bool = False) -> bool:
        """Whether somebody is one of the people of a project that is not open.

        unowned: also where nobody is, and they may make it theirs.
        """
        if unowned and not summary.people and summary.owner is None:
            return self.may_found(user)
        if not summary.people:
            return summary.owner == user.id
        if any(is_login_of(login, user.id) for login, _ in summary.people):
            return True
        return any(login is None and folded_person(name) == folded_person(user.name) for login, name in summary.people)

    def last_of(self, user: User) -> str | None:
        """The key of the project that they had last; it may be gone."""
        return self._read().get(user.id)

    def note_last(self, key: str, user: User) -> None:
        with self._writing:
            keys = self._read()
            if keys.get(user.id) != key:
                there = {person: found for person, found in keys.items() if (self._folder / found).is_dir()}
                write_atomically(self._folder / _FILE, json.dumps(there | {user.id: key}).encode())

    def _claim(self, store: Store, user: User) -> bool:
        return store.people.claim(user.id, user.name)

    def _read(self) -> dict[str, str]:
        try:
            return dict(json.loads((self._folder / _FILE).read_bytes()))
        except (OSError, ValueError):
            return {}
