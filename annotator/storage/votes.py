"""The columns of an instance that say what a second network says of it.

Tests: tests/prelabel/test_pair.py
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, case

from annotator.core.vote import Agreement, Vote
from annotator.storage import schema


def vote_of(row: Row[Any]) -> Vote | None:
    """row: of `schema.instances`."""
    if row.agreement is None:
        return None
    return Vote(Agreement(row.agreement), row.vote_by or "", row.vote_score, row.vote_iou, row.vote_category)


def vote_columns(vote: Vote | None) -> dict[str, Any]:
    """By name; all NULL where no second network was asked."""
    if vote is None:
        return {"agreement": None, "vote_by": None, "vote_score": None, "vote_iou": None, "vote_category": None}
    return {
        "agreement": vote.agreement.value,
        "vote_by": vote.by,
        "vote_score": vote.score,
        "vote_iou": vote.iou,
        "vote_category": vote.category_id,
    }


def doubt_of(agreement: ColumnElement[Any]) -> ColumnElement[Any]:
    """What is added to how far a score is from the threshold, so that the doubtful come first: a whole number."""
    steps = {Agreement.CONFLICT.value: -2, Agreement.ONE.value: -1, Agreement.BOTH.value: 1}
    return case(steps, value=agreement, else_=0)


def has_agreement(value: str | None) -> ColumnElement[bool]:
    """Of `schema.instances`: whether it has this one; any where none is named."""
    agreement = schema.instances.c.agreement
    return agreement.is_not(None) if value is None else agreement == value


def is_disagreement() -> ColumnElement[bool]:
    """Of `schema.instances`: whether a second network has another say."""
    return schema.instances.c.agreement.in_([Agreement.ONE.value, Agreement.CONFLICT.value])
