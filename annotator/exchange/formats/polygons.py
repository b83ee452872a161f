"""What the formats of polygons have in common: written by the library supervision, read back here.

None of them has holes or crowds. Their readers fill polygons from pixel centre to pixel centre (cv2.fillPoly), and so
do the writer and the comparison here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar
from xml.etree.ElementTree import ParseError

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.dataset import Dataset, Image, Instance
from annotator.core.errors import ExportError, ImageError
from annotator.core.masks import BoolMask, rle_box_xyxy, rle_to_mask
from annotator.exchange.formats.base import Options, Outcome, Pictures
from annotator.exchange.formats.boxes import Box, boxes_of
from annotator.exchange.formats.polygon_report import PolygonReport
from annotator.exchange.names import flat_names
from annotator.system import files

LIBRARY = "supervision"
EXTRA = "formats"

Points = NDArray[np.float64]

_MIN_POINTS = 3  # of a contour that the library writes as a polygon


class Layout(ABC):
    """Where a format's files lie, and how they are read back. A layout is itself a writer (`formats.base.Writer`).

    suffix: of a picture's annotations. save: the library's method. parts: what becomes of an instance's parts.
    holds_boxes: whether its readers take a box. whole_pixels: whether its boxes have whole numbers alone.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]
    save: ClassVar[str]
    parts: ClassVar[str] = "the format knows no parts"
    holds_boxes: ClassVar[bool] = True
    whole_pixels: ClassVar[bool] = False

    @abstractmethod
    def picture_folder(self, part: str) -> str:
        """Of a part's pictures, below the folder of the export."""

    @abstractmethod
    def annotation_folder(self, part: str) -> str:
        """Of a part's annotations, below the folder of the export."""

    @abstractmethod
    def read_back(self, file: Path, *, width: int, height: int) -> Iterator[Points]:
        """The points of every object of a file, in its order, from pixel centre to pixel centre."""

    def picture_name(self, name: str) -> str:
        """The name with a suffix that the format's readers know."""
        return name

    def picture(self, content: bytes) -> bytes:
        """A picture's file as the format's readers know it."""
        return content

    def category_names(self, names: Sequence[str]) -> list[str]:
        """The names as the format holds them, in their order."""
        return list(names)

    def mend(self, file: Path, *, width: int, height: int) -> None:  # noqa: B027, most need not
        """Change what the library wrote of a picture where readers want it otherwise."""

    def say(self, file: Path, said: Sequence[Instance | None]) -> None:  # noqa: B027, most know no flags
        """Write what a person says of the objects of a file. said: the instance of each, None of a box alone."""

    def leaves_unsaid(self, instance: Instance) -> bool:
        """Whether the format has no place for something that a person says of an instance."""
        return bool(instance.flags or instance.note)

    def finish(self, folder: Path, parts: Mapping[str, Sequence[str]], categories: Sequence[str]) -> None:  # noqa: B027
        """Write what stands beside the annotations. parts: the names of each one's pictures."""

    def __call__(self, parts: Mapping[str, Dataset], folder: Path, *, options: Options, pictures: Pictures) -> Outcome:
        return _Writing(self, folder, parts, pictures).run()


class _Writing:
    """One export: the names that it gives, and the report that grows with each picture."""

    def __init__(self, layout: Layout, folder: Path, parts: Mapping[str, Dataset], pictures: Pictures) -> None:
        everything = [image for dataset in parts.values() for image in dataset.images]
        categories = next(iter(parts.values())).categories
        plain = layout.category_names([category.name for category in categories])
        self._library: Any = import_module(LIBRARY)
        self._layout, self._folder, self._parts, self._pictures = layout, folder, parts, pictures
        self._names = flat_names(
            [replace(image, file_name=layout.picture_name(image.file_name)) for image in everything]
        )
        self._class_of = {category.id: index for index, category in enumerate(categories)}
        self._report = report = PolygonReport(layout.name, layout.parts, categories=plain)
        report.renamed = {
            image.file_name: self._names[image.id] for image in everything if self._names[image.id] != image.file_name
        }
        report.renamed_categories = {
            category.name: name for category, name in zip(categories, plain, strict=True) if category.name != name
        }
        self._written: dict[int, str] = {}

    def run(self) -> Outcome:
        listed: dict[str, list[str]] = {}
        for part, dataset in self._parts.items():
            (self._folder / self._layout.annotation_folder(part)).mkdir(parents=True, exist_ok=True)
            instances: dict[int, list[Instance]] = {image.id: [] for image in dataset.images}
            for instance in dataset.instances:
                instances[instance.image_id].append(instance)
            listed[part] = [
                self._names[image.id] for image in dataset.images if self._write(part, image, instances[image.id])
            ]
            if not listed[part]:
                where = f"part {part}" if part else "this dataset"
                raise ExportError(f"format {self._layout.name} can hold nothing of what the pictures of {where} show")
        self._layout.finish(self._folder, listed, self._report.categories)
        self._report.sum_up()
        return Outcome({"": self._report}, self._written)

    def _write(self, part: str, image: Image, found: Sequence[Instance]) -> bool:
        """Write one picture with its annotations, unless the format can hold nothing of what is on it."""
        report = self._report
        boxes, nowhere = boxes_of(image, categories=self._class_of)
        report.nowhere += nowhere
        held = [instance for instance in found if not instance.crowd]
        kept = [box for box in boxes if self._layout.holds_boxes and not box.crowd]
        report.crowds_left_out += [instance.id for instance in found if instance.crowd]
        report.crowds_left_out += [box.id for box in boxes if box.crowd]
        if not self._layout.holds_boxes:
            report.boxes_left_out += [box.id for box in boxes if not box.crowd]
        if not held and not kept and (found or boxes or nowhere):
            report.pictures_left_out.append(image.file_name)
            return False
        name = self._names[image.id]
        path = self._folder / self._layout.picture_folder(part) / name
        content = self._pictures(image)
        annotations = self._folder / self._layout.annotation_folder(part) / f"{path.stem}{self._layout.suffix}"
        try:
            files.write_atomically(path, self._layout.picture(content))
            self._annotate(path, annotations, _Shown(image, held, kept))
        except (ImageError, ValueError, KeyError, TypeError, OSError, cv2.error, ParseError) as error:
            raise ExportError(f"{name}: cannot be written as {self._layout.name}: {error}") from error
        report.images += 1
        report.instances += len(held)
        report.boxes_only += [box.id for box in kept]
        report.clipped += [box.id for box in kept if box.clipped]
        self._written[image.id] = path.relative_to(self._folder).as_posix()
        return True

    def _annotate(self, path: Path, annotations: Path, shown: _Shown) -> None:
        """Write one picture's annotations, read them back, and note in the report what they lost."""
        masks = [rle_to_mask(instance.rle) for instance in shown.instances]
        drawn = masks
        try:
            self._save(path, annotations, shown, drawn)
        except ValueError:  # the library found no way from some hole to its outline
            drawn = [_filled(mask) for mask in masks]
            changed = [bool((old != new).any()) for old, new in zip(masks, drawn, strict=True)]
            if not any(changed):
                raise
            self._report.filled += [one.id for one, is_other in zip(shown.instances, changed, strict=True) if is_other]
            self._save(path, annotations, shown, drawn)
        width, height = shown.image.width, shown.image.height
        objects = list(self._layout.read_back(annotations, width=width, height=height))
        counts = [_outlines(mask) for mask in drawn]
        expected = sum(max(outlines, 1) for outlines, _ in counts) + len(shown.boxes)
        if expected != len(objects):
            raise ValueError(f"{len(objects)} objects read back, expected {expected}")
        self._report.objects += expected - len(shown.boxes)
        pairs = zip(shown.instances, counts, strict=True)
        said = [instance for instance, (outlines, _) in pairs for _ in range(max(outlines, 1))]
        self._layout.say(annotations, [*said, *(None for _ in shown.boxes)])
        self._report.unsaid += [one.id for one in shown.instances if self._layout.leaves_unsaid(one)]
        waiting = iter(objects)
        for instance, mask, (outlines, holes) in zip(shown.instances, masks, counts, strict=True):
            self._compare(instance, mask, [next(waiting) for _ in range(max(outlines, 1))])
            for ids, applies in (
                (self._report.in_parts, outlines > 1),
                (self._report.holes, holes),
                (self._report.boxes, not outlines),
            ):
                if applies:
                    ids.append(instance.id)
        for box in shown.boxes:
            off = np.abs(next(waiting)[[0, 2]] + [[0, 0], [1, 1]] - box.to_array().reshape(2, 2)).max()
            if off > 1:
                raise ValueError(f"box {box.id} reads back {off:g} px off")
            if off > _ROUNDING:
                self._report.rounded.append(box.id)

    def _save(self, path: Path, annotations: Path, shown: _Shown, masks: Sequence[BoolMask]) -> None:
        """The library writes an object without a mask as its box."""
        found = self._library.Detections.empty()
        if masks or shown.boxes:
            empty = np.zeros((shown.image.height, shown.image.width), bool)
            boxes = [rle_box_xyxy(instance.rle) for instance in shown.instances]
            found = self._library.Detections(
                xyxy=np.array([*boxes, *map(self._box, shown.boxes)], np.float64).reshape(-1, 4),
                mask=np.stack([*masks, *(empty for _ in shown.boxes)]),
                class_id=np.array([self._class_of[id] for id in shown.category_ids]),
            )
        dataset = self._library.DetectionDataset(self._report.categories, [str(path)], {str(path): found})
        getattr(dataset, self._layout.save)(annotations_directory_path=str(annotations.parent))
        self._layout.mend(annotations, width=shown.image.width, height=shown.image.height)

    def _box(self, box: Box) -> NDArray[np.float64]:
        if not self._layout.whole_pixels:
            return box.to_array()
        x0, y0, x1, y1 = box.xyxy
        return np.array([np.floor(x0), np.floor(y0), np.ceil(x1), np.ceil(y1)])

    def _compare(self, instance: Instance, mask: BoolMask, objects: Sequence[Points]) -> None:
        found = np.zeros(mask.shape, np.uint8)
        for points in objects:
            cv2.fillPoly(found, [np.round(points).astype(np.int32)], 1)
        iou = int((mask & (found == 1)).sum()) / int((mask | (found == 1)).sum())
        if iou < 1:
            self._report.losses[instance.id] = iou


_ROUNDING = 0.01  # px; what a format's decimals cost


@dataclass(frozen=True)
class _Shown:
    """What is written of one image."""

    image: Image
    instances: Sequence[Instance]
    boxes: Sequence[Box]

    @property
    def category_ids(self) -> list[int]:
        return [*(one.category_id for one in self.instances), *(one.category_id for one in self.boxes)]


def corners(box_xyxy: NDArray[np.float64]) -> Points:
    """A box up to its far edges -> its corners' pixel centres."""
    x0, y0, x1, y1 = box_xyxy
    return np.array([[x0, y0], [x1 - 1, y0], [x1 - 1, y1 - 1], [x0, y1 - 1]])


def _outlines(mask: BoolMask) -> tuple[int, bool]:
    """How many polygons the library makes of a mask, and whether it has holes."""
    found, places = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    above = [place[3] for place in places[0]] if places is not None else []
    outer = sum(parent < 0 and len(ring) >= _MIN_POINTS for ring, parent in zip(found, above, strict=True))
    return int(outer), any(parent >= 0 for parent in above)


def _filled(mask: BoolMask) -> BoolMask:
    """The mask without its holes."""
    rings, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, rings, -1, 1, cv2.FILLED)
    return np.asarray(filled == 1)
