"""What each of a project's people did, as a table: for the page, for a spreadsheet, and for a terminal.

Tests: tests/storage/test_people_figures.py, tests/test_cli_people.py
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from annotator.exchange.formats.csv import is_formula
from annotator.storage.people_figures import PersonFigures


def row_of(one: PersonFigures) -> dict[str, Any]:
    """By the names of the columns; seconds and shares are rounded."""
    return {
        "name": one.name,
        "role": "" if one.role is None else one.role.value,
        "pictures": one.pictures,
        "share_pictures": round(one.share_pictures, 4),
        "instances": one.instances,
        "share_instances": round(one.share_instances, 4),
        "accepted": one.accepted,
        "adjusted": one.adjusted,
        "drawn": one.drawn,
        "rejected": one.rejected,
        "seconds": round(one.seconds, 1),
        "seconds_each": None if one.seconds_each is None else round(one.seconds_each, 2),
        "last": one.last,
    }


def people_csv(found: Sequence[PersonFigures]) -> str:
    """A header and a row each. A name that a spreadsheet would run is marked as a text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(row_of(PersonFigures(""))))
    writer.writeheader()
    for one in found:
        row = row_of(one)
        writer.writerow(row | {"name": f"'{one.name}" if is_formula(one.name) else one.name})
    return text.getvalue()


def people_lines(found: Sequence[PersonFigures]) -> str:
    """In columns, for a terminal."""
    rows = [["name", "role", "pictures", "instances", "accepted", "adjusted", "drawn", "rejected", "s each", "last"]]
    for one in found:
        each = "" if one.seconds_each is None else f"{one.seconds_each:.1f}"
        shares = f"{one.pictures} ({one.share_pictures:.0%})", f"{one.instances} ({one.share_instances:.0%})"
        counts = (str(count) for count in (one.accepted, one.adjusted, one.drawn, one.rejected))
        role = "" if one.role is None else one.role.value
        rows.append([one.name, role, *shares, *counts, each, (one.last or "")[:16].replace("T", " ")])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(f"{cell:<{wide}}" for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)
