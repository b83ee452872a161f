"""Cut-outs of instances for the gallery: made when they are asked for, and kept for a while.

Tests: tests/web/routes/test_gallery.py
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from annotator.core.dataset import Image, Instance
from annotator.core.errors import MissingError
from annotator.storage.gallery import version_of
from annotator.storage.store import Store
from annotator.vision.pictures import decode
from annotator.vision.pictures.cutouts import cutout
from annotator.vision.pictures.photo import Pixels

MAX_BYTES = 96 * 1024 * 1024
"""Kept in memory over all projects; browsers keep their own, as an address never shows anything else."""

_TOGETHER = 16  # cut-outs of one picture that are made at once: decoding it costs more than all of them


class Cutouts:
    """Cut-outs as JPEG; those that were asked for last stay in memory."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, store: Store, image_id: int, key: str, version: str) -> tuple[bytes, bool]:
        """The cut-out of an instance, and whether it is of the version that was asked for.

        Raises MissingError where there is no such instance, ImageError where its picture cannot be read.
        """
        kept = self._take(key, version)
        if kept is not None:
            store.image(image_id)  # a picture in the bin is shown to nobody
            return kept, True
        image = store.image(image_id)
        instances = store.instances(image_id)
        wanted = next((one for one in instances if one.key == key), None)
        if wanted is None:
            raise MissingError(f"instance {key:.40}: not on image {image_id}")
        self._make(store, image, _beside(instances, wanted))
        now = version_of(image.sha256, wanted.rle)
        made = self._take(key, now)
        if made is None:  # a cache that holds less than one picture's worth
            made = cutout(_pixels(store, image), wanted.rle)
        return made, now == version

    def _make(self, store: Store, image: Image, instances: Sequence[Instance]) -> None:
        pixels = _pixels(store, image)
        for one in instances:
            version = version_of(image.sha256, one.rle)
            if self._take(one.key, version) is None:
                self._keep(one.key, version, cutout(pixels, one.rle))

    def _take(self, key: str, version: str) -> bytes | None:
        with self._lock:
            found = self._kept.get((key, version))
            if found is not None:
                self._kept.move_to_end((key, version))
            return found

    def _keep(self, key: str, version: str, content: bytes) -> None:
        with self._lock:
            before = self._kept.pop((key, version), b"")
            self._kept[key, version] = content
            self._bytes += len(content) - len(before)
            while self._bytes > self._limit:
                self._bytes -= len(self._kept.popitem(last=False)[1])


def _beside(instances: Sequence[Instance], wanted: Instance) -> list[Instance]:
    """The wanted one, last, after others of its category that will likely be asked for next."""
    others = [one for one in instances if one.category_id == wanted.category_id and one.key != wanted.key]
    others.sort(key=lambda one: one.score if one.score is not None else 1.0, reverse=True)
    return [*others[: _TOGETHER - 1], wanted]


def _pixels(store: Store, image: Image) -> Pixels:
    return decode.decode(store.content(image), file_name=image.file_name).pixels
