"""What an import carries along: ids must be unique, and values must be JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from annotator.core.limits import MAX_NAME
from annotator.core.numbers import MAX_ID, is_finite, is_id
from annotator.core.problems import Findings
from annotator.exchange.coco.values import shown

_DEEP = 1_000  # characters of a path


def require_unique_id(findings: Findings, path: str, item: Mapping[str, Any], taken: set[int]) -> bool:
    """Whether the item has a sound id that no other has; it joins `taken`."""
    id = item.get("id")
    if not is_id(id):
        findings.error(f"{path}.id", f"is {shown(id)}, expected a whole number from 0 to {MAX_ID}")
        return False
    if id in taken:
        findings.error(f"{path}.id", f"{id} appears twice; readers keep the last of them")
        return False
    taken.add(int(id))  # type: ignore[arg-type]
    return True


def require_json(findings: Findings, path: str, found: Mapping[str, Any], known: frozenset[str], named: str) -> None:
    """Unknown keys are carried through an import, so their values must be valid JSON."""
    for name, value in found.items():
        if name not in known and not isinstance(value, str | int):
            try:
                json.dumps(value, allow_nan=False)
            except (ValueError, RecursionError):
                inner, what = _not_json(value)
                findings.error(f"{path}.{name}{inner}".lstrip("."), f"{what}{named}")


def _not_json(value: object) -> tuple[str, str]:
    """Where inside a value that JSON cannot say the reason lies, and what it is."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        path, inner = waiting.pop()
        if isinstance(inner, float) and not is_finite(inner):
            return path, f"is {inner}, expected a finite number"
        if isinstance(inner, list):
            waiting += [(f"{path}[{index}]", item) for index, item in enumerate(inner)]
        elif isinstance(inner, dict):
            waiting += [(f"{path}.{name}", item) for name, item in inner.items()]
        if len(path) > _DEEP:
            break
    return "", "is nested too deep to be carried along"


def warn_of_doubles(findings: Findings, path: str, kind: str, names: Counter[str]) -> None:
    """Names that appear more than once, be it in other capitals."""
    alike: dict[str, str] = {}
    for name, count in names.items():
        if count > 1:
            findings.warn(path, f"the {kind} {shown(name)} appears {count} times, expected once")
        other = alike.setdefault(name.casefold(), name)
        if other != name:
            findings.warn(path, f"the {kind}s {shown(other)} and {shown(name)} differ in capitals only")


def name_problem(name: object) -> str:
    """What is wrong with a name that is none, or too long."""
    if isinstance(name, str) and len(name) > MAX_NAME:
        return f"is a name of {len(name)} characters, expected at most {MAX_NAME}"
    return f"is {shown(name)}, expected a name"
