"""A mask for a box that a person drags, quick enough to follow the hand.

Tests: tests/web/routes/test_heatmaps.py
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from annotator.core.dataset import Image
from annotator.core.errors import ModelError
from annotator.core.heatmap import HALF, Heatmap
from annotator.core.masks import Rle, rle_area
from annotator.storage.store import Store
from annotator.system.latest import Latest
from annotator.vision.networks import zoo
from annotator.vision.networks.mask_head import Features, MaskHead
from annotator.vision.pictures import decode
from annotator.vision.pictures.grabcut import grabcut_mask
from annotator.vision.pictures.photo import Photo

KEPT_PICTURES = 8
"""Open pictures whose features are kept: half a megabyte to two each."""

KEPT_CROPS = 8
"""Whose features are kept: while a box is dragged, those of the boxes before it are computed, and may do for it."""

KEPT_BYTES = 300_000_000
"""Of their files and pixels (36 MB at 12 Mpx, 120 MB at 40): the latest is kept whatever it takes."""

GRABCUT = "GrabCut"


@dataclass(frozen=True, eq=False)
class BoxMask:
    """The mask inside a box, what made it (a model's name, or GrabCut), and its heatmap, if a model made it."""

    rle: Rle
    by: str
    heatmap: Heatmap | None = None


class MaskAssistant:
    """Mask heads and the features of the pictures that are open, shared by all projects of a server."""

    def __init__(self) -> None:
        self._heads: dict[str, MaskHead | None] = {}
        self._photos: Latest[str, Photo] = Latest(KEPT_PICTURES, most_bytes=KEPT_BYTES, bytes_of=_bytes)
        self._features: Latest[tuple[str, str], Features] = Latest(KEPT_PICTURES)
        self._crops: deque[tuple[str, str, Features]] = deque(maxlen=KEPT_CROPS)
        self._lock = threading.Lock()

    def prepare(self, store: Store, image: Image, *, model: str, box_xyxy: Sequence[float] | None = None) -> None:
        """Compute what the first box would wait for, or one about like this."""
        with self._lock:
            photo = self._photo(store, image)
            head = self._head(model)
            if head is not None and (box_xyxy is None or self._close_features(head, photo, box_xyxy) is None):
                self._features_of(head, photo)

    def by_grabcut(self, store: Store, image: Image, box_xyxy: Sequence[float]) -> BoxMask:
        """The mask inside a box without a network."""
        with self._lock:
            return BoxMask(grabcut_mask(self._photo(store, image).pixels, box_xyxy), GRABCUT)

    def by_head(
        self, store: Store, image: Image, box_xyxy: Sequence[float], *, category_id: int, model: str
    ) -> BoxMask | None:
        """The mask inside a box by the network's mask head; None where it finds none, or does not know the category."""
        with self._lock:
            photo = self._photo(store, image)
            head = self._head(model)
            ids = [] if head is None else [category.id for category in head.info.categories]
            if head is not None and category_id in ids:
                features = self._close_features(head, photo, box_xyxy) or self._features_of(head, photo)
                heatmap = head.heatmap(features, box_xyxy, label=ids.index(category_id))
                if heatmap is not None:
                    rle = heatmap.at(HALF, height=photo.height, width=photo.width)
                    if rle_area(rle):
                        return BoxMask(rle, head.info.name, heatmap)
            return None

    def _head(self, model: str) -> MaskHead | None:
        """The model's mask head; None where its files are not here, or where it cannot be split off.

        Pictures keep the names of models that suggested something, whatever became of these: in the place of one that
        is gone stands the bundled one.
        """
        if model in self._heads:
            return self._heads[model]
        try:
            info = zoo.find(model)
        except ModelError:
            return None if model == zoo.BUNDLED_MODEL else self._head(zoo.BUNDLED_MODEL)
        if info.present:
            try:
                self._heads[model] = MaskHead(info)
            except ModelError:
                self._heads[model] = None
        return self._heads.get(model)

    def _photo(self, store: Store, image: Image) -> Photo:
        return self._photos.get(image.sha256, lambda: decode.decode(store.content(image), file_name=image.file_name))

    def _close_features(self, head: MaskHead, photo: Photo, box_xyxy: Sequence[float]) -> Features | None:
        """Of a crop around the box, or around one like it; None where the whole picture shows it as well."""
        of = head.info.name, photo.sha256
        for name, sha256, features in self._crops:
            if (name, sha256) == of and head.serves(features, photo, box_xyxy):
                return features
        made = head.close_features(photo, box_xyxy)
        if made is not None:
            self._crops.append((*of, made))
        return made

    def _features_of(self, head: MaskHead, photo: Photo) -> Features:
        return self._features.get((head.info.name, photo.sha256), lambda: head.features(photo))


def _bytes(photo: Photo) -> int:
    return len(photo.content) + photo.pixels.nbytes
