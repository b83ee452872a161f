"""A list of results, as COCO's evaluation reads it."""

from __future__ import annotations

from typing import Any

from annotator.core.budget import WorkBudget
from annotator.core.numbers import is_finite, is_id
from annotator.core.problems import Findings
from annotator.exchange.coco.lint.boxes import inspect_box
from annotator.exchange.coco.lint.inspection import Inspection
from annotator.exchange.coco.lint.masks import inspect_mask
from annotator.exchange.coco.lint.whole_numbers import whole_result
from annotator.exchange.coco.opened import StoredList
from annotator.exchange.coco.values import shown


def inspect_results(document: list[Any] | StoredList, *, most: int | None) -> Inspection:
    """The inspection's document has the results as they are; `whole_result` gives their ids whole."""
    wholes, findings = Findings(most), Findings(most)
    inspection = Inspection(document, findings, WorkBudget.of_file(len(document)))
    for index, found in enumerate(document):
        result = whole_result(found, wholes, index)
        if isinstance(result, dict):
            _inspect_result(inspection, index, result)
        else:
            findings.error(f"[{index}]", f"is {shown(result)}, expected an object")
    told = Findings(most)
    for problem in (*wholes.problems, *findings.problems):
        told.add(problem)
    return Inspection(document, told, inspection.budget)


def _inspect_result(inspection: Inspection, index: int, result: dict[str, Any]) -> None:
    findings, path = inspection.findings, f"[{index}]"
    # Several tools name the image there by its file.
    image_id = result.get("image_id")
    if not is_id(image_id) and not (isinstance(image_id, str) and image_id):
        findings.error(f"{path}.image_id", f"is {shown(image_id)}, expected a whole number from 0 on")
    if not is_id(result.get("category_id")):
        findings.error(
            f"{path}.category_id", f"is {shown(result.get('category_id'))}, expected a whole number from 0 on"
        )
    if not is_finite(result.get("score")):
        findings.error(f"{path}.score", f"is {shown(result.get('score'))}, expected a number")
    elif not 0 <= result["score"] <= 1:
        findings.warn(f"{path}.score", f"is {shown(result['score'])}, expected 0 to 1")
    has_box = "bbox" in result and inspect_box(findings, f"{path}.bbox", result["bbox"], size=None, named="")
    if result.get("segmentation") in (None, []):
        if not has_box:
            findings.error(f"{path}.segmentation", "is absent, expected a mask or at least a bbox")
        return
    inspect_mask(inspection, f"{path}.segmentation", result["segmentation"], size=None, named="")
