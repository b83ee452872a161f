"""Conditions on pictures: what a reviewer said of them, whose they are, who worked on them.

A picture is accepted as long as nobody changes it after that, and sent back until it is done again.

Tests: tests/storage/test_verdicts.py
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select

from annotator.storage import schema
from annotator.storage.database import written
from annotator.storage.images import IMPORT

VERDICT = "verdict"
"""The verb of gestures that say what a reviewer said; they change no instance."""

AWAY = timedelta(hours=24)
"""Whoever did nothing for so long is away: others may be given what was sent back to them."""

_images, _verdicts, _gestures = schema.images, schema.verdicts, schema.gestures


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    SENT_BACK = "sentback"
    WITHDRAWN = "withdrawn"


def stands_as(word: str) -> ColumnElement[bool]:
    """Of `schema.images`. word: one of core.query.VERDICTS; `toreview` is done and waits for a reviewer."""
    if word == "sentback":
        return and_(~_images.c.reviewed, _last(_verdicts.c.verdict) == Verdict.SENT_BACK.value)
    accepted = (
        select(_verdicts.c.id)
        .where(
            _verdicts.c.image_id == _images.c.id,
            _verdicts.c.revision == _images.c.revision,
            _verdicts.c.verdict == Verdict.ACCEPTED.value,
        )
        .correlate(_images)
        .exists()
    )
    return and_(_images.c.reviewed, accepted if word == "accepted" else ~accepted)


def is_worked_on_by(name: str) -> ColumnElement[bool]:
    """Of `schema.images`: whether somebody made a gesture on it, but for imports and verdicts."""
    query = select(_gestures.c.image_id).where(_gestures.c.who == name, _gestures.c.verb.not_in([IMPORT, VERDICT]))
    return _images.c.id.in_(query.scalar_subquery())


def is_for_another(who: str, now: int) -> ColumnElement[bool]:
    """Of `schema.images`: whether it was sent back to somebody else who is not away. now: milliseconds since 1970."""
    whom = _last(_verdicts.c.whom)
    since = written(datetime.fromtimestamp(now / 1000, UTC) - AWAY)
    busy = select(_gestures.c.id).where(_gestures.c.who == whom, _gestures.c.at > since)
    here = or_(_last(_verdicts.c.at) > since, busy.correlate(_images).exists())
    return and_(_last(_verdicts.c.verdict) == Verdict.SENT_BACK.value, whom != "", whom != who, here)


def sent_back_to(who: str) -> Subquery:
    """The ids of the images that were sent back to somebody, and the verdicts, the first first."""
    newest = _verdicts.alias("newest")
    later = select(newest.c.id).where(newest.c.image_id == _verdicts.c.image_id, newest.c.id > _verdicts.c.id)
    return (
        select(_verdicts.c.image_id, _verdicts.c.id.label("verdict_id"))
        .where(
            _verdicts.c.whom == who,
            _verdicts.c.verdict == Verdict.SENT_BACK.value,
            ~later.correlate(_verdicts).exists(),
        )
        .subquery()
    )


def _last(column: ColumnElement[str]) -> ColumnElement[str]:
    """Of the picture's last verdict, "" where it has none."""
    query = select(column).where(_verdicts.c.image_id == _images.c.id).order_by(_verdicts.c.id.desc()).limit(1)
    return func.coalesce(query.correlate(_images).scalar_subquery(), "")
