"""A COCO instances file as a whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from annotator.core.budget import WorkBudget
from annotator.core.numbers import is_id
from annotator.core.problems import Findings
from annotator.exchange.coco.lint.annotations import Sections, Take, inspect_annotations, objects_of
from annotator.exchange.coco.lint.carried import require_json
from annotator.exchange.coco.lint.categories import inspect_categories
from annotator.exchange.coco.lint.images import inspect_images
from annotator.exchange.coco.lint.inspection import Inspection, Known
from annotator.exchange.coco.lint.whole_numbers import take_whole_numbers
from annotator.exchange.coco.opened import StoredList
from annotator.exchange.coco.values import LISTS, shown


def inspect_document(document: object, *, most: int | None, take: Take | None = None) -> Inspection:
    """document: its annotations may be a `StoredList`. take: as `inspect_annotations` has it."""
    begin, lists, head, end = (Findings(most) for _ in range(4))
    sections = Sections(*(Findings(most) for _ in range(5)))
    found = take_whole_numbers(document, begin)
    budget = WorkBudget.of_file(0)
    if isinstance(found, dict):
        images, annotations = _objects_of(lists, found, "images"), _annotations_of(lists, found)
        budget = WorkBudget.of_file(len(annotations))
        known = Known(_license_ids(found))
        categories = _objects_of(head, found, "categories")
        require_json(head, "", found, LISTS, "")
        inspect_images(head, images, known)
        form = other_form(annotations)
        if form is None:
            inspect_categories(head, categories, known)
            take = None if lists.has_errors or head.has_errors else take
            inspect_annotations(annotations, known, sections=sections, budget=budget, take=take)
            _inspect_rest(end, found)
        else:  # said once instead of at every annotation
            deque(objects_of(annotations, sections), maxlen=0)
            head.error("annotations", f"are {form}, expected instances, one annotation each")
    else:
        said = f"the file is {shown(found)}, expected an object with images, annotations, categories"
        end.error("", said)
    order = (begin, sections.wholes, lists, sections.objects, head, sections.each, sections.beside, sections.all, end)
    findings = Findings(most)
    for section in order:
        for problem in section.problems:
            findings.add(problem)
    return Inspection(found, findings, budget)


def _inspect_rest(findings: Findings, document: dict[str, Any]) -> None:
    for name, kind, called in (("info", dict, "an object"), ("licenses", list, "a list")):
        if name not in document:
            findings.note(name, "absent; COCO's own files have it")
        elif not isinstance(document[name], kind):
            findings.warn(name, f"is {shown(document[name])}, expected {called}")
    if document.get("images") == []:
        findings.warn("images", "none")


def _annotations_of(findings: Findings, document: dict[str, Any]) -> list[Any] | StoredList:
    found = document.get("annotations")
    if isinstance(found, list | StoredList):
        return found
    _no_list(findings, document, "annotations")
    return []


def _no_list(findings: Findings, document: dict[str, Any], name: str) -> None:
    missing = "absent" if name not in document else shown(document[name])
    findings.error(name, f"is {missing}, expected a list")


def _objects_of(findings: Findings, document: dict[str, Any], name: str) -> dict[int, dict[str, Any]]:
    """The objects of a list, by their index; what is none is an error."""
    found = document.get(name)
    if name == "categories" and found is None and _has_captions(document):
        return {}
    if not isinstance(found, list):
        _no_list(findings, document, name)
        return {}
    for index, item in enumerate(found):
        if not isinstance(item, dict):
            findings.error(f"{name}[{index}]", f"is {shown(item)}, expected an object")
    return {index: item for index, item in enumerate(found) if isinstance(item, dict)}


def _has_captions(document: dict[str, Any]) -> bool:
    found = document.get("annotations")
    return isinstance(found, list | StoredList) and any(isinstance(one, dict) and "caption" in one for one in found)


def other_form(annotations: Iterable[Any]) -> str | None:
    """COCO's other kind of annotations that uses the same three keys, such as captions; None for instances."""
    panoptic = captions = False
    for index, one in enumerate(one for one in annotations if isinstance(one, dict)):
        panoptic = (panoptic or index == 0) and "segments_info" in one
        captions = (captions or index == 0) and "caption" in one and "category_id" not in one
        if not panoptic and not captions:
            return None
    if panoptic:
        return "of COCO's panoptic form (segments_info, masks in PNG files)"
    return "captions without a category_id" if captions else None


def _license_ids(document: dict[str, Any]) -> frozenset[int]:
    found = document.get("licenses")
    items = found if isinstance(found, list) else []
    return frozenset(item["id"] for item in items if isinstance(item, dict) and is_id(item.get("id")))
