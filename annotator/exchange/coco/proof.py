"""An export read back: every mask decoded by pycocotools and compared with the stored one, and the report of it."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from annotator.core import masks
from annotator.core.dataset import Dataset, Instance
from annotator.core.errors import ExportError
from annotator.core.masks import Rle
from annotator.core.rows import in_chunks, rows_of
from annotator.core.text import escaped
from annotator.core.words import are, counted
from annotator.exchange.coco.stream import END, UnstreamableError, items
from annotator.exchange.coco.values import LISTS
from annotator.system.files import hash_of

MaskForm = Literal["lossless", "polygons", "rle", "rle-uncompressed"]
MASK_FORMS: tuple[MaskForm, ...] = get_args(MaskForm)

TINY_PX = 16  # masks below 4 x 4 pixels are mostly slips of the hand


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
    """Read the file back, a few annotations at a time, and compare it with the dataset.

    Raises ExportError if anything is missing, added or in another order, or if a mask, area or box is not what was
    stored; only the form "polygons" may lose, and says what.
    """
    found = _Comparison(dataset)
    try:
        for kind, item in items(path, lists=LISTS):
            found.take(kind, item)
    except UnstreamableError as error:
        raise ExportError(f"{name}: does not read back: {error}") from error
    found.require_whole()
    if masks != "polygons" and found.losses:
        worst = min(found.losses, key=lambda id: found.losses[id])
        raise ExportError(f"annotation {worst}: reads back with IoU {found.losses[worst]:.6f}, expected 1")
    if found.area_difference or found.box_difference:
        raise ExportError(f"area or bbox read back {found.area_difference:g} px2 and {found.box_difference:g} px off")
    return _report(dataset, found, path=path, name=name, form=masks)


class _Comparison:
    """What was read back so far, beside the dataset's instances in their order."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._coco = COCO()  # decodes; its own index would hold the whole file
        self._chunks = in_chunks(dataset.instances)
        self._expected: Sequence[Instance] = next(self._chunks, ())
        self._waiting: list[dict[str, Any]] = []
        self._ids: dict[str, array[int]] = {kind: array("q") for kind in ("images", "categories", "annotations")}
        self._differs = False
        self._same = array("q")  # two numbers of each instance: the hash of its image, category and mask
        self.losses: dict[int, float] = {}
        self.tiny: list[int] = []
        self.area_difference = self.box_difference = 0.0
        self.touching = self.crowds = 0
        self.forms: Counter[str] = Counter()

    def take(self, kind: str, item: Any) -> None:
        """The next item of a list. Raises ExportError where it is an annotation of another image or category."""
        if kind not in self._ids:
            return
        if item is END:
            if kind == "annotations":
                self._compare()
            return
        self._ids[kind].append(item["id"])
        if kind == "images":
            self._coco.imgs[item["id"]] = {"height": item["height"], "width": item["width"]}
        elif kind == "annotations" and len(self._ids[kind]) <= len(self._dataset.instances):
            self._waiting.append(item)
            if len(self._waiting) == len(self._expected):
                self._compare()

    def require_whole(self) -> None:
        """Raises ExportError where anything is missing, or is there twice."""
        dataset = self._dataset
        for kind, expected in (
            ("images", [image.id for image in dataset.images]),
            ("categories", [category.id for category in dataset.categories]),
        ):
            if sorted(expected) != sorted(self._ids[kind]):
                raise ExportError(f"{kind}: {len(self._ids[kind])} read back, expected {len(expected)}")
        ids, found = rows_of(dataset.instances).ids, np.array(self._ids["annotations"], np.int64)
        missing = int((~np.isin(ids, found)).sum())
        if missing or self._differs or len(np.unique(found)) != len(found):
            raise ExportError(
                f"annotations: {missing} of {len(ids)} did not read back, or an id appears twice or out of its order"
            )

    @property
    def without_mask(self) -> int:
        """Annotations that are carried along behind the instances."""
        return len(self._ids["annotations"]) - len(self._dataset.instances)

    def duplicates(self) -> list[tuple[int, int]]:
        """Pairs of annotation ids with the same image, category and mask."""
        ids = rows_of(self._dataset.instances).ids
        hashes = np.array(self._same, np.int64).reshape(-1, 2)
        _, firsts, group = np.unique(hashes, axis=0, return_index=True, return_inverse=True)
        first = firsts[group.reshape(-1)]
        again = np.flatnonzero(first != np.arange(len(ids)))
        return list(zip(ids[first[again]].tolist(), ids[again].tolist(), strict=True))

    def _compare(self) -> None:
        """What waits with as many instances; pycocotools decodes it as any reader's would be."""
        annotations, expected = self._waiting, self._expected
        if [one["id"] for one in annotations] != [one.id for one in expected]:
            self._differs = True
        self._waiting, self._expected = [], next(self._chunks, ())
        if self._differs or not annotations:
            return
        for instance, annotation in zip(expected, annotations, strict=True):
            if (annotation["image_id"], annotation["category_id"]) != (instance.image_id, instance.category_id):
                raise ExportError(f"annotation {instance.id}: reads back on another image or in another category")
        decoded = [self._coco.annToRLE(annotation) for annotation in annotations]
        areas = coco_mask.area(decoded).tolist()
        boxes = coco_mask.toBbox(decoded).tolist()
        for instance, annotation, rle, area, box in zip(expected, annotations, decoded, areas, boxes, strict=True):
            self._compare_mask(instance, rle["counts"])
            self.area_difference = max(self.area_difference, abs(annotation["area"] - area))
            differences = (abs(a - b) for a, b in zip(annotation["bbox"], box, strict=True))
            self.box_difference = max(self.box_difference, *differences)
            if area < TINY_PX:
                self.tiny.append(instance.id)
            x, y, w, h = box
            self.touching += x == 0 or y == 0 or x + w == instance.rle.width or y + h == instance.rle.height
            self.crowds += annotation["iscrowd"]
            self.forms["polygons" if isinstance(annotation["segmentation"], list) else "rle"] += 1
            said = f"{instance.image_id} {instance.category_id} {instance.rle.counts}"
            self._same.frombytes(hashlib.blake2b(said.encode("ascii"), digest_size=16).digest())

    def _compare_mask(self, instance: Instance, counts: str | bytes) -> None:
        """Equal masks have equal counts in the one normal form that everything stored is in."""
        counts = counts if isinstance(counts, str) else counts.decode("ascii")
        if counts != instance.rle.counts:
            iou = masks.rle_iou(Rle(instance.rle.height, instance.rle.width, counts), instance.rle)
            if iou != 1:
                self.losses[instance.id] = iou


def _report(dataset: Dataset, found: _Comparison, *, path: Path, name: str, form: MaskForm) -> ExportReport:
    rows, losses, count = rows_of(dataset.instances), found.losses, len(dataset.instances)
    by_category = Counter(rows.category_ids.tolist())
    duplicates = found.duplicates()
    return ExportReport(
        file=name,
        sha256=hash_of(path, "sha256"),
        bytes=path.stat().st_size,
        masks=form,
        images=len(dataset.images),
        instances=count,
        instances_by_category={category.name: by_category[category.id] for category in dataset.categories},
        images_without_instances=len(dataset.images) - len(np.unique(rows.image_ids)),
        instances_by_form=dict(sorted(found.forms.items())),
        worst_iou=min(losses.values(), default=1.0),
        mean_iou=(count - len(losses) + sum(losses.values())) / count if count else 1.0,
        area_difference=found.area_difference,
        box_difference=found.box_difference,
        losses=losses,
        without_mask=found.without_mask,
        crowds=found.crowds,
        duplicates=duplicates,
        tiny=found.tiny,
        touching_the_border=found.touching,
        warnings=_warnings(dataset, found, duplicates=duplicates),
    )


def _warnings(dataset: Dataset, found: _Comparison, *, duplicates: list[tuple[int, int]]) -> list[str]:
    tiny, losses, without_mask = found.tiny, found.losses, found.without_mask
    names = Counter(image.file_name for image in dataset.images)
    shared = [name for name, count in names.items() if count > 1]
    lines = []
    if not len(dataset.instances):
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
