"""Exports at work: at most one of a project at a time, in a thread of its own, few on the whole server.

Tests: tests/web/routes/test_exports.py
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from annotator.core.errors import AnnotatorError
from annotator.evaluation.takes import tables_of
from annotator.exchange import leaving
from annotator.exchange.pack import Stamp
from annotator.system import paths
from annotator.web.export_request import Asked
from annotator.web.projects import Projects
from annotator.web.runs import Runs
from annotator.web.sharing import visitor

AT_ONCE = 2
"""Exports that are written at the same time, of one address one; others wait, first come, first served."""

_TICK_S = 0.2


class _StoppedError(AnnotatorError):
    """Somebody has cancelled the export."""


@dataclass(eq=False)
class Run:
    """One export. stage: waiting, writing or ended. error: the line that it ended with, where it failed.

    done of total: pictures looked at and written; a total of 0 has none to count. files, lines: what was written.
    address: of whoever asked, "" where that does not matter.
    """

    address: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    stage: str = "waiting"
    done: int = 0
    total: int = 0
    cancelled: bool = False
    error: str | None = None
    files: Mapping[Path, Stamp] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.stage == "ended"


class ExportWork:
    """Writes exports. Safe to use from several threads."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._runs: Runs[Run] = Runs("an export of this project")
        self._freed = threading.Condition()
        self._waiting: list[Run] = []
        self._writing: list[Run] = []

    def status(self, key: str) -> Run | None:
        """The project's latest export, at work or ended since the server started."""
        return self._runs.latest(key)

    def start(self, key: str, asked: Asked) -> Run:
        """Begin to write. Raises GestureError while another export is at work, LimitError where there is no room."""
        with self._projects.use(key) as store:
            self._projects.require_quota(key, store, 0)
        run = Run(visitor.current_address() if self._projects.shared else "")
        self._runs.begin(key, run)
        threading.Thread(target=self._work, args=(key, run, asked), name="export", daemon=True).start()
        return run

    def cancel(self, key: str) -> None:
        """Stop the export at work; the files of the one before stay."""
        run = self._runs.latest(key)
        if run is not None and not run.is_over:
            run.cancelled = True

    def _work(self, key: str, run: Run, asked: Asked) -> None:
        plain = self._projects.plain
        try:
            with self._slot(run):
                run.stage = "writing"
                written = self._write(key, run, asked)
            run.files, run.lines = written.files, tuple(map(plain, written.lines))
            run.cancelled = False  # too late
        except _StoppedError:
            pass
        except AnnotatorError as error:
            run.error = plain(str(error))
        except BaseException:
            run.error = "the export ended unexpectedly; the files of the one before are as they were"
            raise
        finally:
            run.stage = "ended"

    @contextmanager
    def _slot(self, run: Run) -> Iterator[None]:
        """Wait until it is the run's turn, which lasts as long as the block."""
        with self._freed:
            self._waiting.append(run)
            try:
                while not self._may_begin(run):
                    self._freed.wait(_TICK_S)
                    _tell(run, 0, 0)
                self._writing.append(run)
            finally:
                self._waiting.remove(run)
        try:
            yield
        finally:
            with self._freed:
                self._writing.remove(run)
                self._freed.notify_all()

    def _may_begin(self, run: Run) -> bool:
        busy = {one.address for one in self._writing if one.address}
        ready = [one for one in self._waiting if one.address not in busy]
        return len(self._writing) < AT_ONCE and run in ready[: AT_ONCE - len(self._writing)]

    def _write(self, key: str, run: Run, asked: Asked) -> leaving.Written:
        with self._projects.use(key) as store:
            return leaving.export(
                store,
                self._projects.export_folder(key, paths.exports(), claim=True),
                format=asked.format,
                options=asked.options,
                reviewed_only=asked.which.reviewed_only,
                only=asked.which.only,
                threshold=asked.which.threshold,
                split=asked.split,
                beside=tables_of(store) if asked.agreement else None,
                progress=lambda done, total: _tell(run, done, total),
            )


def _tell(run: Run, done: int, total: int) -> None:
    if run.cancelled:
        raise _StoppedError("cancelled")
    run.done, run.total = done, total
