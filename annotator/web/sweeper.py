"""Keeps a shared server from filling up: closes idle projects, removes those past their age, measures the others.

Gradio's own sweeper is not used: it removes files in use.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from annotator.storage import archive
from annotator.storage.project_folders import look
from annotator.web.open_projects import GONE, OpenProjects
from annotator.web.quotas import Quotas
from annotator.web.sharing.limits import Limits

PERIOD_S = 60.0

IDLE_S = 300.0
"""A project that nobody used for so long is closed; it opens again in some milliseconds."""

PRESSED_S = 1200.0
"""How long a project without a picture may lie unused on a server that is full; above open_projects.TOUCH_S."""

_log = logging.getLogger(__name__)


class Sweeper:
    """A thread that sweeps now and then until it is stopped, and outlives whatever it meets."""

    def __init__(self, sweep: Callable[[], object], *, period: float = PERIOD_S) -> None:
        self._sweep = sweep
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sweeper", daemon=True)

    def start(self) -> None:
        """The first sweep is made at once: a restart may have left something behind."""
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while True:
            try:
                self._sweep()
            except Exception:  # a folder that cannot be read today may be readable tomorrow
                _log.exception("sweeping failed")
            if self._stop.wait(self._period):
                return


def sweep_projects(projects: OpenProjects, quotas: Quotas, limits: Limits, *, pressed: bool = False) -> list[str]:
    """Close what is idle, remove what is past its age, measure what is left; the keys of what was removed.

    pressed: the server is full; empty projects expire after PRESSED_S instead of `empty_hours`.
    """
    if not projects.folder.is_dir():
        return []
    projects.close_unused(idle=IDLE_S)
    removed = [key for key in projects.all_keys() if _remove_old(key, projects, limits, pressed=pressed)]
    for key in removed:
        quotas.forget(key)
    for left in projects.folder.glob(f"{GONE}*"):  # also what a killed server left behind
        shutil.rmtree(left, ignore_errors=True)
    archive.remove_abandoned(projects.folder)
    for key in projects.all_keys():
        if projects.is_open(key) or not quotas.is_measured(key):
            quotas.measure(key, projects.folder_of(key), again=True)
    return removed


def _remove_old(key: str, projects: OpenProjects, limits: Limits, *, pressed: bool) -> bool:
    folder = projects.folder_of(key)
    rest = 3600 * limits.age_hours
    if not any((folder / "images").glob("??/*")):
        rest = min(PRESSED_S, 3600 * limits.empty_hours) if pressed else 3600 * limits.empty_hours
    unused = time.time() - _last_used(folder)
    if unused < rest and unused >= 3600 * limits.bin_hours and _is_binned(folder):
        rest = 3600 * limits.bin_hours
    return unused >= rest and projects.remove(key, unused=rest)


def _is_binned(folder: Path) -> bool:
    summary = look(folder).summary
    return summary is not None and summary.binned is not None


def _last_used(folder: Path) -> float:
    """When the project was last used. Where that is unknown, now: so nothing is removed by mistake."""
    for name in ("project.db", "."):
        with suppress(OSError):
            return (folder / name).stat().st_mtime
    return time.time()
