"""A thread that keeps a shared server from filling up: it sweeps now and then, and outlives whatever it meets."""

from __future__ import annotations

import logging
import threading

from annotator.web.projects import Projects

PERIOD_S = 60.0

_log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps the projects of a server until it is stopped."""

    def __init__(self, projects: Projects, *, period: float = PERIOD_S) -> None:
        self._projects = projects
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
                self._projects.sweep()
            except Exception:  # a folder that cannot be read today may be readable tomorrow
                _log.exception("sweeping failed")
            if self._stop.wait(self._period):
                return
