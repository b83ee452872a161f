"""Who owns which project, where visitors sign in. The owner is noted in the project, and the project of each owner
beside the projects, so that they find it from another browser.

Tests: tests/web/sharing/test_login.py
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

from annotator.core.settings import OWNER
from annotator.storage.store import Store
from annotator.system.files import write_atomically
from annotator.web.sharing.login import User

_FILE = "owners.json"
"""By owner the key that they find when they come from another browser."""


class Owners:
    """Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """folder: of the visitors' projects, each in one that its key names."""
        self._folder = folder
        self._known: dict[str, str] = {}
        self._writing = threading.Lock()

    def owner(self, key: str, store: Store) -> str | None:
        """The id of the project's owner; None where it is nobody's yet."""
        known = self._known.get(key)
        if known is None:
            found = store.setting(OWNER)
            if found is None:
                return None
            known = self._known[key] = str(found)  # it stays theirs as long as the project is there
        return known

    def key_of(self, user: User) -> str | None:
        """The project that they had last; it may be gone."""
        return self._read().get(user.id)

    def give(self, key: str, store: Store, user: User) -> None:
        """Make a project that is nobody's, or theirs, the one that they find when they come again."""
        if self.owner(key, store) != user.id:
            store.set_setting(OWNER, user.id)
            self._known[key] = user.id
        with self._writing:
            keys = self._read()
            if keys.get(user.id) != key:
                there = {owner: found for owner, found in keys.items() if (self._folder / found).is_dir()}
                write_atomically(self._folder / _FILE, json.dumps(there | {user.id: key}).encode())

    def forget(self, key: str) -> None:
        """The project was removed."""
        self._known.pop(key, None)

    def _read(self) -> dict[str, str]:
        try:
            return dict(json.loads((self._folder / _FILE).read_bytes()))
        except (OSError, ValueError):
            return {}
