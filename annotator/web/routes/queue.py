"""The queue: every picture of a project with its counts, and pictures that join it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import ImageError
from annotator.core.limits import MAX_NAME
from annotator.storage.images import QueueRow
from annotator.system import paths
from annotator.vision.networks import zoo
from annotator.vision.pictures.decode import MAX_FILE_BYTES
from annotator.web import pictures
from annotator.web.batch_record import MAX_FAILURES
from annotator.web.jobs import Job, Prelabelling
from annotator.web.projects import Projects
from annotator.web.sharing.arrivals import Arrivals
from annotator.web.sharing.guard import MAX_PICTURE_BYTES
from annotator.web.sharing.limits import LimitError
from annotator.web.sharing.uploads import Uploads


def add_queue_routes(router: APIRouter, projects: Projects, jobs: Prelabelling, uploads: Uploads) -> None:
    arrivals = Arrivals()

    @router.get("/{key}/queue")
    def queue(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            rows, binned = store.queue(), len(store.bin())
        return {
            "images": [_row_to_json(row, key) for row in rows],
            "bin": binned,
            "job": _job_to_json(jobs.status(key)),
        }

    @router.post("/{key}/images")
    async def upload(key: str, name: str, request: Request) -> dict[str, Any]:
        if not 0 < len(name) <= MAX_NAME:
            raise ImageError(f"{name:.80}: a name of {len(name)} characters, expected 1 to {MAX_NAME}")
        # Sent side by side, pictures join the queue in the order in which they were sent.
        async with arrivals.joined(key) as mine:
            # Before the body is read: whoever may not add anything need not send it either.
            await run_in_threadpool(projects.get, key)
            most = MAX_PICTURE_BYTES if projects.shared else MAX_FILE_BYTES
            async with uploads.received(request, key, most, watch=mine.received) as body:
                mine.arrived()
                # A small file may hold a large picture: it waits for its turn as a large one does.
                checked = await uploads.decoding.run(key, lambda: pictures.check(projects, key, body.content(), name))
                await arrivals.turn(key, mine)
                return await uploads.decoding.run(key, lambda: pictures.put(projects, key, body.content(), checked))

    @router.post("/{key}/example")
    async def example(key: str) -> dict[str, Any]:
        def add() -> dict[str, Any]:
            added = []
            for path in sorted(paths.EXAMPLES.glob("*.jpg")):
                content = path.read_bytes()
                added.append(pictures.put(projects, key, content, pictures.check(projects, key, content, path.name)))
            _prelabel(projects, jobs, key, {picture["id"] for picture in added})
            return added[0]

        return await uploads.decoding.run(key, add)


def _prelabel(projects: Projects, jobs: Prelabelling, key: str, image_ids: set[int]) -> None:
    """Begin to pre-label the new ones of these pictures with the first network that is here."""
    here = next((info for info in zoo.list_models() if info.present), None)
    with projects.use(key) as store:
        images = [image for image in store.images() if image.id in image_ids and not image.prelabelled]
    if here is None or not images:
        return
    # Where too many batches wait, the pictures are there all the same, and the buttons too.
    with suppress(LimitError):
        jobs.start(key, here, images)


def _row_to_json(row: QueueRow, key: str) -> dict[str, Any]:
    return {
        "id": row.image.id,
        "name": row.image.file_name,
        "width": row.image.width,
        "height": row.image.height,
        "thumbnail": f"annotator/{key}/thumbnails/{row.image.id}",
        "reviewed": row.image.reviewed,
        "prelabelled": row.image.prelabelled,
        "accepted": row.accepted,
        "suggested": row.suggested,
        "rejected": row.rejected,
        "scores": row.scores,
    }


def _job_to_json(job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {
        "done": job.done,
        "total": job.total,
        "running": job.running,
        "failures": [str(failure) for failure in job.failures],
        "failed": job.failed,
        "failed_images": job.failed_ids[:MAX_FAILURES],
    }
