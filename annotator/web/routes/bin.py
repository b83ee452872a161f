"""The bin: pictures that were removed, and can come back until it is emptied."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from annotator.web import pictures
from annotator.web.projects import Projects
from annotator.web.routes.requests import ImageId


def add_bin_routes(router: APIRouter, projects: Projects) -> None:
    @router.get("/{key}/bin")
    def list_bin(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return {"images": [{"id": image.id, "name": image.file_name} for image in store.bin()]}

    @router.post("/{key}/bin")
    def fill_bin(key: str) -> dict[str, Any]:
        with projects.use(key) as store:
            return {"count": store.remove_images()}

    @router.delete("/{key}/bin")
    def empty_bin(key: str) -> dict[str, Any]:
        with projects.use(key) as store, store.together():
            pictures.forget(store, store.bin())
            return {"count": store.empty_bin()}

    @router.post("/{key}/bin/restore")
    def restore_all(key: str) -> dict[str, Any]:
        with projects.use(key) as store, store.together():
            projects.require_image_quota(store, len(store.bin()))
            return {"count": store.restore_images()}

    @router.post("/{key}/bin/{image_id}/restore")
    def restore(key: str, image_id: ImageId) -> dict[str, Any]:
        with projects.use(key) as store, store.together():
            projects.require_image_quota(store)
            store.restore_image(image_id)
        return {"count": 1}
