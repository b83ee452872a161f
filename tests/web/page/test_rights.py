"""What is hidden from those who may not use it: the names in one stylesheet are those that the page gives."""

import re
from pathlib import Path

import annotator

PACKAGE = Path(annotator.__file__).parent
SCREEN = PACKAGE / "frontend" / "src" / "screen"


def test_nothing_that_is_hidden_by_role_was_renamed_since():
    rules = (SCREEN / "css" / "rights.css").read_text().partition(".annotator .an-rights {")[0]
    sources = [*SCREEN.glob("*.ts"), *(PACKAGE / "web" / "page").glob("*.py")]
    made = "\n".join(path.read_text() for path in sources)
    names = set(re.findall(r'(?:#|\.(?=an-|is-)|data-action=")([a-z-]+)', rules))
    assert len(names) > 15
    assert [name for name in sorted(names) if not re.search(rf'["\s]{name}["\s]', made)] == []
