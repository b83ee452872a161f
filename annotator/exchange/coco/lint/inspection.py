"""What an inspection found, and what it knows of the document while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from annotator.core.budget import WorkBudget
from annotator.core.masks import Rle
from annotator.core.problems import Findings, Problem


@dataclass
class Inspection:
    """The problems of a document, in its order, and the masks of those annotations that are at hand, by index.

    document: what was inspected, with whole numbers where it had 640.0. budget: what its polygons may cost.
    """

    document: Any
    findings: Findings
    budget: WorkBudget
    masks: dict[int, Rle] = field(default_factory=dict)

    @property
    def problems(self) -> list[Problem]:
        return self.findings.problems

    @property
    def errors(self) -> list[Problem]:
        return self.findings.errors


@dataclass
class Known:
    """The ids of a document, and what annotations are compared with."""

    license_ids: frozenset[int]
    image_ids: set[int] = field(default_factory=set)
    category_ids: set[int] = field(default_factory=set)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Height and width by image id, where both are sound."""
    keypoints: dict[int, int] = field(default_factory=dict)
    """How many keypoints a category names, by its id."""
