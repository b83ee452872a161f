"""What a file's name tells of its kind, here and on the page."""

import re
from pathlib import Path

from annotator.vision.pictures.kinds import SUFFIXES

EDITOR = Path(__file__).resolve().parents[3] / "annotator" / "frontend" / "src" / "screen" / "filekinds.ts"


def test_the_page_takes_pictures_by_the_same_suffixes():
    table = re.search(r"PICTURE_SUFFIXES = \[(.*?)\]", EDITOR.read_text(), re.DOTALL)
    assert table is not None
    assert {f".{suffix}" for suffix in re.findall(r'"(\w+)"', table[1])} == SUFFIXES
