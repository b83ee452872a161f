"""The instances of one category in an order that brings the wrong ones to the front.

SQLite hands a category over as one row of texts: whoever saves waits for the reader of 200,000 rows, and with a row
each that takes several times as long. Python puts them in order when nobody waits any more.

Tests: tests/storage/test_gallery.py
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, cast, func, or_, select

from annotator.core.dataset import State
from annotator.core.vote import Agreement
from annotator.storage import schema
from annotator.storage.categories import categories, least_score
from annotator.storage.votes import doubt_of

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]

_KNOWN = (State.SUGGESTED, State.ACCEPTED, State.REJECTED)
_LETTERS = {state: state.value[:1] for state in _KNOWN}
_BELOW = "b"
_UNIT = 10**9
"""Scores are handed over as whole numbers of this part: SQLite writes those faster than fractions."""
_NO_SCORE = -1

UNKNOWN = 3.0
"""How far an instance is that nobody looked at: farther than any other."""

_instances, _images = schema.instances, schema.images
_IN_BIN = _instances.c.image_id.in_(select(_images.c.id).where(_images.c.removed))


class Order(StrEnum):
    """What comes first."""

    DOUBT = "doubt"  # what networks disagree about, then the score nearest to the threshold
    SCORE = "score"  # the lowest score
    AREA = "area"  # the smallest share of its picture
    LIKE = "like"  # what a network's eye finds most like one of them
    ODD = "odd"  # the shape and size least like the category's others

    @property
    def is_of_shape(self) -> bool:
        """Whether it needs to be known how large the masks are."""
        return self in (Order.AREA, Order.ODD)


@dataclass(frozen=True)
class Usual:
    """The middle of a category's shares and aspects (height over width of the box), and how far their logarithms lie
    from it, in the median."""

    share: float
    aspect: float
    share_spread: float
    aspect_spread: float


@dataclass(frozen=True, eq=False)
class Listed:
    """What a gallery shows, in order. values, ids: (n,). below: how many more are suggested below the threshold.

    counts: of the instances of each category. usual: of the order that asks for the odd ones.
    """

    values: Values
    ids: Numbers
    below: int
    counts: dict[int, int]
    usual: Usual | None

    def start_behind(self, value: float, id: int) -> int:
        """Where the list goes on behind the place of an instance, which may be gone."""
        first, last = np.searchsorted(self.values, value, "left"), np.searchsorted(self.values, value, "right")
        return int(first + np.searchsorted(self.ids[first:last], id, "right"))


@dataclass(frozen=True, eq=False)
class Found:
    """A category as the database hands it over: ids and letters of its instances, and their scores or their shapes.

    pictures: ids and pixels of all images, where shapes are asked for.
    """

    threshold: float
    ids: Numbers
    letters: NDArray[np.bytes_]
    columns: tuple[Numbers, ...]
    pictures: tuple[Numbers, Numbers] | None
    counts: dict[int, int]


def fetch(
    connection: Connection,
    *,
    category_id: int,
    states: Collection[State],
    threshold: float,
    order: Order,
    agreement: Agreement | None = None,
) -> Found:
    """All that an order is made of. threshold: the general one; a category that has its own goes by that.

    agreement: of two networks; only what has it, where it is asked for.
    """
    own = connection.scalar(select(schema.categories.c.threshold).where(schema.categories.c.id == category_id))
    least = threshold if own is None else own
    below = and_(_instances.c.state == State.SUGGESTED.value, _instances.c.score < least)
    letter = case((below, _BELOW), else_=func.substr(_instances.c.state, 1, 1))
    columns: list[ColumnElement[Any]]
    if order.is_of_shape:
        columns = [_instances.c.image_id, _instances.c.area, _instances.c.box_width, _instances.c.box_height]
    else:
        columns = [cast(func.round(_instances.c.score * _UNIT), BigInteger), doubt_of(_instances.c.agreement)]
    packed = [_packed(_instances.c.id), func.group_concat(letter, ""), *map(_packed, columns)]
    known = [_instances.c.category_id == category_id, _instances.c.state.in_([state.value for state in _KNOWN])]
    known += [] if agreement is None else [_instances.c.agreement == agreement.value]
    row = connection.execute(select(*packed).where(*known, ~_IN_BIN)).one()
    pictures = select(_packed(_images.c.id), _packed(_images.c.width * _images.c.height))
    sides = connection.execute(pictures).one() if order.is_of_shape else None
    return Found(
        threshold=least,
        ids=_numbers(row[0]),
        letters=np.frombuffer((row[1] or "").encode("ascii"), "S1"),
        columns=tuple(map(_numbers, row[2:])),
        pictures=None if sides is None else (_numbers(sides[0]), _numbers(sides[1])),
        counts=_counts(connection, states, threshold),
    )


def in_order(
    found: Found, states: Collection[State], order: Order, distances: tuple[Numbers, Values] | None = None
) -> Listed:
    """The instances in these states, the smallest value first; suggestions below the threshold are left out.

    distances: of an order by likeness, ids ascending and how far each is; what has none comes last.
    """
    values, usual = (_far(found.ids, *distances), None) if distances else _values(found, order)
    wanted = np.isin(found.letters, [_LETTERS[state].encode() for state in states])
    below = int(np.count_nonzero(found.letters == _BELOW.encode())) if State.SUGGESTED in states else 0
    values, ids = values[wanted], found.ids[wanted]
    places = np.lexsort((ids, values))
    return Listed(values[places], ids[places], below, found.counts, usual)


def _far(wanted: Numbers, ids: Numbers, distances: Values) -> Values:
    if not len(ids):
        return np.full(len(wanted), UNKNOWN)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[place] == wanted, distances[place], UNKNOWN)


def _packed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.group_concat(func.coalesce(column, _NO_SCORE))


def _numbers(packed: str | None) -> Numbers:
    return np.fromstring(packed, np.int64, sep=",") if packed else np.zeros(0, np.int64)


def _values(found: Found, order: Order) -> tuple[Values, Usual | None]:
    """What the order goes by, and what it compares with."""
    if found.pictures is None:
        scores = found.columns[0] / _UNIT
        middle = found.threshold if order is Order.DOUBT else 0.0
        ahead = found.columns[1] if order is Order.DOUBT else 0
        return np.where(found.columns[0] == _NO_SCORE, 3.0, np.abs(scores - middle) + ahead), None
    shares, aspects = _shapes(found.columns, *found.pictures)
    if order is Order.AREA or not len(shares):
        return shares, None
    usual = _usual(shares, aspects)
    return _oddness(shares, aspects, usual), usual


def _shapes(columns: tuple[Numbers, ...], image_ids: Numbers, pixels: Numbers) -> tuple[Values, Values]:
    """Of each instance the share of its picture, and height over width of its box; both above 0."""
    of_image, area, width, height = columns
    in_order = np.argsort(image_ids)
    places = np.searchsorted(image_ids, of_image, sorter=in_order)
    shares = np.maximum(area, 0.5) / pixels[in_order[places]]
    return shares, np.maximum(height, 0.5) / np.maximum(width, 0.5)


def _usual(shares: Values, aspects: Values) -> Usual:
    """Of everything known, rejected or not: so the order stays while one rejects."""
    share, aspect = float(np.median(shares)), float(np.median(aspects))
    return Usual(share, aspect, _spread(shares, share), _spread(aspects, aspect))


def _spread(values: Values, middle: float) -> float:
    """The median deviation of the logarithms: a few strange ones do not move the measure."""
    return max(float(np.median(np.abs(np.log(values / middle)))), 1e-6)


def _oddness(shares: Values, aspects: Values, usual: Usual) -> Values:
    """How far each lies from the middle, the farthest first: so its negative."""
    size = np.abs(np.log(shares / usual.share)) / usual.share_spread
    shape = np.abs(np.log(aspects / usual.aspect)) / usual.aspect_spread
    found: Values = -size - shape
    return found


def _counts(connection: Connection, states: Collection[State], threshold: float) -> dict[int, int]:
    """How many instances of each category a gallery shows."""
    least = least_score(threshold, categories(connection))
    table = _instances.c
    passes = or_(table.state != State.SUGGESTED.value, table.score.is_(None), table.score >= least)
    query = (
        select(table.category_id, func.count())
        .where(table.state.in_([state.value for state in states]), ~_IN_BIN, passes)
        .group_by(table.category_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
