"""What a file's name tells of its kind, here and on the page."""

import re
from pathlib import Path

from annotator.vision.pictures.kinds import KINDS, SUFFIXES

ROOT = Path(__file__).resolve().parents[3]
EDITOR = ROOT / "annotator" / "frontend" / "src" / "screen" / "filekinds.ts"


def test_the_page_takes_pictures_by_the_same_suffixes():
    table = re.search(r"PICTURE_SUFFIXES = \[(.*?)\]", EDITOR.read_text(), re.DOTALL)
    assert table is not None
    assert {f".{suffix}" for suffix in re.findall(r'"(\w+)"', table[1])} == SUFFIXES


def test_the_reference_names_every_kind_and_suffix():
    rows = re.findall(
        r"^\| (\w+) \| (`[^|]+) \|", (ROOT / "docs" / "reference" / "pictures.md").read_text(), re.MULTILINE
    )
    assert {name: tuple(re.findall(r"`(\.\w+)`", suffixes)) for name, suffixes in rows} == {
        kind.name: kind.suffixes for kind in KINDS
    }
