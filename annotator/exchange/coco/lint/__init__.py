"""A COCO document under inspection: every problem with its path, and every mask that is sound.

Enter through `inspect_coco`. Nothing that is unguarded reaches pycocotools from here: polygons and runs are checked
before they are rasterised.

Tests: tests/exchange/coco/test_check.py, tests/exchange/coco/test_odd_coco.py
"""

from __future__ import annotations

from annotator.exchange.coco.lint.annotations import Take
from annotator.exchange.coco.lint.document import inspect_document
from annotator.exchange.coco.lint.inspection import Inspection
from annotator.exchange.coco.lint.results import inspect_results
from annotator.exchange.coco.opened import StoredList

__all__ = ["Inspection", "inspect_coco"]


def inspect_coco(document: object, *, most: int | None = None, take: Take | None = None) -> Inspection:
    """A decoded COCO instances file, whose annotations may be a `StoredList`, or such a list or another of results.

    most: problems of a kind that are kept; the others are counted. take: gets each annotation with its mask, for as
    long as there is no error.
    """
    if isinstance(document, list | StoredList):
        return inspect_results(document, most=most)
    return inspect_document(document, most=most, take=take)
