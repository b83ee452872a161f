"""Pre-labelling in the background: it goes on when the page is closed, is shared fairly, and can be cancelled.

A batch is kept in its project, a mark after every few pictures: when the server ends in the middle, it goes on where
it was as soon as the project is opened again. A picture that brings the server down is passed over at its third time.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from annotator.core.dataset import Image
from annotator.core.errors import AnnotatorError, ModelError
from annotator.core.settings import BATCH, PROGRESS
from annotator.prelabel import batch
from annotator.prelabel.batch import Finished
from annotator.prelabel.journey import Failed, Failure, Outcome
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.zoo import ModelInfo
from annotator.web.projects import Projects
from annotator.web.sharing import visitor
from annotator.web.sharing.limits import LimitError

TICK_S = 0.4
"""How often progress is shown: often enough to be seen moving, seldom enough to cost nothing."""

SLICE_S = 3.0
"""How long one project keeps the network while another one waits."""

MAX_DETECTORS = 2
"""Compiled networks kept: person-0007 takes 0.3 GB and security-0002 up to 1 GB."""

MAX_FAILURES = 100
"""Failures of a batch that are kept with their reason; the others are counted."""

MAX_ENDED = 200
"""Ended batches that a page may still ask for."""

CAREFUL = batch.UNDER_WAY
"""Pictures done one at a time after a restart or an unexpected error: as many as are ever under way together."""

MAX_TRIES = 2
"""How often a picture is tried alone before it is held to be what brings the server down."""


@dataclass
class Job:
    """One project's batch; read by the page, written by the worker."""

    key: str
    model: str
    remaining: deque[Image]
    total: int
    info: ModelInfo | None = None
    client: str = ""
    batch: str = field(default_factory=lambda: secrets.token_hex(8))
    stage: str = "waiting"
    fetched: tuple[int, int] = (0, 0)
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    error: str | None = None
    cancelled: bool = False
    running: bool = True
    careful: int = 0
    tries: int = 0

    @property
    def done(self) -> int:
        """Pictures done or failed."""
        return self.total - len(self.remaining)


class Prelabelling:
    """One worker for all projects: the network is the bottleneck, and a second one would only take its cores."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: deque[Job] = deque()
        self._wake = threading.Condition()
        self._detectors: OrderedDict[str, Detector] = OrderedDict()
        self._worker: threading.Thread | None = None
        self._slices: dict[str, int] = {}
        self._stopping = False

    def start(self, key: str, info: ModelInfo, images: Sequence[Image]) -> Job:
        """Queue a batch. A project has one at a time: a running one is returned as it is.

        Raises LimitError when too many wait.
        """
        asking = visitor.current()
        # Whoever makes many projects has one turn for all of them; here, each project is its own.
        client = asking.address if asking is not None and self._projects.shared else ""
        job = Job(key, info.name, deque(images), len(images), info, client or key)
        with self._projects.use(key) as store, self._wake:
            current = self._jobs.get(key)
            if current is not None and current.running and not current.cancelled:
                return current
            if len(self._waiting) >= self._projects.limits.jobs:
                raise LimitError(
                    f"{len(self._waiting)} batches wait for the network already: try again in a few minutes"
                )
            mine = sum(other.client == job.client for other in self._waiting)
            if mine >= self._projects.limits.client_jobs:
                raise LimitError(f"{mine} batches of yours wait for the network already: try again in a few minutes")
            store.set_setting(BATCH, _record(job))
            self._queue(job)
        return job

    def resume(self, key: str) -> Job | None:
        """Go on with what the project's last server left undone; None where that is nothing."""
        with self._projects.use(key) as store, self._wake:
            record = store.setting(BATCH)
            current = self._jobs.get(key)
            if record is None or (current is not None and current.running):
                return current
            job = _restored(key, store, record)
            try:
                job.info = zoo.find(job.model)
            except AnnotatorError as error:  # the batch stays in the project, for when the network is back
                job.error, job.running = str(error), False
                self._jobs[key] = job
                return job
            self._queue(job)
        return job

    def status(self, key: str) -> Job | None:
        """The project's last job, running or ended."""
        return self._jobs.get(key)

    def cancel(self, key: str) -> None:
        """Stop after the picture under way; what is done stays, and no restart goes on with the rest."""
        with self._projects.use(key) as store, self._wake:
            job = self._jobs.get(key)
            if job is not None:
                job.cancelled = True
            store.set_setting(BATCH, None)

    def fetch(self, info: ModelInfo) -> Iterator[tuple[int, int]]:
        """Fetch a network, yielding (bytes done, bytes in all) as it goes. Raises FetchError as `zoo.fetch` does."""
        state = (0, info.missing_bytes)

        def show(done: int, total: int) -> None:
            nonlocal state
            state = (done, total)

        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="fetch") as pool:
            under_way = pool.submit(zoo.fetch, info, progress=show, cancelled=lambda: self._stopping)
            while not under_way.done():
                yield state
                time.sleep(TICK_S)
            under_way.result()

    def stop(self, *, patience: float = 10.0) -> None:
        """End the worker, for the server's end. What is done is stored, what is not goes on with the next server."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._worker is not None:
            self._worker.join(timeout=patience)

    # --- the worker -------------------------------------------------------------------------------------------------

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

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._stopping:
                    self._wake.wait()
                if self._stopping:
                    return
                job = self._next()
            try:
                with self._projects.use(job.key) as store:
                    self._run_slice(job, store)
                    if not job.remaining:
                        self._forget(job, store)
            except AnnotatorError as error:
                job.error = self._projects.plain(str(error))
            except Exception as error:  # the worker outlives whatever one project's batch meets
                job.error = self._projects.plain(f"pre-labelling stopped: {type(error).__name__}: {error}")
            with self._wake:
                if job.remaining and not job.cancelled and job.error is None:
                    self._waiting.append(job)
                else:
                    job.running = False

    def _next(self) -> Job:
        """Of those that wait, one of the client that had the fewest turns since they all began to wait."""
        waiting = {job.client for job in self._waiting}
        least = min((self._slices[client] for client in waiting if client in self._slices), default=0)
        # Whoever comes new begins as the one who had the fewest: neither behind everybody nor ahead of them for ever.
        self._slices = {client: self._slices.get(client, least) for client in waiting}
        job = min(self._waiting, key=lambda one: self._slices[one.client])
        self._waiting.remove(job)
        self._slices[job.client] += 1
        return job

    def _run_slice(self, job: Job, store: Store) -> None:
        info = job.info
        if info is None or job.cancelled or not job.remaining:
            return
        if not info.present:
            job.stage = "fetching"

            def show(done: int, total: int) -> None:
                job.fetched = (done, total)

            zoo.fetch(info, progress=show, cancelled=lambda: job.cancelled or self._stopping)
        if info.name not in self._detectors:
            job.stage = "loading"
        detector = self._detector(info)
        job.stage = "running"
        began, left = time.monotonic(), len(job.remaining)

        def pause() -> bool:
            # A slice that does not get one picture done would hand the network to and fro for ever.
            used_up = len(job.remaining) < left and time.monotonic() - began > SLICE_S
            return job.cancelled or self._stopping or (bool(self._waiting) and used_up)

        def finished(outcomes: Sequence[Outcome[Image]]) -> None:
            for outcome in outcomes:
                job.remaining.popleft()
                job.tries = 0
                if isinstance(outcome, Failed):
                    job.failed += 1
                    if job.failed <= MAX_FAILURES:
                        job.failures.append(outcome.failure)
            self._mark(job, store)

        in_a_row = 0
        while job.remaining and not pause():
            if not job.careful:
                try:
                    batch.prelabel_queued(store, detector, tuple(job.remaining), finished=finished, cancelled=pause)
                except ModelError:
                    job.careful = CAREFUL
                except AnnotatorError:
                    raise
                except Exception:  # one of the pictures under way: each alone, the one shows itself
                    job.careful = CAREFUL
                continue
            error = self._do_alone(job, store, detector, finished)
            in_a_row = in_a_row + 1 if error is not None else 0
            if error is not None and in_a_row == CAREFUL:
                raise error  # not the pictures, but what they go through
            job.careful -= 1

    def _do_alone(self, job: Job, store: Store, detector: Detector, finished: Finished) -> ModelError | None:
        """Do one picture, noted beforehand, so that a server that dies of it knows; what kept it from being done."""
        image = job.remaining[0]
        if job.tries >= MAX_TRIES:
            failure = Failure(image.file_name, "the server ended on it time and again: passed over")
            finished([Failed(image, failure)])
            return None
        job.tries += 1
        self._mark(job, store)
        try:
            batch.prelabel_queued(store, detector, [image], finished=finished)
        except ModelError as error:
            finished([Failed(image, Failure.of(image.file_name, error))])
            return error
        except AnnotatorError:
            raise
        except Exception as error:
            reason = self._projects.plain(f"{type(error).__name__}: {error}")
            finished([Failed(image, Failure(image.file_name, reason))])
            return ModelError(f"{job.model}: {type(error).__name__}: {error}")
        return None

    def _mark(self, job: Job, store: Store) -> None:
        store.set_setting(
            PROGRESS,
            {"batch": job.batch, "left": len(job.remaining), "tries": job.tries} | _failures(job),
        )

    def _forget(self, job: Job, store: Store) -> None:
        """A batch that has ended is not gone on with; one that was started since is left alone."""
        with self._wake:
            record = store.setting(BATCH)
            if record is not None and record.get("batch") == job.batch:
                store.set_setting(BATCH, None)

    def _detector(self, info: ModelInfo) -> Detector:
        detector = self._detectors.get(info.name)
        if detector is None:
            detector = Detector(info)
            self._detectors[info.name] = detector
        self._detectors.move_to_end(info.name)
        while len(self._detectors) > MAX_DETECTORS:
            self._detectors.popitem(last=False)
        return detector


def _record(job: Job) -> dict[str, Any]:
    images = [image.id for image in job.remaining]
    return {"batch": job.batch, "model": job.model, "images": images, "total": job.total} | _failures(job)


def _failures(job: Job) -> dict[str, Any]:
    return {"failed": job.failed, "failures": [[failure.file_name, failure.reason] for failure in job.failures]}


def _restored(key: str, store: Store, record: dict[str, Any]) -> Job:
    """The batch as the last server left it."""
    progress = store.setting(PROGRESS)
    if progress is None or progress["batch"] != record["batch"]:  # not one picture was done since the record
        progress = record | {"left": len(record["images"]), "tries": 0}
    ids = record["images"][len(record["images"]) - progress["left"] :]
    known = {row.image.id: row.image for row in store.queue()}
    gone = [Failure(f"image {id}", "no longer in the project") for id in ids if id not in known]
    job = Job(
        key,
        record["model"],
        deque(known[id] for id in ids if id in known),
        record["total"],
        client=key,
        batch=record["batch"],
        failures=[*(Failure(*failure) for failure in progress["failures"]), *gone][:MAX_FAILURES],
        failed=progress["failed"] + len(gone),
        careful=CAREFUL,
        tries=progress["tries"],
    )
    if gone:  # what is left is no longer the end of the list: a list of its own, under a name of its own
        job.batch, job.tries = secrets.token_hex(8), 0
        store.set_setting(BATCH, _record(job))
    return job
