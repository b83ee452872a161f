"""A batch, and what of it is kept in its project: a server that ends in the middle leaves it to the next one.

Two settings: BATCH, with all pictures, is written when the batch begins; PROGRESS, small, after each few pictures.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from annotator.core.dataset import Image
from annotator.core.settings import BATCH, PROGRESS
from annotator.prelabel import batch
from annotator.prelabel.journey import Failed, Failure, Outcome
from annotator.storage.store import Store
from annotator.vision.networks.zoo import ModelInfo
from annotator.web.fetches import Fetch
from annotator.web.pace import Pace

MAX_FAILURES = 100
"""Failures of a batch that are kept with their reason; the others are counted."""

CAREFUL = batch.UNDER_WAY
"""Pictures done one at a time after a restart or an unexpected error: as many as are ever under way together."""


@dataclass(eq=False)
class Job:
    """One project's batch; read by the page, written by the worker.

    ready: the worker may go on with it; it need not wait for its record or for its network. failed_ids: the images that
    could not be done. careful: pictures that are still to be done one at a time. inside: the first of `remaining` is
    alone in the decoder or in the network. deaths: how often the server ended while it was. outdated: the record lists
    pictures that are gone. second: a network that sees the pictures as well. skipped: pictures of the project that were
    pre-labelled before, and so are no part of it. leased: other servers may have the project open. elsewhere: one of
    them does the work.
    """

    key: str
    model: str
    remaining: deque[Image]
    total: int
    info: ModelInfo | None = None
    second: ModelInfo | None = None
    client: str = ""
    batch: str = field(default_factory=lambda: secrets.token_hex(8))
    stage: str = "waiting"
    ready: bool = True
    fetch: Fetch | None = None
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    failed_ids: list[int] = field(default_factory=list)
    error: str | None = None
    cancelled: bool = False
    running: bool = True
    careful: int = 0
    inside: bool = False
    deaths: int = 0
    outdated: bool = False
    skipped: int = 0
    leased: bool = False
    elsewhere: bool = False
    pace: Pace = field(default_factory=Pace)

    @property
    def infos(self) -> list[ModelInfo]:
        """The networks that see the pictures; none where the first is not known any more."""
        return [one for one in (self.info, self.second) if one is not None] if self.info is not None else []

    @property
    def networks(self) -> str:
        """Their names, for whoever reads."""
        return self.model if self.second is None else f"{self.model} + {self.second.name}"

    @property
    def done(self) -> int:
        """Pictures done or failed."""
        return self.total - len(self.remaining)

    @property
    def seconds_left(self) -> float | None:
        """None where nothing can be said yet."""
        return self.pace.seconds_left(self.done, self.total)

    def count(self, outcomes: Sequence[Outcome[Image]]) -> None:
        """Take the first of `remaining` for done, each with what came of it."""
        for outcome in outcomes:
            self.remaining.popleft()
            self.inside, self.deaths = False, 0
            if isinstance(outcome, Failed):
                self.add_failure(outcome.failure, outcome.item.id)

    def add_failure(self, failure: Failure, image_id: int) -> None:
        self.failed += 1
        self.failed_ids.append(image_id)
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(failure)


def save(store: Store, job: Job) -> None:
    """Write the whole record, as the batch is now."""
    images = [image.id for image in job.remaining]
    record: dict[str, Any] = {"batch": job.batch, "model": job.model, "images": images, "total": job.total}
    if job.second is not None:
        record["second"] = job.second.name
    with store.together():
        store.set_setting(BATCH, record)
        save_progress(store, job)


def note_done(store: Store, job: Job, outcomes: Sequence[Outcome[Image]]) -> None:
    """Take the first of `remaining` for done, and write how far the batch is and what it could not do."""
    job.count(outcomes)
    failed = {one.item.id: one.failure.reason for one in outcomes if isinstance(one, Failed)}
    with store.together():
        store.worklist.note_failures(failed)
        save_progress(store, job)


def save_progress(store: Store, job: Job) -> None:
    """Write how far the batch is."""
    rows = [
        [failure.file_name, failure.reason, image_id]
        for failure, image_id in zip(job.failures, job.failed_ids, strict=False)
    ]
    progress = {
        "batch": job.batch,
        "left": len(job.remaining),
        "failed": job.failed,
        "failures": rows,
        "inside": job.inside,
        "deaths": job.deaths,
    }
    store.set_setting(PROGRESS, progress)


def forget(store: Store, job: Job | None) -> None:
    """No restart goes on with this batch, or with any; one that was started since is left alone."""
    with store.together():
        record = store.setting(BATCH)
        if record is not None and (job is None or record["batch"] == job.batch):
            store.set_setting(BATCH, None)


def second_of(store: Store) -> str | None:
    """The name of the second network of the batch that the last server left."""
    record = store.setting(BATCH) or {}
    return record.get("second")


def restore(store: Store, key: str) -> Job | None:
    """The batch as the last server left it; None where it left none. Nothing is written, and no network looked for."""
    record, progress = store.setting(BATCH), store.setting(PROGRESS)
    if record is None:
        return None
    ids = record["images"]
    if progress is None or progress["batch"] != record["batch"]:
        progress = {"left": len(ids), "failed": 0, "failures": []}
    ids = ids[len(ids) - progress["left"] :]
    known = {image.id: image for image in store.images()}
    job = Job(
        key,
        record["model"],
        deque(known[id] for id in ids if id in known),
        record["total"],
        client=key,
        batch=record["batch"],
        careful=CAREFUL,
    )
    job.failures, job.failed_ids = failures_of(progress)
    job.failed = progress["failed"]
    if ids and ids[0] in known:
        # Whatever ended that server: only the picture that was in the decoder or in the network can have done so.
        job.deaths = progress.get("deaths", 0) + bool(progress.get("inside"))
    for id in ids:
        if id not in known:
            job.add_failure(Failure(f"image {id}", "no longer in the project"), id)
            job.outdated = True  # what is left is no longer the end of the record's list
    return job


def failures_of(progress: dict[str, Any]) -> tuple[list[Failure], list[int]]:
    """What a record of progress says of pictures that could not be done, and the ids of their images."""
    failures, ids = [], []
    for file_name, reason, *image_id in progress["failures"]:
        failures.append(Failure(file_name, reason))
        ids.append(image_id[0] if image_id else 0)  # earlier versions did not note it; no image is 0
    return failures, ids
