"""Rows of a database as columns of numbers.

Tests: tests/storage/test_decision_history.py
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select

from annotator.core.answers import Floats, Integers


def rows_of(connection: Connection, query: Select[Any]) -> Sequence[tuple[Any, ...]]:
    """As SQLite has them: making SQLAlchemy's own of 200,000 rows takes seconds."""
    return list(connection.execute(query).cursor.fetchall())


def table_of(rows: Sequence[tuple[Any, ...]], width: int) -> Floats:
    """Rows of numbers, (n, width)."""
    # A table out of tuples takes twice as long.
    return np.fromiter(chain.from_iterable(rows), float, len(rows) * width).reshape(-1, width)


def table_by_name(rows: Sequence[tuple[Any, ...]], width: int, codes: dict[str, int]) -> Floats:
    """Rows of numbers and a name at the end, (n, width): the name by its number in `codes`, to which new ones go."""
    # As records first: a table out of columns takes twice as long.
    numbers = [(f"{place}", float) for place in range(width - 1)]
    records = np.fromiter(rows, np.dtype([*numbers, ("name", object)]), len(rows))
    found = np.empty((len(rows), width))
    for place, (column, _) in enumerate(numbers):
        found[:, place] = records[column]
    found[:, -1] = [codes.setdefault(name, len(codes)) for name in records["name"].tolist()]
    return found


def find(ids: NDArray[Any], wanted: NDArray[Any]) -> Integers:
    """The index of each wanted id, -1 where there is no such. ids: ascending."""
    if not len(ids):
        return np.full(len(wanted), -1)
    index = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[index] == wanted, index, -1)


def sorted_by(table: Floats, column: int) -> Floats:
    """By a column; quick where most of it is sorted. A search for sorted values takes a tenth of one for others."""
    return table[np.argsort(table[:, column], kind="stable")]
