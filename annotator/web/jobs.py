"""Pre-labelling in the background: it goes on when the page is closed, is shared fairly, and can be cancelled.

A batch is kept in its project (see `batch_record`): when the server ends in the middle, it goes on where it was as soon
as the project is opened again.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from annotator.core.dataset import Image
from annotator.core.errors import AnnotatorError
from annotator.storage.store import Store
from annotator.system.latest import Latest
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.zoo import ModelInfo, NetworkInfo
from annotator.web import batch_lease, batch_record
from annotator.web.batch_lease import TakenError, Watch
from annotator.web.batch_record import Job
from annotator.web.fetches import Fetch, Fetches
from annotator.web.projects import Projects
from annotator.web.sharing import visitor
from annotator.web.sharing.limits import LimitError
from annotator.web.slices import run_slice

__all__ = ["TICK_S", "Job", "Prelabelling"]

TICK_S = 0.4
"""How often progress is shown: often enough to be seen moving, seldom enough to cost nothing."""

SLICE_S = 3.0
"""How long one project keeps the network while another one waits."""

MAX_DETECTORS = 2
"""Compiled networks kept: person-0007 takes 0.3 GB and security-0002 up to 1 GB."""

MAX_ENDED = 200
"""Ended batches that a page may still ask for."""


class Prelabelling:
    """One worker for all projects: the network is the bottleneck, and a second one would only take its cores.

    No project is read or written while `_wake` is held: a locked project would block all others.
    """

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: deque[Job] = deque()
        self._wake = threading.Condition()
        self._detectors: Latest[str, Detector] = Latest(MAX_DETECTORS)
        self._fetches = Fetches()
        self._worker: threading.Thread | None = None
        self._server = secrets.token_hex(8)
        self._watches: dict[str, Watch] = {}
        self._pulse: threading.Thread | None = None
        self._slices: dict[str, int] = {}
        self._stopping = False

    def start(
        self,
        key: str,
        info: ModelInfo,
        images: Sequence[Image],
        *,
        second: ModelInfo | None = None,
        skipped: int = 0,
    ) -> Job:
        """Queue a batch. A project has one at a time: a running one is returned as it is.

        second: another network whose suggestions are merged with those of the first. skipped: pictures of the project
        that were pre-labelled before. Raises LimitError when too many wait.
        """
        asking = visitor.current()
        # Whoever makes many projects has one turn for all of them; here, each project is its own.
        client = asking.address if asking is not None and self._projects.shared else ""
        job = Job(key, info.name, deque(images), len(images), info, second, client or key, ready=False, skipped=skipped)
        with self._projects.use(key) as store:
            job.leased = batch_lease.is_leased(store)
            with self._wake:
                current = self._jobs.get(key)
                if current is not None and current.running and not current.cancelled:
                    return current
                self._require_slot(job.client)
                self._queue(job)
            try:
                is_ours = batch_lease.begin(store, job, self._server)
            except BaseException as error:
                self._end(job, error=str(error))
                raise
            if not is_ours:
                self._end(job, error="another server has a batch of this project under way")
                return self.resume(key) or job
            self._beat(job)
            self._make_ready(job)
            if job.cancelled:  # while its record was being written
                batch_record.forget(store, job)
        return job

    def retry(self, key: str) -> Job | None:
        """Queue the pictures that the last batch could not do; None where there are none. Raises as `start` does."""
        last = self._jobs.get(key)
        if last is None or last.running:
            return last
        with self._projects.use(key) as store:
            failed = [image for image in store.images() if image.id in set(last.failed_ids)]
        return self.start(key, zoo.find(last.model), failed, second=last.second) if failed else None

    def resume(self, key: str) -> Job | None:
        """Go on with what the project's last server left undone; None where that is nothing."""
        with self._projects.use(key) as store:
            current = self._jobs.get(key)
            if current is not None and (current.running or current.error is None):
                return current
            job = batch_record.restore(store, key)
            if job is None:
                return current
            job.leased = batch_lease.is_leased(store)
            job.elsewhere = job.leased and not batch_lease.claim(store, self._server)
            if not job.elsewhere:
                _find_networks(job, store)
            with self._wake:
                newer = self._jobs.get(key)
                if newer is not None and newer is not current:  # somebody else was quicker
                    return newer
                if job.running and not job.elsewhere:
                    self._queue(job)
                else:
                    self._jobs[key] = job
                    self._watches[key] = Watch()
                self._beat(job)
        return job

    def status(self, key: str) -> Job | None:
        """The project's last job, running or ended."""
        return self._jobs.get(key)

    @property
    def turns(self) -> int:
        """How many take turns at the network: whoever has a batch under way."""
        with self._wake:
            return len({job.client for job in self._jobs.values() if job.running and job.ready})

    def cancel(self, key: str) -> None:
        """Stop after the picture under way; what is done stays, and no restart goes on with the rest."""
        with self._projects.use(key) as store:
            job = self._jobs.get(key)
            if job is not None:
                job.cancelled = True
                if self._take(job):
                    self._end(job)
            batch_record.forget(store, job)

    def fetch(self, info: NetworkInfo) -> Fetch:
        """Begin to fetch a network, or join the fetch under way. Returns at once; the fetch tells its progress."""
        return self._fetches.begin(info)

    def stop(self, *, patience: float = 10.0) -> None:
        """End the worker, for the server's end. What is done is stored, what is not goes on with the next server."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._fetches.stop()
        if self._worker is not None:
            self._worker.join(timeout=patience)
        for job in self._leased():
            with suppress(AnnotatorError), self._projects.use(job.key) as store:
                batch_lease.release(store, self._server)

    # --- beside other servers ---------------------------------------------------------------------------------------

    def _leased(self) -> list[Job]:
        with self._wake:
            return [job for job in self._jobs.values() if job.running and job.leased]

    def _beat(self, job: Job) -> None:
        """Begin to tell other servers what this one does, and to look at what they do, where they may be there."""
        if job.leased and self._pulse is None:
            self._pulse = threading.Thread(target=self._go_on_beating, name="batch leases", daemon=True)
            self._pulse.start()

    def _go_on_beating(self) -> None:
        while not self._stopping:
            time.sleep(batch_lease.BEAT_S)
            for job in self._leased():
                with suppress(AnnotatorError), self._projects.use(job.key) as store:
                    if not job.elsewhere:
                        batch_lease.renew(store, self._server)
                    elif self._watches[job.key].look(store, job, self._server):
                        self._take_over(job, store)

    def _take_over(self, job: Job, store: Store) -> None:
        """Go on with a batch whose server is silent; pages that follow it go on following."""
        left = batch_record.restore(store, job.key)
        if left is None:
            return
        job.remaining, job.careful, job.deaths, job.outdated = left.remaining, left.careful, left.deaths, left.outdated
        job.failures, job.failed, job.failed_ids = left.failures, left.failed, left.failed_ids
        job.elsewhere = False
        _find_networks(job, store)
        with self._wake:
            if job.running and not self._stopping:
                self._queue(job)

    # --- the line ---------------------------------------------------------------------------------------------------

    def _require_slot(self, client: str) -> None:
        limits = self._projects.limits
        if len(self._waiting) >= limits.jobs:
            raise LimitError(f"{len(self._waiting)} batches wait for the network already: try again in a few minutes")
        mine = sum(other.client == client for other in self._waiting)
        if mine >= limits.client_jobs:
            raise LimitError(f"{mine} batches of yours wait for the network already: try again in a few minutes")

    def _queue(self, job: Job) -> None:
        self._jobs[job.key] = job
        self._jobs.move_to_end(job.key)
        for key, old in list(self._jobs.items())[:-MAX_ENDED]:
            if not old.running:
                del self._jobs[key]
        self._waiting.append(job)
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="prelabel", daemon=True)
            self._worker.start()
        self._wake.notify()

    def _make_ready(self, job: Job) -> None:
        with self._wake:
            job.ready = True
            self._wake.notify()

    def _take(self, job: Job) -> bool:
        """Take a job out of the line; whether it was there."""
        with self._wake:
            if job not in self._waiting:
                return False
            self._waiting.remove(job)
            return True

    def _end(self, job: Job, *, error: str | None = None) -> None:
        self._take(job)
        if error is not None:
            job.error = self._projects.plain(error)
        job.running = False

    def _is_anybody_ready(self) -> bool:
        return any(job.ready for job in self._waiting)

    def _next(self) -> Job:
        """Pick a waiting job of the client that has had the fewest slices (fair queueing)."""
        ready = [job for job in self._waiting if job.ready]
        clients = {job.client for job in ready}
        least = min((self._slices[client] for client in clients if client in self._slices), default=0)
        # Whoever comes new begins as the one who had the fewest: neither behind everybody nor ahead of them for ever.
        self._slices = {client: self._slices.get(client, least) for client in clients}
        job = min(ready, key=lambda one: self._slices[one.client])
        self._waiting.remove(job)
        self._slices[job.client] += 1
        return job

    # --- the worker -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and not self._is_anybody_ready():
                    self._wake.wait()
                if self._stopping:
                    return
                job = self._next()
            try:
                with self._projects.use(job.key) as store:
                    self._work_on(job, store)
            except AnnotatorError as error:
                is_cancelled = isinstance(error, TakenError) and job.cancelled
                self._end(job, error=None if is_cancelled else str(error))
            except Exception as error:  # the worker outlives whatever one project's batch meets
                self._end(job, error=f"pre-labelling stopped: {type(error).__name__}: {error}")

    def _work_on(self, job: Job, store: Store) -> None:
        """Give a job its slice, or let it wait for its network; then it goes to the end of the line, or has ended."""
        batch_lease.require_held(store, job, self._server)
        if job.outdated:
            batch_record.save(store, job)
            job.outdated = False
        fetched = None if job.fetch is None else job.fetch.info.name
        absent = next((info for info in job.infos if not info.present and info.name != fetched), None)
        if absent is not None and not job.cancelled:
            self._wait_for_network(job, absent)
            return
        if job.infos and not job.cancelled:
            self._run_slice(job, store)
        if job.cancelled or not job.remaining:
            batch_record.forget(store, job)
            self._end(job)
        else:
            with self._wake:
                self._waiting.append(job)

    def _run_slice(self, job: Job, store: Store) -> None:
        if any(info.name not in self._detectors for info in job.infos):
            job.stage = "loading"
        detectors = [self._detectors.get(info.name, partial(Detector, info)) for info in job.infos]
        job.stage = "running"
        job.pace.begin(job.done)
        began, left = time.monotonic(), len(job.remaining)

        def paused() -> bool:
            # A slice that does not get one picture done would hand the network to and fro for ever.
            used_up = len(job.remaining) < left and time.monotonic() - began > SLICE_S
            return job.cancelled or self._stopping or (used_up and self._is_anybody_ready())

        run_slice(
            job,
            store,
            detectors,
            paused=paused,
            plain=self._projects.plain,
            require_held=partial(batch_lease.require_held, store, job, self._server),
        )

    def _wait_for_network(self, job: Job, info: ModelInfo) -> None:
        """Put a job back into the line until its network is here; the worker goes on with others."""

        def ended(fetch: Fetch) -> None:
            if fetch.error is not None and self._take(job):
                self._end(job, error=str(fetch.error))
            self._make_ready(job)

        with self._wake:
            job.stage, job.ready = "fetching", False
            self._waiting.append(job)
        job.fetch = self._fetches.begin(info, wanted=lambda: not job.cancelled, then=ended)


def _find_networks(job: Job, store: Store) -> None:
    try:
        second = batch_record.second_of(store)
        job.info, job.second = zoo.find(job.model), None if second is None else zoo.find(second)
    except AnnotatorError as error:  # the batch stays in the project, for when the network is back
        job.error, job.running = str(error), False
