"""Pictures on their way into a project and back to a browser, with thumbnails and converted copies."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.core.dataset import Image
from annotator.core.errors import MissingError, StoreError
from annotator.storage import contents
from annotator.storage.store import Store
from annotator.system.files import write_atomically
from annotator.vision.networks.prompts import feature_cache
from annotator.vision.pictures import decode, renditions
from annotator.vision.pictures.look import Change
from annotator.vision.pictures.photo import Photo
from annotator.web.projects import Projects

MOST_KNOWN = 50_000
"""Pictures that are shown as they are: to find that out, each is looked at once."""

SAID = frozenset((Change.SHALLOW, Change.OPAQUE, Change.FRAMES))
"""What the page tells of pictures that come in, under the names in lower case."""

_JPEG = b"\xff\xd8"
"""How a JPEG begins, of which there is nothing to tell."""

SHA256 = re.compile(r"[0-9a-f]{64}")

_KEPT = (("png", "image/png"), ("jpeg", "image/jpeg"))


@dataclass(frozen=True)
class Checked:
    """What is known of an upload that is a picture: its size upright, its hash, and its thumbnail's bytes.

    change: how it is shown otherwise than somebody might expect, one of SAID; empty where it is not.
    """

    name: str
    width: int
    height: int
    sha256: str
    thumbnail: bytes
    change: str = ""


def check(projects: Projects, key: str, content: bytes, name: str) -> Checked:
    """Decode an upload. Raises ImageError for what is no picture, LimitError where there is no room."""
    with projects.use(key) as store:
        _require_quota(projects, key, store, content)
    photo = decode.decode(content, file_name=name)
    thumbnail = renditions.thumbnail(photo)
    return Checked(name, photo.width, photo.height, photo.sha256, thumbnail, _change_of(photo))


def _change_of(photo: Photo) -> str:
    if photo.content.startswith(_JPEG):
        return ""
    found = renditions.look(photo.content)
    if found.mime:
        _AS_THEY_ARE.put(photo.sha256, found.mime)
    return found.change.name.lower() if found.change in SAID else ""


def put(projects: Projects, key: str, content: bytes, checked: Checked) -> dict[str, Any]:
    """Put a picture that was checked into a project; what the browser is told of it. Raises LimitError."""
    # Of two that come side by side, the second one sees what the first one took.
    with projects.use(key) as store, store.together():
        _require_quota(projects, key, store, content)
        known = store.image_by_sha256(checked.sha256) is not None
        image = store.add_image(content, file_name=checked.name, width=checked.width, height=checked.height)
        if not known:
            _kept(_thumbnail_path(store, checked.sha256), checked.thumbnail)
            projects.count_files(key, len(content) + len(checked.thumbnail))
    return {"id": image.id, "name": image.file_name, "known": known, "change": checked.change}


def _require_quota(projects: Projects, key: str, store: Store, content: bytes) -> None:
    projects.require_image_quota(store)
    projects.require_quota(key, store, len(content))


def shown(store: Store, image: Image) -> tuple[Path | bytes, str]:
    """What a browser shows, and its MIME type: the picture as it came, else another one, made once and kept."""
    for kept, kind in _KEPT:
        path = store.folder / "shown" / f"{image.sha256}.{kept}"
        if path.is_file():
            return path, kind
    known = _AS_THEY_ARE.get(image.sha256)
    if known is not None:
        return store.content_path(image.sha256), known
    content = store.content(image)
    made, kind = renditions.browser_picture(content)
    if made is content:
        _AS_THEY_ARE.put(image.sha256, kind)
        return store.content_path(image.sha256), kind
    return _kept(store.folder / "shown" / f"{image.sha256}.{kind.rpartition('/')[2]}", made), kind


def forget(store: Store, images: Iterable[Image]) -> None:
    """Delete what was made of pictures for the page. Raises StoreError where that cannot be done."""
    for image in images:
        shown = (store.folder / "shown" / f"{image.sha256}.{kept}" for kept, _ in _KEPT)
        try:
            for made in (_thumbnail_path(store, image.sha256), *shown):
                made.unlink(missing_ok=True)
            feature_cache.forget(store.folder, image.sha256)
        except OSError as error:
            raise StoreError(f"image {image.id}: cannot be deleted: {error.strerror or error}") from error


def thumbnail(store: Store, image: Image) -> Path | None:
    """The thumbnail's file, None where it has to be made."""
    path = _thumbnail_path(store, image.sha256)
    return path if path.is_file() else None


def cover(folder: Path, sha256: str) -> Path | bytes:
    """The thumbnail of a picture in a project's folder, whose database is not asked. Raises MissingError."""
    if SHA256.fullmatch(sha256) is None:
        raise MissingError("no such picture in the project")
    made, content = folder / "thumbnails" / f"{sha256}.jpg", contents.path_of(folder / "images", sha256)
    if made.is_file():
        return made
    if not content.is_file():
        raise MissingError("no such picture in the project")
    photo = decode.decode(content.read_bytes(), file_name=sha256[:8])
    return _kept(made, renditions.thumbnail(photo))


def make_thumbnail(store: Store, image: Image) -> Path | bytes:
    """The thumbnail of a stored picture, made again."""
    photo = decode.decode(store.content(image), file_name=image.file_name)
    return _kept(_thumbnail_path(store, image.sha256), renditions.thumbnail(photo))


class _Types:
    """MIME types of pictures by their SHA-256, of the latest MOST_KNOWN."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, sha256: str) -> str | None:
        return self._of.get(sha256)

    def put(self, sha256: str, kind: str) -> None:
        with self._lock:
            self._of[sha256] = kind
            while len(self._of) > MOST_KNOWN:
                del self._of[next(iter(self._of))]


_AS_THEY_ARE = _Types()


def _kept(path: Path, content: bytes) -> Path | bytes:
    """Write the content and return its file; on a full disk return the content itself, so that it is shown all the
    same.
    """
    try:
        write_atomically(path, content)
    except OSError:
        return content
    return path


def _thumbnail_path(store: Store, sha256: str) -> Path:
    return store.folder / "thumbnails" / f"{sha256}.jpg"
