"""What a second network says of an instance that one suggested.

Tests: tests/core/test_two_networks.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_LONGEST = 200  # characters of a network's name


class Agreement(StrEnum):
    """Whether two networks that saw the same picture agree about an instance."""

    BOTH = "both"
    """The other one sees an object of the same category there."""
    ONE = "one"
    """The other one knows the category, had a say, and is not sure of any object there."""
    CONFLICT = "conflict"
    """The other one sees an object of another category there."""
    SILENT = "silent"
    """The other one has no say: it does not know the category, or it had found as many objects as it ever does."""


@dataclass(frozen=True)
class Vote:
    """What the other one of two networks, `by` (model@version), says of an instance.

    score, iou, category_id: of its own suggestion in the same place, None where it has none. A suggestion below the
    network's own threshold is told here too, but is no agreement.
    """

    agreement: Agreement
    by: str
    score: float | None = None
    iou: float | None = None
    category_id: int | None = None


def provenance_of(vote: Vote | None) -> dict[str, Any]:
    """What an export says of it beside the instance's source; nothing where no second network was asked."""
    if vote is None:
        return {}
    said: dict[str, Any] = {"agreement": vote.agreement.value, "second": vote.by}
    if vote.iou is not None and vote.score is not None:
        said |= {"second_score": round(vote.score, 6), "second_iou": round(vote.iou, 4)}
    return said


def vote_of_provenance(said: Mapping[str, Any]) -> Vote | None:
    """The vote that `provenance_of` told; None where none can be read. The other one's category is not told there."""
    agreement, by = said.get("agreement"), said.get("second")
    if not isinstance(agreement, str) or agreement not in set(Agreement):
        return None
    if not isinstance(by, str) or not by.isprintable() or not 0 < len(by) <= _LONGEST:
        return None
    score, iou = (_share(said.get(name)) for name in ("second_score", "second_iou"))
    return Vote(Agreement(agreement), by, *((score, iou) if score is not None and iou is not None else (None, None)))


def _share(said: object) -> float | None:
    return float(said) if isinstance(said, int | float) and 0 <= said <= 1 else None
