"""The categories of a document."""

from __future__ import annotations

from collections import Counter
from typing import Any

from annotator.core.categories import COCO_BY_NAME
from annotator.core.limits import MAX_NAME
from annotator.core.numbers import is_id
from annotator.core.problems import Findings
from annotator.exchange.coco.lint.carried import (
    name_problem,
    require_json,
    require_unique_id,
    warn_of_doubles,
)
from annotator.exchange.coco.lint.inspection import Known
from annotator.exchange.coco.values import CATEGORY_KEYS, shown


def inspect_categories(findings: Findings, categories: dict[int, dict[str, Any]], known: Known) -> None:
    """categories: by index. Their ids and keypoints join what is known."""
    names: Counter[str] = Counter()
    for index, category in categories.items():
        path = f"categories[{index}]"
        require_unique_id(findings, path, category, known.category_ids)
        name = category.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
            findings.error(f"{path}.name", name_problem(name))
            continue
        names[name] += 1
        _inspect_category(findings, path, name, category)
        if isinstance(category.get("keypoints"), list) and is_id(category.get("id")):
            known.keypoints[category["id"]] = len(category["keypoints"])
    warn_of_doubles(findings, "categories", "name", names)
    if 0 in known.category_ids:
        findings.note("categories", "id 0 is a category; some trainers take 0 for the background")


def _inspect_category(findings: Findings, path: str, name: str, category: dict[str, Any]) -> None:
    if name != name.strip() or not name.isprintable():
        findings.warn(f"{path}.name", f"{shown(name)} has spaces around it, or characters that do not show")
    coco = COCO_BY_NAME.get(name)
    if coco is not None and coco.id != category.get("id"):
        findings.note(f"{path}.id", f"{name} is {shown(category.get('id'))} here and {coco.id} in COCO")
    supercategory = category.get("supercategory", "")
    if not isinstance(supercategory, str | None):
        findings.error(f"{path}.supercategory", f"is {shown(supercategory)}, expected a text")
    require_json(findings, path, category, CATEGORY_KEYS, "")
