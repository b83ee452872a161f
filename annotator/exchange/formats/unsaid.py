"""The warnings of an export that flags or notes do not leave.

Tests: tests/exchange/formats/test_polygons.py, tests/exchange/formats/test_csv.py
"""

from __future__ import annotations

from collections.abc import Sequence

from annotator.core.words import counted

_NO_PLACE = "with flags or a note that the format has no place for"


def unsaid_lines(instances: Sequence[int], pictures: Sequence[str]) -> list[str]:
    """One line for each of the two that there are any of. instances: their ids; pictures: their names."""
    lines = []
    if instances:
        lines.append(f"warning: {counted(len(instances), 'instance')} {_NO_PLACE} (id {instances[0]})")
    if pictures:
        lines.append(f"warning: {counted(len(pictures), 'picture')} {_NO_PLACE} ({pictures[0]!r:.80})")
    return lines
