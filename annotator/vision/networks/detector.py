"""From a picture to detections in its own pixels. The network's class index ends here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.errors import AnnotatorError, ModelError
from annotator.core.geometry import FloatArray, Resize, clip_boxes
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle
from annotator.vision.networks.adapters.base import RawDetections
from annotator.vision.networks.runtime import PRECISION, Found, Network, Tag
from annotator.vision.networks.soft_masks import SoftMasks
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures.photo import Photo

if TYPE_CHECKING:
    from annotator.vision.networks.served.network import ServedNetwork


@dataclass(frozen=True, eq=False)
class Detections:
    """What a network saw on one picture, the surest first.

    boxes_xyxy: (n, 4) float64 in image pixels, as the network has them, possibly beyond the borders.
    scores: (n,) in 0..1. category_ids: (n,). soft: their masks, as the network has them. resize: how the picture lay in
    the input.
    """

    boxes_xyxy: FloatArray
    scores: FloatArray
    category_ids: NDArray[np.int64]
    soft: SoftMasks
    resize: Resize

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def width(self) -> int:
        return self.resize.image_width

    @property
    def height(self) -> int:
        return self.resize.image_height

    def copied(self) -> Detections:
        """A copy that stays valid when the network goes on: until then the masks may lie in its own memory."""
        return replace(self, soft=self.soft.copied())

    def mask(self, index: int, *, level: float = 0.5) -> Rle:
        """The mask of one detection; it may be empty where the heatmap stays below the level."""
        return self.masks([index], level=level)[0]

    def masks(self, indices: Sequence[int], *, level: float = 0.5) -> list[Rle]:
        """The masks of some detections: faster together than one by one."""
        chosen = _rows(np.asarray(indices, np.intp))
        return self.soft.take(chosen).rles(self.boxes_xyxy[chosen], resize=self.resize, level=level)

    def kept_heatmaps(self, indices: Sequence[int]) -> list[Heatmap | None]:
        """The heatmaps of some detections, as they are kept; None where one is too large for that."""
        chosen = _rows(np.asarray(indices, np.intp))
        return self.soft.take(chosen).heatmaps(self.boxes_xyxy[chosen], resize=self.resize)

    def clipped_boxes(self) -> FloatArray:
        """The boxes inside the picture."""
        return clip_boxes(self.boxes_xyxy, width=self.width, height=self.height)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A photo as the network takes it: `picture` (height, width, 3) uint8 RGB of the input's size, and how it lies."""

    resize: Resize
    picture: NDArray[np.uint8]


class Detector:
    """A compiled network with its resize rule and its table of categories."""

    def __init__(
        self, info: ModelInfo, *, device: str = "AUTO", precision: str = PRECISION, threads: int | None = None
    ) -> None:
        """threads: of the processor, where not all are for this one."""
        self.info = info
        self.device, self.precision = device, precision
        self.network = _open(info, device=device, precision=precision, threads=threads)

    def detect(self, photo: Photo) -> Detections:
        """Detections on one picture. Raises ModelError where the network fails on it."""
        (_, found), *_ = self.stream([(None, photo)])
        return found

    def prepare(self, photo: Photo) -> Prepared:
        """A photo, or its draft, as the network takes it; may be called from any thread."""
        return prepare(photo, self.info, input_size=self.network.input_size)

    def stream(self, photos: Iterable[tuple[Tag, Photo]]) -> Iterator[tuple[Tag, Detections]]:
        """Detections in the order of the pictures, inference overlapping with what the caller does.

        Raises ModelError at the first picture on which the network fails.
        """
        pictures = ((tag, self.prepare(photo)) for tag, photo in photos)
        for tag, found in self.stream_prepared(pictures, Detections.copied):
            if isinstance(found, AnnotatorError):
                raise found
            yield tag, found

    def stream_prepared(
        self, pictures: Iterable[tuple[Tag, Prepared | AnnotatorError]], extract: Callable[[Detections], Found]
    ) -> Iterator[tuple[Tag, Found | AnnotatorError]]:
        """What `extract` takes from the detections on each picture, in the order of the pictures.

        extract: called before the network goes on, so that heatmaps need not be copied where only masks are needed.
        An error in place of a picture comes out again in its turn; a ModelError is the answer to a picture on which the
        network fails.
        """

        def interpret(tagged: tuple[Tag, Prepared | AnnotatorError], raw: RawDetections) -> Found | AnnotatorError:
            try:
                detections = to_detections(raw, cast(Prepared, tagged[1]).resize, self.info)
            except ModelError as error:
                return error
            return extract(detections)

        inputs = (((tag, one), one.picture if isinstance(one, Prepared) else one) for tag, one in pictures)
        for (tag, _), found in self.network.stream(inputs, interpret):
            yield tag, found


def _open(info: ModelInfo, *, device: str, precision: str, threads: int | None) -> Network | ServedNetwork:
    """What runs the network: this machine, or its server."""
    if info.server is None:
        return Network(info, device=device, precision=precision, threads=threads)
    if (device, precision) != ("AUTO", PRECISION):
        raise ModelError(f"{info.name}: runs on a server, which chooses device and precision by itself")
    from annotator.vision.networks.served.network import ServedNetwork

    return ServedNetwork(info, info.server)


def prepare(photo: Photo, info: ModelInfo, *, input_size: tuple[int, int]) -> Prepared:
    """A photo resized into an input of (width, height), as the network's description says."""
    resize = Resize.plan(rule=info.resize, image_size=(photo.width, photo.height), input_size=input_size)
    return Prepared(resize, resize_into_input(photo.pixels, resize, pad=info.pad))


def resize_into_input(pixels: NDArray[np.uint8], resize: Resize, *, pad: int) -> NDArray[np.uint8]:
    """Picture (H, W, 3) -> the network's input (input_height, input_width, 3), padded with the value `pad`."""
    content = cv2.resize(pixels, (resize.content_width, resize.content_height), interpolation=cv2.INTER_LINEAR)
    if content.shape[:2] == (resize.input_height, resize.input_width):
        return np.asarray(content, np.uint8)
    canvas = np.full((resize.input_height, resize.input_width, 3), pad, np.uint8)
    rows = slice(resize.top, resize.top + resize.content_height)
    canvas[rows, resize.left : resize.left + resize.content_width] = content
    return canvas


def to_detections(raw: RawDetections, resize: Resize, info: ModelInfo) -> Detections:
    """A network's answer -> detections: padding rows dropped, labels looked up, boxes back in image pixels.

    Raises ModelError on outputs that are not of the contract's form, or a class index without a category.
    """
    _require_form(raw, info)
    boxes = raw.boxes.astype(np.float64).reshape(len(raw.boxes), 5)
    kept = np.flatnonzero(np.isfinite(boxes).all(axis=1) & ((not raw.filled) | (boxes[:, :4].sum(axis=1) > 0)))
    chosen = _rows(kept[np.argsort(-boxes[kept, 4], kind="stable")])
    labels = raw.labels[chosen]
    if labels.size and not 0 <= labels.min() <= labels.max() < len(info.categories):
        found = labels.min() if labels.min() < 0 else labels.max()
        raise ModelError(f"{info.name}: class index {found}, expected 0 to {len(info.categories) - 1}")
    ids = np.array([category.id for category in info.categories], np.int64)
    return Detections(
        boxes_xyxy=resize.boxes_to_image(boxes[chosen, :4]),
        scores=np.clip(boxes[chosen, 4], 0.0, 1.0),
        category_ids=ids[labels],
        soft=raw.masks.take(chosen),
        resize=resize,
    )


def _require_form(raw: RawDetections, info: ModelInfo) -> None:
    """Of outputs whose sides depend on the picture, no graph says beforehand what they will be."""
    labels, boxes = raw.labels.shape, raw.boxes.shape
    count = boxes[0] if boxes else 0
    fits = labels == (count,) and (boxes == (count, 5) or boxes[:1] == (0,)) and raw.masks.are_of(count)
    if not fits:
        found = f"labels {list(labels)}, boxes {list(boxes)}, masks {raw.masks.form}"
        raise ModelError(f"{info.name}: found {found}, expected [n], [n, 5] and [n, s, s]")


def _rows(indices: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Row numbers; as a slice, which copies none of 2 MB of heatmaps, where they are the first ones in order."""
    return slice(len(indices)) if np.array_equal(indices, np.arange(len(indices))) else indices
