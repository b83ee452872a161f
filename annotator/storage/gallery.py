"""The instances of one category over all images, in an order that brings the wrong ones to the front.

Tests: tests/web/routes/test_gallery.py
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Select, func, or_, select

from annotator.core import masks
from annotator.core.dataset import State
from annotator.core.masks import Rle
from annotator.storage import schema
from annotator.storage.categories import categories, least_score
from annotator.storage.instances import chunks

_KNOWN = (State.SUGGESTED.value, State.ACCEPTED.value, State.REJECTED.value)


class Order(StrEnum):
    """What comes first."""

    DOUBT = "doubt"  # the score nearest to the threshold
    SCORE = "score"  # the lowest score
    AREA = "area"  # the smallest share of its picture
    ODD = "odd"  # the shape and size least like the category's others


@dataclass(frozen=True)
class Entry:
    """One instance as the gallery shows it; `box_xyxy` and `area` in image pixels."""

    key: str
    image_id: int
    file_name: str
    state: State
    score: float | None
    area: int
    box_xyxy: tuple[float, float, float, float]
    share: float
    """Of its picture's pixels."""
    version: str
    """Another one as soon as the mask is another."""


@dataclass(frozen=True)
class Usual:
    """The middle of a category's shares and aspects (height over width of the box), and how far their logarithms lie
    from it, in the median."""

    share: float
    aspect: float
    share_spread: float
    aspect_spread: float


@dataclass(frozen=True)
class Page:
    """A stretch of the gallery. `after` continues it, None at its end; `counts` has the instances of each category."""

    entries: tuple[Entry, ...]
    total: int
    below: int
    """Suggestions that are left out because their score is below the threshold."""
    after: str | None
    counts: dict[int, int]
    usual: Usual | None = None
    """Of the order that asks for the odd ones."""


def page(
    connection: Connection,
    *,
    category_id: int,
    states: Collection[State],
    threshold: float,
    order: Order,
    after: tuple[float, int] | None,
    limit: int,
) -> Page:
    """At most `limit` instances behind the place `after`; suggestions without the score for the threshold are left out.

    threshold: the general one, where the category has none of its own.
    A place is the sort value and the id of the last instance shown. So nothing is skipped when instances before it have
    been decided since.
    """
    wanted = {State(state).value for state in states}
    general, threshold = threshold, _threshold_of(connection, category_id, threshold)
    rows = connection.execute(_known(category_id, shapes=order in (Order.AREA, Order.ODD))).all()
    values, usual = _values(rows, order, threshold)
    shown = [(float(value), row) for value, row in zip(values, rows, strict=True) if row.state in wanted]
    above = [(value, row) for value, row in shown if not _is_below(row, threshold)]
    places = sorted((value, row.id) for value, row in above)
    start = 0 if after is None else bisect_right(places, after)
    chosen = places[start : start + limit]
    more = start + limit < len(places)
    return Page(
        entries=entries(connection, [id for _, id in chosen]),
        total=len(places),
        below=len(shown) - len(above),
        after=f"{chosen[-1][0]!r}:{chosen[-1][1]}" if more else None,
        counts=_counts(connection, wanted, general),
        usual=usual,
    )


def version_of(sha256: str, rle: Rle) -> str:
    """Names what a cut-out shows: these pixels under this mask."""
    return hashlib.blake2b(f"{sha256} {rle.counts}".encode(), digest_size=8).hexdigest()


def _known(category_id: int, *, shapes: bool) -> Select[Any]:
    table, images = schema.instances, schema.images
    columns: list[Any] = [table.c.id, table.c.state, table.c.score]
    if shapes:
        columns += [table.c.rle, images.c.height, images.c.width]
    joined = table.join(images, images.c.id == table.c.image_id)
    known = (table.c.category_id == category_id, table.c.state.in_(_KNOWN), ~images.c.removed)
    return select(*columns).select_from(joined).where(*known)


def _threshold_of(connection: Connection, category_id: int, general: float) -> float:
    found = connection.scalar(select(schema.categories.c.threshold).where(schema.categories.c.id == category_id))
    return general if found is None else found


def _is_below(row: Row[Any], threshold: float) -> bool:
    return row.state == State.SUGGESTED and row.score is not None and row.score < threshold


def _values(rows: Sequence[Row[Any]], order: Order, threshold: float) -> tuple[Iterable[float], Usual | None]:
    """What the order goes by, the smallest first, and what it compares with."""
    if order in (Order.DOUBT, Order.SCORE) or not rows:
        return _scores(rows, order, threshold), None
    shares, aspects = _shapes(rows)
    if order is Order.AREA:
        return shares, None
    usual = _usual(shares, aspects)
    return _oddness(shares, aspects, usual), usual


def _scores(rows: Sequence[Row[Any]], order: Order, threshold: float) -> Iterable[float]:
    middle = threshold if order is Order.DOUBT else 0.0
    return [2.0 if row.score is None else abs(row.score - middle) for row in rows]


def _shapes(rows: Sequence[Row[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each instance the share of its picture, and height over width of its box; both above 0."""
    shares, aspects = np.ones(len(rows)), np.ones(len(rows))
    for place, row in enumerate(rows):
        rle = Rle(row.height, row.width, row.rle)
        x0, y0, x1, y1 = masks.rle_box_xyxy(rle)
        shares[place] = max(masks.rle_area(rle), 0.5) / (row.height * row.width)
        aspects[place] = max(y1 - y0, 0.5) / max(x1 - x0, 0.5)
    return shares, aspects


def _usual(shares: NDArray[np.float64], aspects: NDArray[np.float64]) -> Usual:
    """Of everything known, rejected or not: so the order stays while one rejects."""
    share, aspect = float(np.median(shares)), float(np.median(aspects))
    return Usual(share, aspect, _spread(shares, share), _spread(aspects, aspect))


def _spread(values: NDArray[np.float64], middle: float) -> float:
    """The median deviation of the logarithms: a few strange ones do not move the measure."""
    return max(float(np.median(np.abs(np.log(values / middle)))), 1e-6)


def _oddness(shares: NDArray[np.float64], aspects: NDArray[np.float64], usual: Usual) -> NDArray[np.float64]:
    """How far each lies from the middle, the farthest first: so its negative."""
    size = np.abs(np.log(shares / usual.share)) / usual.share_spread
    shape = np.abs(np.log(aspects / usual.aspect)) / usual.aspect_spread
    found: NDArray[np.float64] = -size - shape
    return found


def entries(connection: Connection, ids: Sequence[int]) -> tuple[Entry, ...]:
    """The instances with these ids, in this order, as far as they are there."""
    table, images = schema.instances, schema.images
    joined = table.join(images, images.c.id == table.c.image_id)
    columns = (images.c.file_name, images.c.sha256, images.c.height, images.c.width)
    found: dict[int, Entry] = {}
    for some in chunks(ids):
        query = select(table, *columns).select_from(joined).where(table.c.id.in_(some))
        for row in connection.execute(query):
            found[row.id] = _entry(row)
    return tuple(found[id] for id in ids if id in found)


def _entry(row: Row[Any]) -> Entry:
    rle = Rle(row.height, row.width, row.rle)
    area = masks.rle_area(rle)
    return Entry(
        key=row.key,
        image_id=row.image_id,
        file_name=row.file_name,
        state=State(row.state),
        score=row.score,
        area=area,
        box_xyxy=masks.rle_box_xyxy(rle),
        share=area / (row.height * row.width),
        version=version_of(row.sha256, rle),
    )


def _counts(connection: Connection, states: Collection[str], threshold: float) -> dict[int, int]:
    """threshold: the general one; a category that has its own goes by that."""
    table, images = schema.instances, schema.images
    joined = table.join(images, images.c.id == table.c.image_id)
    least = least_score(threshold, categories(connection))
    passes = or_(table.c.state != State.SUGGESTED.value, table.c.score.is_(None), table.c.score >= least)
    query = (
        select(table.c.category_id, func.count())
        .select_from(joined)
        .where(table.c.state.in_(list(states)), ~images.c.removed, passes)
        .group_by(table.c.category_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def place_from_text(text: str) -> tuple[float, int] | None:
    """The place that a page's `after` names; None for what names none."""
    value, _, id = text.partition(":")
    try:
        place = float(value), int(id)
    except ValueError:
        return None
    return place if math.isfinite(place[0]) else None
