"""A COCO instances file as a whole."""

from __future__ import annotations

from typing import Any

from annotator.core.budget import WorkBudget
from annotator.core.numbers import is_id
from annotator.core.problems import Findings
from annotator.exchange.coco.lint.annotations import inspect_annotations
from annotator.exchange.coco.lint.carried import require_json
from annotator.exchange.coco.lint.categories import inspect_categories
from annotator.exchange.coco.lint.images import inspect_images
from annotator.exchange.coco.lint.inspection import Inspection, Known
from annotator.exchange.coco.lint.whole_numbers import take_whole_numbers
from annotator.exchange.coco.values import LISTS, shown


def inspect_document(document: object, *, most: int | None) -> Inspection:
    findings = Findings(most)
    inspection = Inspection(take_whole_numbers(document, findings), findings, WorkBudget.of_file(_mask_count(document)))
    found = inspection.document
    if not isinstance(found, dict):
        said = f"the file is {shown(found)}, expected an object with images, annotations, categories"
        findings.error("", said)
        return inspection
    lists = {name: _objects_of(findings, found, name) for name in ("images", "annotations", "categories")}
    require_json(findings, "", found, LISTS, "")
    known = Known(_license_ids(found))
    inspect_images(findings, lists["images"], known)
    form = other_form(list(lists["annotations"].values()))
    if form is not None:  # said once instead of at every annotation
        findings.error("annotations", f"are {form}, expected instances, one annotation each")
        return inspection
    inspect_categories(findings, lists["categories"], known)
    inspect_annotations(inspection, lists["annotations"], known)
    for name, kind, called in (("info", dict, "an object"), ("licenses", list, "a list")):
        if name not in found:
            findings.note(name, "absent; COCO's own files have it")
        elif not isinstance(found[name], kind):
            findings.warn(name, f"is {shown(found[name])}, expected {called}")
    if found.get("images") == []:
        findings.warn("images", "none")
    return inspection


def _mask_count(document: object) -> int:
    annotations = document.get("annotations") if isinstance(document, dict) else None
    return len(annotations) if isinstance(annotations, list) else 0


def _objects_of(findings: Findings, document: dict[str, Any], name: str) -> dict[int, dict[str, Any]]:
    """The objects of a list, by their index; what is none is an error."""
    found = document.get(name)
    if name == "categories" and found is None and _has_captions(document):
        return {}
    if not isinstance(found, list):
        missing = "absent" if name not in document else shown(found)
        findings.error(name, f"is {missing}, expected a list")
        return {}
    for index, item in enumerate(found):
        if not isinstance(item, dict):
            findings.error(f"{name}[{index}]", f"is {shown(item)}, expected an object")
    return {index: item for index, item in enumerate(found) if isinstance(item, dict)}


def _has_captions(document: dict[str, Any]) -> bool:
    found = document.get("annotations")
    return isinstance(found, list) and any(isinstance(one, dict) and "caption" in one for one in found)


def other_form(annotations: list[Any]) -> str | None:
    """COCO's other kind of annotations that uses the same three keys, such as captions; None for instances."""
    found = [annotation for annotation in annotations if isinstance(annotation, dict)]
    if found and all("segments_info" in annotation for annotation in found):
        return "of COCO's panoptic form (segments_info, masks in PNG files)"
    if found and all("caption" in one and "category_id" not in one for one in found):
        return "captions without a category_id"
    return None


def _license_ids(document: dict[str, Any]) -> frozenset[int]:
    found = document.get("licenses")
    items = found if isinstance(found, list) else []
    return frozenset(item["id"] for item in items if isinstance(item, dict) and is_id(item.get("id")))
