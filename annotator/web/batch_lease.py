"""Which of several servers goes on with the batch of a project that lies on a database server: one alone.

The one that does counts up a number in the project now and then. Where the number stands still for SILENT_S, by the
clock of whoever watches it, the next server takes the batch over; no two clocks are compared. A project in a folder has
no lease: it is one server's.
"""

from __future__ import annotations

import time
from typing import Any

from annotator.core.errors import AnnotatorError
from annotator.core.settings import BATCH, LEASE, PROGRESS
from annotator.storage.locations import read_location
from annotator.storage.store import Store
from annotator.web import batch_record
from annotator.web.batch_record import Job

BEAT_S = 3.0
"""How often whoever has a lease says so, and the others look."""

SILENT_S = 20.0
"""A server that said nothing for so long has ended, or hangs."""


class TakenError(AnnotatorError):
    """Another server has taken the batch over, or a person has cancelled it there; the job says which."""


def is_leased(store: Store) -> bool:
    """Whether several servers may have this project open."""
    return read_location(store.folder) is not None


def begin(store: Store, job: Job, server: str) -> bool:
    """Write the record of a new batch; not, and False, where another server has one under way.

    server: the name of this one.
    """
    if not job.leased:
        batch_record.save(store, job)
        return True
    with store.together():
        is_ours = claim(store, server)
        if is_ours:
            batch_record.save(store, job)
        return is_ours


def claim(store: Store, server: str) -> bool:
    """Whether this server may go on with the project's batch, or begin one; it has the lease then."""
    with store.together():
        lease = store.setting(LEASE)
        if store.setting(BATCH) is not None and lease is not None and lease["server"] != server:
            return False
        store.set_setting(LEASE, {"server": server, "beat": 0})
        return True


def renew(store: Store, server: str) -> None:
    """Say that this server is still at it; not where another one is."""
    with store.together():
        lease = store.setting(LEASE)
        if lease is not None and lease["server"] == server:
            store.set_setting(LEASE, lease | {"beat": lease["beat"] + 1})


def release(store: Store, server: str) -> None:
    """Let the next server begin at once."""
    with store.together():
        lease = store.setting(LEASE)
        if lease is not None and lease["server"] == server:
            store.set_setting(LEASE, None)


def require_held(store: Store, job: Job, server: str) -> None:
    """Raise TakenError where this server is not to go on."""
    if not job.leased:
        return
    record, lease = store.setting(BATCH), store.setting(LEASE)
    if record is None or record["batch"] != job.batch:
        job.cancelled = True
        raise TakenError("the batch was cancelled")
    if lease is not None and lease["server"] != server:
        raise TakenError("another server goes on with this batch")


class Watch:
    """A batch of another server, as this one sees it."""

    def __init__(self) -> None:
        self._seen: Any = None
        self._since = time.monotonic()

    def look(self, store: Store, job: Job, server: str) -> bool:
        """Bring the job up to date; whether this server has taken it over."""
        with store.together():
            record, progress, lease = store.setting(BATCH), store.setting(PROGRESS), store.setting(LEASE)
            if progress is not None and progress["batch"] == job.batch:
                _follow(job, progress)
            if record is None or record["batch"] != job.batch:
                job.running = False
                return False
            if lease != self._seen:
                self._seen, self._since = lease, time.monotonic()
            if lease is not None and time.monotonic() - self._since < SILENT_S:
                return False
            store.set_setting(LEASE, {"server": server, "beat": 0})
            return True


def _follow(job: Job, progress: dict[str, Any]) -> None:
    while len(job.remaining) > progress["left"]:
        job.remaining.popleft()
    job.failed = progress["failed"]
    job.failures, job.failed_ids = batch_record.failures_of(progress)
