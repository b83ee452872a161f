"""The annotations of a document, each by itself and all together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any, TypeVar

from annotator.core.budget import WorkBudget
from annotator.core.masks import Rle
from annotator.core.measures import AT_ONCE
from annotator.core.numbers import MAX_ID, is_finite, is_id
from annotator.core.problems import Findings
from annotator.core.words import are, counted
from annotator.exchange.coco.lint.boxes import inspect_box
from annotator.exchange.coco.lint.carried import require_json, require_unique_id
from annotator.exchange.coco.lint.inspection import Inspection, Known
from annotator.exchange.coco.lint.masks import MaskComparison, inspect_mask
from annotator.exchange.coco.lint.whole_numbers import whole_annotation
from annotator.exchange.coco.values import ANNOTATION_KEYS, named_by_id, shown

Item = TypeVar("Item")

_SUSPICIOUS_CROWDS = 10
_MANY = 5  # ids shown in one line


Take = Callable[[dict[str, Any], Rle | None], None]
"""Gets an annotation, with its mask where it has one."""


@dataclass
class Sections:
    """What an inspection of the annotations finds, by what it looks at; a file's problems are told in this order.

    wholes: numbers that are none. objects: items that are none. each: annotations by themselves. beside: their areas,
    boxes and masks. all: what is so of many.
    """

    wholes: Findings
    objects: Findings
    each: Findings
    beside: Findings
    all: Findings

    @property
    def has_errors(self) -> bool:
        return any(getattr(self, one.name).has_errors for one in fields(self))


def inspect_annotations(
    annotations: Iterable[Any], known: Known, *, sections: Sections, budget: WorkBudget, take: Take | None = None
) -> None:
    """Go through the annotations once, and hold a few of them at a time.

    take: gets each one in its order, for as long as there is no error.
    """
    ids: set[int] = set()
    tally, comparison = _Tally(), MaskComparison(sections.beside)
    inspection = Inspection(None, sections.each, budget)
    for some in _in_chunks(objects_of(annotations, sections)):
        inspection.masks = {}
        for index, annotation in some:
            if require_unique_id(sections.each, f"annotations[{index}]", annotation, ids) and annotation["id"] == 0:
                sections.each.warn(f"annotations[{index}].id", "is 0; COCOeval counts a match with it as none")
            _inspect_annotation(inspection, index, annotation, known)
            tally.count(annotation)
        masks = inspection.masks
        comparison.compare([(index, annotation, masks[index]) for index, annotation in some if index in masks])
        if take is not None and not sections.has_errors:
            for index, annotation in some:
                take(annotation, masks.get(index))
    if not tally.all:
        sections.all.warn("annotations", "none")
        return
    _inspect_forms(sections.all, tally)
    _note_unused(sections.all, tally, known)


def objects_of(annotations: Iterable[Any], sections: Sections) -> Iterator[tuple[int, dict[str, Any]]]:
    """Those that are objects, with their indices."""
    for index, found in enumerate(annotations):
        if isinstance(found, dict):
            yield index, whole_annotation(found, sections.wholes, index)
        else:
            sections.objects.error(f"annotations[{index}]", f"is {shown(found)}, expected an object")


def _in_chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    while some := list(islice(items, AT_ONCE)):
        yield some


@dataclass
class _Tally:
    """How many annotations there are of each form, and of what."""

    all: int = 0
    coded: int = 0
    coded_crowds: int = 0
    category_ids: set[int] = field(default_factory=set)
    image_ids: set[int] = field(default_factory=set)

    def count(self, annotation: dict[str, Any]) -> None:
        self.all += 1
        if isinstance(annotation.get("segmentation"), dict):
            self.coded += 1
            self.coded_crowds += annotation.get("iscrowd") == 1
        for ids, name in ((self.category_ids, "category_id"), (self.image_ids, "image_id")):
            if is_id(annotation.get(name)):
                ids.add(annotation[name])


def _inspect_annotation(inspection: Inspection, index: int, annotation: dict[str, Any], known: Known) -> None:
    findings, path, named = inspection.findings, f"annotations[{index}]", named_by_id(annotation)
    for name, kind, ids in (
        ("image_id", "images", known.image_ids),
        ("category_id", "categories", known.category_ids),
    ):
        id = annotation.get(name)
        if not is_id(id):
            findings.error(f"{path}.{name}", f"is {shown(id)}, expected a whole number from 0 to {MAX_ID}{named}")
        elif id not in ids:
            findings.error(f"{path}.{name}", f"is {id}, which is not among the {kind}{named}")
    image_id = annotation.get("image_id")
    size = known.sizes.get(image_id) if is_id(image_id) else None  # type: ignore[arg-type]
    _inspect_crowd(findings, path, annotation, named)
    has_box = inspect_box(findings, f"{path}.bbox", annotation.get("bbox"), size=size, named=named)
    if "area" not in annotation:
        findings.warn(f"{path}.area", f"absent; COCOeval fails without it{named}")
    elif not is_finite(annotation["area"]) or annotation["area"] < 0:
        findings.error(f"{path}.area", f"is {shown(annotation['area'])}, expected a number from 0 on{named}")
    _inspect_keypoints(findings, path, annotation, known, named)
    require_json(findings, path, annotation, ANNOTATION_KEYS, named)
    segmentation = annotation.get("segmentation")
    if segmentation is None or segmentation == []:
        add = findings.warn if has_box else findings.error
        add(f"{path}.segmentation", f"absent; trainers of masks skip it or fail on it{named}")
        return
    rle = inspect_mask(inspection, f"{path}.segmentation", segmentation, size=size, named=named)
    if rle is not None and size is not None:
        inspection.masks[index] = rle


def _inspect_crowd(findings: Findings, path: str, annotation: dict[str, Any], named: str) -> None:
    path = f"{path}.iscrowd"
    if "iscrowd" not in annotation:
        findings.warn(path, f"absent; COCOeval fails without it{named}")
        return
    value = annotation["iscrowd"]
    if not isinstance(value, int | float) or value not in (0, 1):
        findings.error(path, f"is {shown(value)}, expected 0 or 1{named}")
        return
    if type(value) is not int:
        findings.warn(path, f"is {value}, expected {int(value)}; strict readers fail on it{named}")
    if value == 1 and isinstance(annotation.get("segmentation"), list) and annotation["segmentation"]:
        findings.warn(path, f"is 1 beside polygons; a crowd is ignored in training and scoring{named}")


def _inspect_keypoints(findings: Findings, path: str, annotation: dict[str, Any], known: Known, named: str) -> None:
    points = annotation.get("keypoints")
    if points is None:
        return
    if not isinstance(points, list) or len(points) % 3 or not all(is_finite(value) for value in points):
        findings.error(f"{path}.keypoints", f"is {shown(points)}, expected 3 finite numbers a point{named}")
        return
    strange = next((flag for flag in points[2::3] if flag not in (0, 1, 2)), None)
    if strange is not None:
        findings.warn(f"{path}.keypoints", f"has a visibility of {shown(strange)}, expected 0, 1 or 2{named}")
    category_id = annotation.get("category_id")
    expected = known.keypoints.get(category_id) if is_id(category_id) else None  # type: ignore[arg-type]
    if expected is not None and len(points) != 3 * expected:
        found = counted(len(points) // 3, "point")
        findings.warn(f"{path}.keypoints", f"has {found}, its category names {expected}{named}")
    labelled, visible = annotation.get("num_keypoints"), sum(flag > 0 for flag in points[2::3])
    if labelled is not None and labelled != visible:
        found = f"{counted(visible, 'keypoint')} {are(visible)} labelled"
        findings.warn(f"{path}.num_keypoints", f"is {shown(labelled)}, {found}{named}")


def _inspect_forms(findings: Findings, tally: _Tally) -> None:
    """What whole classes of readers make of the forms in which masks are written."""
    crowds = tally.coded_crowds
    if crowds >= _SUSPICIOUS_CROWDS and crowds * 3 > tally.all:
        some = "some tools write iscrowd 1 for every RLE, and crowds are ignored in training and scoring"
        findings.warn("annotations", f"{crowds} of {tally.all} are crowds; {some}")
    if tally.coded > crowds:
        some = "RLE with iscrowd 0, which readers of polygons leave out"
        findings.note("annotations", f"{tally.coded - crowds} of {tally.all} are {some}")


def _note_unused(findings: Findings, tally: _Tally, known: Known) -> None:
    without_any = known.image_ids - tally.image_ids, known.category_ids - tally.category_ids
    for kind, unused in zip(("images", "categories"), without_any, strict=True):
        if unused:
            some = ", ".join(str(id) for id in sorted(unused)[:_MANY]) + (", ..." if len(unused) > _MANY else "")
            findings.note(kind, f"{len(unused)} without annotations (ids {some})")
