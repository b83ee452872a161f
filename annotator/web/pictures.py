"""Pictures on their way into a project and back to a browser: thumbnails, and what browsers do not show as it came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from annotator.core.dataset import Image
from annotator.core.files import written_whole
from annotator.storage.store import Store
from annotator.vision import images
from annotator.web.projects import Projects

_KEPT = (("png", "image/png"), ("jpeg", "image/jpeg"))


def add(projects: Projects, key: str, content: bytes, name: str) -> dict[str, Any]:
    """Check a picture and put it into a project; what the browser is told of it.

    Raises ImageError for what is no picture, LimitError where there is no room.
    """
    with projects.use(key) as store:
        projects.require_room_for_image(store)
        projects.require_room(key, store, len(content))
        photo = images.decode(content, file_name=name)
        known = store.image_by_sha256(photo.sha256) is not None
        image = store.add_image(content, file_name=name, width=photo.width, height=photo.height)
        if not known:
            projects.grew(key, len(content) + _keep_thumbnail(store, photo))
    return {"id": image.id, "name": image.file_name, "known": known}


def shown(store: Store, image: Image) -> tuple[Path | bytes, str]:
    """What a browser shows, and its MIME type: the picture as it came, else another one, made once and kept."""
    for kept, kind in _KEPT:
        path = store.folder / "shown" / f"{image.sha256}.{kept}"
        if path.is_file():
            return path, kind
    content = store.content(image)
    made, kind = images.browser_picture(content)
    if made is content:
        return store.content_path(image.sha256), kind
    return _kept(store.folder / "shown" / f"{image.sha256}.{kind.rpartition('/')[2]}", made), kind


def thumbnail(store: Store, image: Image) -> Path | None:
    """The thumbnail's file, None where it has to be made."""
    path = _thumbnail_path(store, image.sha256)
    return path if path.is_file() else None


def make_thumbnail(store: Store, image: Image) -> Path | bytes:
    """The thumbnail of a stored picture, made again."""
    photo = images.decode(store.content(image), file_name=image.file_name)
    return _kept(_thumbnail_path(store, image.sha256), images.thumbnail(photo))


def _keep_thumbnail(store: Store, photo: images.Photo) -> int:
    """Of a picture that was just stored; its bytes, counted."""
    content = images.thumbnail(photo)
    _kept(_thumbnail_path(store, photo.sha256), content)
    return len(content)


def _kept(path: Path, content: bytes) -> Path | bytes:
    """The file with this content; the content itself on a disk that takes no more, so that it is seen all the same."""
    try:
        written_whole(path, content)
    except OSError:
        return content
    return path


def _thumbnail_path(store: Store, sha256: str) -> Path:
    return store.folder / "thumbnails" / f"{sha256}.jpg"
