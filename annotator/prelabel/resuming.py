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

    def note(self, outcomes: Sequence[Outcome[Path]]) -> None:
        """Called in the transaction that stores these, the next of the list."""
        self.count += len(outcomes)
        self.failures += [outcome.failure for outcome in outcomes if isinstance(outcome, Failed)]
        rows = [[failure.file_name, failure.reason] for failure in self.failures]
        self._store.set_setting(FILES, {"work": self._work, "done": self.count, "failures": rows})

    def end(self) -> None:
        """All are done: the same command begins anew."""
        self._store.set_setting(FILES, None)


def _digest(paths: Sequence[Path], how: Sequence[Any]) -> str:
    found = hashlib.sha256(json.dumps(list(how)).encode())
    for path in paths:
        try:
            state = path.stat()
        except OSError as error:
            raise ImageError(f"{path}: {error.strerror or error}") from error
        found.update(f"{path.absolute()!s}\0{state.st_size}\0{state.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    return found.hexdigest()
