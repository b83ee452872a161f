"""The images of a document."""

from __future__ import annotations

from collections import Counter
from typing import Any

from annotator.core.limits import MAX_NAME, MAX_SIDE
from annotator.core.numbers import is_id
from annotator.core.problems import Findings
from annotator.exchange.coco.lint.carried import (
    name_problem,
    require_json,
    require_unique_id,
    warn_of_doubles,
)
from annotator.exchange.coco.lint.inspection import Known
from annotator.exchange.coco.values import IMAGE_KEYS, name_of, named_by_id, shown


def inspect_images(findings: Findings, images: dict[int, dict[str, Any]], known: Known) -> None:
    """images: by index. Their ids and sizes join what is known."""
    names: Counter[str] = Counter()
    for index, image in images.items():
        path = f"images[{index}]"
        named = named_by_id(image)
        unique = require_unique_id(findings, path, image, known.image_ids)
        if _has_size(findings, path, image, named) and unique:
            known.sizes[image["id"]] = (image["height"], image["width"])
        file_name = name_of(image)
        if isinstance(file_name, str) and 1 <= len(file_name) <= MAX_NAME:
            names[file_name] += 1
            if image.get("file_name") is None:
                findings.warn(f"{path}.file_name", f"absent, taken from coco_url: {shown(file_name)}{named}")
            _inspect_name(findings, f"{path}.file_name", file_name, named)
        else:
            findings.error(f"{path}.file_name", f"{name_problem(file_name)}{named}")
        license_id = image.get("license")
        if known.license_ids and is_id(license_id) and license_id not in known.license_ids:
            findings.note(f"{path}.license", f"is {license_id}, which is not among the licenses{named}")
        require_json(findings, path, image, IMAGE_KEYS, named)
    warn_of_doubles(findings, "images", "file name", names)


def _has_size(findings: Findings, path: str, image: dict[str, Any], named: str) -> bool:
    sound = True
    for name in ("width", "height"):
        side = image.get(name)
        if not is_id(side) or not 1 <= side <= MAX_SIDE:  # type: ignore[operator]
            sound = False
            findings.error(f"{path}.{name}", f"is {shown(side)}, expected 1 to {MAX_SIDE} pixels{named}")
    return sound


def _inspect_name(findings: Findings, path: str, name: str, named: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        findings.warn(path, f"{shown(name)} leads out of the images' folder, expected a path below it{named}")
    elif not name.isprintable() or name.strip() != name:
        findings.warn(path, f"{shown(name)} contains characters that some file systems do not allow{named}")
