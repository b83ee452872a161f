"""Tables that a spreadsheet opens.

Tests: tests/web/routes/test_statistics.py, tests/evaluation/test_takes.py
"""

from __future__ import annotations

import csv
import io
from typing import Any

from annotator.exchange.formats.csv import is_formula


def to_csv(rows: list[dict[str, Any]]) -> str:
    """The rows as a spreadsheet reads them: texts that look like a formula are marked as texts."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _inert(value: Any) -> Any:
    """An apostrophe is how spreadsheets mark a text as one."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value
