"""The annotations of a document, each by itself and all together."""

from __future__ import annotations

from typing import Any

from annotator.core.numbers import MAX_ID, is_finite, is_id
from annotator.core.problems import Findings
from annotator.core.words import are, counted
from annotator.exchange.coco.lint.boxes import inspect_box
from annotator.exchange.coco.lint.carried import require_json, require_unique_id
from annotator.exchange.coco.lint.inspection import Inspection, Known
from annotator.exchange.coco.lint.masks import compare_with_masks, inspect_mask
from annotator.exchange.coco.values import ANNOTATION_KEYS, named_by_id, shown

_SUSPICIOUS_CROWDS = 10
_MANY = 5  # ids shown in one line


def inspect_annotations(inspection: Inspection, annotations: dict[int, dict[str, Any]], known: Known) -> None:
    """annotations: by index. The sound masks join the inspection."""
    findings = inspection.findings
    ids: set[int] = set()
    for index, annotation in annotations.items():
        if require_unique_id(findings, f"annotations[{index}]", annotation, ids) and annotation["id"] == 0:
            findings.warn(f"annotations[{index}].id", "is 0; COCOeval counts a match with it as none")
        _inspect_annotation(inspection, index, annotation, known)
    compare_with_masks(inspection, annotations)
    if not annotations:
        findings.warn("annotations", "none")
        return
    _inspect_forms(findings, list(annotations.values()))
    _note_unused(findings, list(annotations.values()), known)


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


def _inspect_forms(findings: Findings, annotations: list[dict[str, Any]]) -> None:
    """What whole classes of readers make of the forms in which masks are written."""
    coded = [one for one in annotations if isinstance(one.get("segmentation"), dict)]
    crowds = sum(one.get("iscrowd") == 1 for one in coded)
    if crowds >= _SUSPICIOUS_CROWDS and crowds * 3 > len(annotations):
        some = "some tools write iscrowd 1 for every RLE, and crowds are ignored in training and scoring"
        findings.warn("annotations", f"{crowds} of {len(annotations)} are crowds; {some}")
    if len(coded) > crowds:
        some = "RLE with iscrowd 0, which readers of polygons leave out"
        findings.note("annotations", f"{len(coded) - crowds} of {len(annotations)} are {some}")


def _note_unused(findings: Findings, annotations: list[dict[str, Any]], known: Known) -> None:
    used = {one.get("category_id") for one in annotations if is_id(one.get("category_id"))}
    seen = {one.get("image_id") for one in annotations if is_id(one.get("image_id"))}
    for kind, unused in (("images", known.image_ids - seen), ("categories", known.category_ids - used)):
        if unused:
            some = ", ".join(str(id) for id in sorted(unused)[:_MANY]) + (", ..." if len(unused) > _MANY else "")
            findings.note(kind, f"{len(unused)} without annotations (ids {some})")
