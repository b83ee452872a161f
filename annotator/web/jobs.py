"""Pre-labelling in the background: it goes on when the page is closed, is shared fairly, and can be cancelled."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from annotator import pipeline
from annotator.core.dataset import Image
from annotator.core.errors import AnnotatorError
from annotator.storage.store import Store
from annotator.vision import zoo
from annotator.vision.detector import Detector
from annotator.vision.zoo import ModelInfo

TICK_S = 0.4
"""How often progress is shown: often enough to be seen moving, seldom enough to cost nothing."""

SLICE_S = 3.0
"""How long one project keeps the network while another one waits."""

MAX_DETECTORS = 2
"""Compiled networks kept: person-0007 takes 0.3 GB and security-0002 up to 1 GB."""


@dataclass
class Job:
    """One project's batch; read by the page, written by the worker."""

    key: str
    store: Store
    info: ModelInfo
    remaining: deque[Image]
    total: int
    stage: str = "waiting"
    fetched: tuple[int, int] = (0, 0)
    failures: list[pipeline.Failure] = field(default_factory=list)
    error: str | None = None
    cancelled: bool = False
    running: bool = True

    @property
    def done(self) -> int:
        """Pictures done or failed."""
        return self.total - len(self.remaining)


class Prelabelling:
    """One worker for all projects: the network is the bottleneck, and a second one would only take its cores."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._wake = threading.Condition()
        self._detectors: OrderedDict[str, Detector] = OrderedDict()
        self._worker: threading.Thread | None = None
        self._stopping = False

    def start(self, key: str, store: Store, info: ModelInfo, images: Sequence[Image]) -> Job:
        """Queue a batch. A project has one at a time: a running one is returned as it is."""
        with self._wake:
            current = self._jobs.get(key)
            if current is not None and current.running:
                return current
            job = Job(key, store, info, deque(images), len(images))
            self._jobs[key] = job
            self._waiting.append(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="prelabel", daemon=True)
                self._worker.start()
            self._wake.notify()
            return job

    def status(self, key: str) -> Job | None:
        """The project's last job, running or ended."""
        return self._jobs.get(key)

    def cancel(self, key: str) -> None:
        """Stop after the picture under way; what is done stays."""
        job = self._jobs.get(key)
        if job is not None:
            job.cancelled = True

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

    def stop(self) -> None:
        """Cancel everything, for the server's end; what is done is stored."""
        self._stopping = True
        for job in self._jobs.values():
            job.cancelled = True

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._waiting:
                    self._wake.wait()
                job = self._waiting.popleft()
            try:
                self._run_slice(job)
            except AnnotatorError as error:
                job.error = str(error)
            except Exception as error:  # the worker outlives whatever one project's batch meets
                job.error = f"pre-labelling stopped: {type(error).__name__}: {error}"
            if job.remaining and not job.cancelled and job.error is None:
                with self._wake:
                    self._waiting.append(job)
            else:
                job.running = False

    def _run_slice(self, job: Job) -> None:
        if not job.info.present:
            job.stage = "fetching"

            def show(done: int, total: int) -> None:
                job.fetched = (done, total)

            zoo.fetch(job.info, progress=show, cancelled=lambda: job.cancelled)
        if job.info.name not in self._detectors:
            job.stage = "loading"
        detector = self._detector(job.info)
        job.stage = "running"
        images = tuple(job.remaining)
        began = time.monotonic()

        def stop() -> bool:
            # A slice that does not get one picture done would hand the network to and fro for ever.
            used_up = len(job.remaining) < len(images) and time.monotonic() - began > SLICE_S
            return job.cancelled or (bool(self._waiting) and used_up)

        def advance(done: int, total: int) -> None:
            while len(images) - len(job.remaining) < done:
                job.remaining.popleft()

        report = pipeline.prelabel(job.store, detector, images, progress=advance, cancelled=stop)
        job.failures.extend(report.failures)

    def _detector(self, info: ModelInfo) -> Detector:
        detector = self._detectors.get(info.name)
        if detector is None:
            detector = Detector(info)
            self._detectors[info.name] = detector
        self._detectors.move_to_end(info.name)
        while len(self._detectors) > MAX_DETECTORS:
            self._detectors.popitem(last=False)
        return detector
