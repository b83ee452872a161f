"""An export read back: every mask decoded by pycocotools and compared with the stored one, and the report of it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from annotator.core import masks
from annotator.core.dataset import Dataset
from annotator.core.errors import ExportError
from annotator.core.masks import Rle
from annotator.core.measures import AT_ONCE
from annotator.core.text import escaped
from annotator.core.words import are, counted
from annotator.exchange.coco.packing import packed

MaskForm = Literal["lossless", "polygons", "rle", "rle-uncompressed"]
MASK_FORMS: tuple[MaskForm, ...] = get_args(MaskForm)

TINY_PX = 16  # masks below 4 x 4 pixels are mostly slips of the hand

_READING = threading.Lock()  # pycocotools prints; what it prints to is one for the whole process


@dataclass(frozen=True)
class ExportReport:
    """What an export holds and how exactly it holds it.

    `worst_iou` is the least intersection over union of a decoded mask with the stored one, `area_difference` and
    `box_difference` the greatest difference in pixels between what the file says and what it decodes to. `losses` gives
    the IoU of every annotation that is not exact (polygons only), by id. `warnings` are lines for a person.
    """

    file: str
    sha256: str
    bytes: int
    masks: MaskForm
    images: int
    instances: int
    instances_by_category: dict[str, int]
    images_without_instances: int
    instances_by_form: dict[str, int]
    worst_iou: float
    mean_iou: float
    area_difference: float
    box_difference: float
    losses: dict[int, float]
    without_mask: int
    crowds: int
    duplicates: list[tuple[int, int]]
    tiny: list[int]
    touching_the_border: int
    warnings: list[str]

    def to_json(self) -> str:
        """For programs. It holds no date, so that the same export gives the same report."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def to_text(self) -> str:
        """The summary that a person reads."""
        empty = sum(not count for count in self.instances_by_category.values())
        exact = self.worst_iou == 1 and not self.area_difference and not self.box_difference
        proof = "every mask, area and box is exact" if exact else f"worst IoU {self.worst_iou:.6f}"
        lines = [
            f"{self.file}: {counted(self.instances, 'instance')} on {counted(self.images, 'image')}, "
            f"{counted(self.bytes, 'byte')}",
            f"SHA-256 {self.sha256}",
            f"read back with pycocotools: {proof}",
            "written as "
            + (", ".join(f"{form} {count}" for form, count in self.instances_by_form.items()) or "nothing"),
            *(f"  {count:7d}  {escaped(name)}" for name, count in self.instances_by_category.items() if count),
            f"{counted(empty, 'category', 'categories')} without instances",
            f"{counted(self.images_without_instances, 'image')} without instances, {counted(self.crowds, 'crowd')}, "
            f"{counted(self.touching_the_border, 'mask')} at the border",
            *self.warnings,
        ]
        return "\n".join(lines) + "\n"


def prove(dataset: Dataset, path: Path, *, name: str, masks: MaskForm) -> ExportReport:
    """Read the file back and compare it with the dataset.

    Raises ExportError if anything is missing or added, or if a mask, area or box is not what was stored; only the form
    "polygons" may lose, and says what.
    """
    coco = _read_back(path)
    _require_same_ids(dataset, coco)
    comparison = _compare(dataset, coco)
    if masks != "polygons" and comparison.losses:
        worst = min(comparison.losses, key=lambda id: comparison.losses[id])
        raise ExportError(f"annotation {worst}: reads back with IoU {comparison.losses[worst]:.6f}, expected 1")
    if comparison.area_difference or comparison.box_difference:
        raise ExportError(
            f"area or bbox read back {comparison.area_difference:g} px2 and {comparison.box_difference:g} px off"
        )
    return _report(dataset, coco, comparison, path=path, name=name, form=masks)


def _read_back(path: Path) -> Any:
    """As COCO(path) reads it, but for the memory that lists of numbers take."""
    with _READING, contextlib.redirect_stdout(io.StringIO()), open(path, encoding="ascii") as file:
        coco = COCO()
        coco.dataset = json.load(file, object_hook=packed)
        coco.createIndex()
        return coco


def _require_same_ids(dataset: Dataset, coco: Any) -> None:
    for kind, expected, found in (
        ("images", [image.id for image in dataset.images], coco.imgs),
        ("categories", [category.id for category in dataset.categories], coco.cats),
    ):
        if set(expected) != set(found) or len(expected) != len(coco.dataset[kind]):
            raise ExportError(f"{kind}: {len(coco.dataset[kind])} read back, expected {len(expected)}")
    missing = [instance.id for instance in dataset.instances if instance.id not in coco.anns]
    if missing or len(coco.anns) != len(coco.dataset["annotations"]):
        raise ExportError(
            f"annotations: {len(missing)} of {len(dataset.instances)} did not read back, or an id appears twice"
        )
    for instance in dataset.instances:
        annotation = coco.anns[instance.id]
        if (annotation["image_id"], annotation["category_id"]) != (instance.image_id, instance.category_id):
            raise ExportError(f"annotation {instance.id}: reads back on another image or in another category")


@dataclass
class _Comparison:
    losses: dict[int, float] = field(default_factory=dict)
    tiny: list[int] = field(default_factory=list)
    area_difference: float = 0.0
    box_difference: float = 0.0
    touching: int = 0


def _compare(dataset: Dataset, coco: Any) -> _Comparison:
    found = _Comparison()
    for start in range(0, len(dataset.instances), AT_ONCE):
        chunk = dataset.instances[start : start + AT_ONCE]
        annotations = [coco.anns[instance.id] for instance in chunk]
        decoded = [coco.annToRLE(annotation) for annotation in annotations]
        areas = coco_mask.area(decoded).tolist()
        boxes = coco_mask.toBbox(decoded).tolist()
        for instance, annotation, rle, area, box in zip(chunk, annotations, decoded, areas, boxes, strict=True):
            counts = rle["counts"]
            counts = counts if isinstance(counts, str) else counts.decode("ascii")
            # Equal masks have equal counts in the one normal form that everything stored is in.
            if counts != instance.rle.counts:
                iou = masks.rle_iou(Rle(instance.rle.height, instance.rle.width, counts), instance.rle)
                if iou != 1:
                    found.losses[instance.id] = iou
            found.area_difference = max(found.area_difference, abs(annotation["area"] - area))
            differences = (abs(a - b) for a, b in zip(annotation["bbox"], box, strict=True))
            found.box_difference = max(found.box_difference, *differences)
            if area < TINY_PX:
                found.tiny.append(instance.id)
            x, y, w, h = box
            found.touching += x == 0 or y == 0 or x + w == instance.rle.width or y + h == instance.rle.height
    return found


def _report(
    dataset: Dataset, coco: Any, comparison: _Comparison, *, path: Path, name: str, form: MaskForm
) -> ExportReport:
    content_hash = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            content_hash.update(block)
    by_category = Counter(instance.category_id for instance in dataset.instances)
    forms: Counter[str] = Counter(
        "polygons" if isinstance(coco.anns[instance.id]["segmentation"], list) else "rle"
        for instance in dataset.instances
    )
    with_instances = {instance.image_id for instance in dataset.instances}
    duplicates = _duplicates(dataset)
    without_mask = len(coco.anns) - len(dataset.instances)
    losses = comparison.losses
    count = len(dataset.instances)
    return ExportReport(
        file=name,
        sha256=content_hash.hexdigest(),
        bytes=path.stat().st_size,
        masks=form,
        images=len(dataset.images),
        instances=count,
        instances_by_category={category.name: by_category[category.id] for category in dataset.categories},
        images_without_instances=len(dataset.images) - len(with_instances),
        instances_by_form=dict(sorted(forms.items())),
        worst_iou=min(losses.values(), default=1.0),
        mean_iou=(count - len(losses) + sum(losses.values())) / count if count else 1.0,
        area_difference=comparison.area_difference,
        box_difference=comparison.box_difference,
        losses=losses,
        without_mask=without_mask,
        crowds=sum(coco.anns[instance.id]["iscrowd"] for instance in dataset.instances),
        duplicates=duplicates,
        tiny=comparison.tiny,
        touching_the_border=comparison.touching,
        warnings=_warnings(dataset, comparison, duplicates=duplicates, without_mask=without_mask),
    )


def _duplicates(dataset: Dataset) -> list[tuple[int, int]]:
    """Pairs of annotation ids with the same image, category and mask."""
    first: dict[tuple[int, int, str], int] = {}
    pairs = []
    for instance in dataset.instances:
        key = (instance.image_id, instance.category_id, instance.rle.counts)
        if key in first:
            pairs.append((first[key], instance.id))
        first.setdefault(key, instance.id)
    return pairs


def _warnings(
    dataset: Dataset, comparison: _Comparison, *, duplicates: list[tuple[int, int]], without_mask: int
) -> list[str]:
    tiny, losses = comparison.tiny, comparison.losses
    names = Counter(image.file_name for image in dataset.images)
    shared = [name for name, count in names.items() if count > 1]
    lines = []
    if not dataset.instances:
        lines.append("warning: no instances")
    if duplicates:
        appear = "appears" if len(duplicates) == 1 else "appear"
        first, again = duplicates[0]
        lines.append(f"warning: {counted(len(duplicates), 'instance')} {appear} twice (ids {first} and {again})")
    if tiny:
        lines.append(f"warning: {counted(len(tiny), 'mask')} of less than {TINY_PX} pixels (id {tiny[0]})")
    if shared:
        lines.append(f"warning: {counted(len(shared), 'file name')} of several images each ({shared[0]!r:.80})")
    if without_mask:
        imported = counted(without_mask, "imported annotation without a mask", "imported annotations without a mask")
        lines.append(f"warning: {imported}, written as {'it' if without_mask == 1 else 'they'} came")
    if losses:
        worst = f"the worst with IoU {min(losses.values()):.6f}"
        lines.append(f"warning: {counted(len(losses), 'mask')} {are(len(losses))} not exact as polygons, {worst}")
    return lines
