"""Pictures that join the queue."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool

from annotator.core.errors import ImageError
from annotator.core.limits import MAX_NAME
from annotator.system import paths
from annotator.vision.networks import zoo
from annotator.vision.pictures.decode import MAX_FILE_BYTES
from annotator.web import pictures
from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects
from annotator.web.sharing.arrivals import Arrivals
from annotator.web.sharing.guard import MAX_PICTURE_BYTES
from annotator.web.sharing.limits import LimitError
from annotator.web.sharing.uploads import Uploads


def add_queue_routes(router: APIRouter, projects: Projects, jobs: Prelabelling, uploads: Uploads) -> None:
    arrivals = Arrivals()

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

    @router.get("/{key}/known/{sha256}")
    def known(key: str, sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]) -> dict[str, int | None]:
        """The id of the picture with these bytes; null where the project has none. What is known need not be sent."""
        with projects.use(key) as store:
            image = store.image_by_sha256(sha256)
        return {"id": None if image is None else image.id}

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
