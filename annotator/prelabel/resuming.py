"""How far a list of files is that the command line pre-labels: the same command goes on where a killed one ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from annotator.core.errors import ImageError
from annotator.core.settings import FILES
from annotator.prelabel.journey import Failed, Failure, Outcome
from annotator.storage.store import Store


class FilesDone:
    """The files at the beginning of a list that are done, and which of them failed; kept in the project until the end.

    how: whatever makes another run another one. A file that was changed, added or removed makes it another one too.
    """

    def __init__(self, store: Store, paths: Sequence[Path], *, how: Sequence[Any]) -> None:
        self._store = store
        self._work = _digest(paths, how)
        kept = store.setting(FILES) or {}
        same = kept.get("work") == self._work
        self.count: int = kept["done"] if same else 0
        self.failures = [Failure(*row) for row in kept["failures"]] if same else []
        self._in_a_row = 0

    def note(self, outcomes: Sequence[Outcome[Path]]) -> None:
        """Called in the transaction that stores these, the next of the list."""
        self.count += len(outcomes)
        for outcome in outcomes:
            self._in_a_row = self._in_a_row + 1 if isinstance(outcome, Failed) else 0
            self.failures += [outcome.failure] if isinstance(outcome, Failed) else []
        self._save()

    def take_back_failures(self) -> None:
        """The last ones failed one after the other, as the network did on all it got: they are not done."""
        self.count -= self._in_a_row
        del self.failures[len(self.failures) - self._in_a_row :]
        self._in_a_row = 0
        self._save()

    def end(self) -> None:
        """All are done: the same command begins anew."""
        self._store.set_setting(FILES, None)

    def _save(self) -> None:
        rows = [[failure.file_name, failure.reason] for failure in self.failures]
        self._store.set_setting(FILES, {"work": self._work, "done": self.count, "failures": rows})


def _digest(paths: Sequence[Path], how: Sequence[Any]) -> str:
    found = hashlib.sha256(json.dumps(list(how)).encode())
    for path in paths:
        try:
            state = path.stat()
        except OSError as error:
            raise ImageError(f"{path}: {error.strerror or error}") from error
        found.update(f"{path.absolute()!s}\0{state.st_size}\0{state.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    return found.hexdigest()
