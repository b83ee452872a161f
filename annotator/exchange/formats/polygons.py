"""What the formats of polygons have in common: what is written of each picture, and how it is read back.

None of them has holes or crowds. The library supervision makes the polygons (`outlines.py`); a layout says where files
lie and what stands in them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from xml.parsers.expat import ExpatError

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.dataset import Dataset, Image, Instance
from annotator.core.errors import ExportError, ImageError
from annotator.core.rows import ByImage
from annotator.exchange.formats.base import Options, Outcome, Pictures
from annotator.exchange.formats.boxes import Box, boxes_of
from annotator.exchange.formats.outlines import LIBRARY, Outline, Points, outlined
from annotator.exchange.formats.polygon_report import PolygonReport
from annotator.exchange.names import flat_names
from annotator.system import files

__all__ = ["EXTRA", "LIBRARY", "Layout", "Points", "Sheet", "Written", "corners"]

EXTRA = "formats"


@dataclass(frozen=True, eq=False)
class Written:
    """One object as a format writes it: a polygon, else a box.

    category: index of its name. points: (n, 2) whole numbers, from pixel centre to pixel centre. box_xyxy: (4,) up to
    the far edges, around the polygon where there is one. instance: what it is of; None of an object that never had a
    mask. group: a number that the polygons of one instance share; None where there is one alone.
    """

    category: int
    points: NDArray[np.int64] | None
    box_xyxy: Points
    instance: Instance | None = None
    group: int | None = None


@dataclass(frozen=True, eq=False)
class Sheet:
    """What a format writes of one picture. name: of the picture's file; names: of the categories; flags: its own."""

    name: str
    width: int
    height: int
    names: Sequence[str]
    objects: Sequence[Written]
    flags: Sequence[str] = ()


class Layout(ABC):
    """Where a format's files lie, what they say, and how they are read back. A layout is itself a writer
    (`formats.base.Writer`).

    suffix: of a picture's annotations. parts: what becomes of an instance's parts. holds_boxes: whether its readers
    take a box. whole_pixels: whether its boxes have whole numbers alone.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]
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
    def text_of(self, sheet: Sheet) -> str:
        """What the file of a picture's annotations says, its objects in their order."""

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

    def leaves_unsaid(self, instance: Instance) -> bool:
        """Whether the format has no place for something that a person says of an instance."""
        return bool(instance.flags or instance.note)

    def leaves_picture_unsaid(self, image: Image) -> bool:
        """The same of what is said of a picture."""
        return bool(image.flags or image.note)

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
            instances = ByImage(dataset.instances)
            listed[part] = [
                self._names[image.id] for image in dataset.images if self._write(part, image, instances.of(image))
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
            self._annotate(annotations, path.name, _Shown(image, held, kept))
        except (ImageError, ValueError, KeyError, TypeError, OSError, cv2.error, ExpatError) as error:
            raise ExportError(f"{name}: cannot be written as {self._layout.name}: {error}") from error
        report.images += 1
        report.instances += len(held)
        report.boxes_only += [box.id for box in kept]
        report.clipped += [box.id for box in kept if box.clipped]
        if self._layout.leaves_picture_unsaid(image):
            report.pictures_unsaid.append(image.file_name)
        self._written[image.id] = path.relative_to(self._folder).as_posix()
        return True

    def _annotate(self, annotations: Path, name: str, shown: _Shown) -> None:
        """Write one picture's annotations, read them back, and note in the report what they lost."""
        outlines = [outlined(instance.rle) for instance in shown.instances]
        objects = [
            one
            for place, (instance, outline) in enumerate(zip(shown.instances, outlines, strict=True))
            for one in self._objects_of(instance, outline, place)
        ]
        objects += [Written(self._class_of[box.category_id], None, self._box(box)) for box in shown.boxes]
        width, height = shown.image.width, shown.image.height
        sheet = Sheet(name, width, height, self._report.categories, objects, shown.image.flags)
        text = self._layout.text_of(sheet)
        annotations.write_text(text, "utf-8", newline="\n")
        found = list(self._layout.read_back(annotations, width=width, height=height))
        if len(objects) != len(found):
            raise ValueError(f"{len(found)} objects read back, expected {len(objects)}")
        self._report.objects += len(objects) - len(shown.boxes)
        self._report.unsaid += [one.id for one in shown.instances if self._layout.leaves_unsaid(one)]
        waiting = iter(found)
        for instance, outline in zip(shown.instances, outlines, strict=True):
            self._note(instance, outline, [next(waiting) for _ in range(outline.objects)])
        for box in shown.boxes:
            off = np.abs(next(waiting)[[0, 2]] + [[0, 0], [1, 1]] - box.to_array().reshape(2, 2)).max()
            if off > 1:
                raise ValueError(f"box {box.id} reads back {off:g} px off")
            if off > _ROUNDING:
                self._report.rounded.append(box.id)

    def _objects_of(self, instance: Instance, outline: Outline, place: int) -> Iterator[Written]:
        category = self._class_of[instance.category_id]
        if not outline.polygons:
            yield Written(category, None, outline.box_xyxy, instance)
        for points in outline.polygons:
            box = np.concatenate((points.min(axis=0), points.max(axis=0) + 1)).astype(np.float64)
            yield Written(category, points, box, instance, place if len(outline.polygons) > 1 else None)

    def _box(self, box: Box) -> Points:
        if not self._layout.whole_pixels:
            return box.to_array()
        x0, y0, x1, y1 = box.xyxy
        return np.array([np.floor(x0), np.floor(y0), np.ceil(x1), np.ceil(y1)])

    def _note(self, instance: Instance, outline: Outline, objects: Sequence[Points]) -> None:
        """What an instance lost, by the objects that were read back of it."""
        report, iou = self._report, outline.iou_with(objects)
        if iou < 1:
            report.losses[instance.id] = iou
        for ids, applies in (
            (report.in_parts, len(outline.polygons) > 1),
            (report.holes, outline.has_holes),
            (report.boxes, not outline.polygons),
            (report.filled, outline.is_filled),
        ):
            if applies:
                ids.append(instance.id)


_ROUNDING = 0.01  # px; what a format's decimals cost


@dataclass(frozen=True)
class _Shown:
    """What is written of one image."""

    image: Image
    instances: Sequence[Instance]
    boxes: Sequence[Box]


def corners(box_xyxy: Points) -> Points:
    """A box up to its far edges -> its corners' pixel centres."""
    x0, y0, x1, y1 = box_xyxy
    return np.array([[x0, y0], [x1 - 1, y0], [x1 - 1, y1 - 1], [x0, y1 - 1]])
