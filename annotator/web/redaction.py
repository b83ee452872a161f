"""Lines for visitors, who are not told where things lie on the server."""

from __future__ import annotations

import re
from pathlib import Path

_PATH = re.compile(r"(?<![\w.:/])/(?:[\w.@+-]+/)+[\w.@+-]*")


def redact(line: str, *, folder: Path) -> str:
    """The line with "the project" for any path below `folder`, the visitors', and no other path either."""
    below = rf"{re.escape(str(folder.absolute()))}(/[^\s:'\"]*)?"
    return _PATH.sub("(a file of the server)", re.sub(below, "the project", line))
