"""The registry: what the command line, the page, the routes and the README say of formats comes from it."""

import importlib
import json
import re
from pathlib import Path

import pytest

from annotator.exchange import formats
from annotator.exchange.formats import DEFAULT, FORMATS, Options, base
from tests.exchange.formats.conftest import dataset_of, disc, export, files_of

ROOT = Path(__file__).resolve().parents[3]

any_format = pytest.mark.parametrize("format", FORMATS.values(), ids=list(FORMATS))


@any_format
def test_the_readme_has_the_row_of_every_format(format):
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"\n{format.row()}\n" in readme, f"README.md lacks the row: {format.row()}"


def test_nothing_that_knows_of_formats_names_one():
    """But for the first: COCO is also what the whole program speaks."""
    wings = [ROOT / "annotator" / wing for wing in ("exchange", "web", "cli")]
    texts = {path: path.read_text("utf-8") for wing in wings for path in wing.rglob("*.py")}
    knowing = {path for path, text in texts.items() if re.search(r"exchange(\.| import .*)formats", text)}
    assert {path.parent.name for path in knowing} >= {"exchange", "cli", "routes"}
    for format in list(FORMATS.values())[1:]:
        own = Path(importlib.import_module(format.write.__module__).__file__)
        for path in knowing - {own, Path(formats.__file__)}:
            assert not re.search(rf"[\"']{re.escape(format.name)}[\"']", texts[path]), (path, format.name)


@any_format
def test_what_a_format_says_of_itself_fits(format):
    assert re.fullmatch(r"[a-z][a-z0-9-]*", format.name)
    assert format.takes <= set(base.OPTIONAL)
    assert (format.extra is None) == (format.library is None)
    assert format.tasks
    assert not (format.brings_pictures and "with_images" in format.takes)
    assert format.suffixes or format.brings_pictures
    assert not format.titles or set(format.titles) == {"de", "es", "zh"}


@any_format
def test_an_option_that_changes_nothing_is_refused(format):
    for name in base.OPTIONAL:
        assert format.refused([name]) == ([] if name in format.takes else [name])
    assert base.asked_for(Options()) == []
    assert base.asked_for(Options(masks="rle", provenance=False, with_images=True)) == list(base.OPTIONAL)


@any_format
def test_only_the_proofs_end_in_a_suffix_that_no_reader_knows(format, tmp_path):
    """Readers of folders take every .json, .csv or .xml there for annotations."""
    if format.library:
        pytest.importorskip(format.library, reason=f"the extra {format.extra} is not installed")
    export(dataset_of(disc(20, 20, 9)), tmp_path, format.name)
    assert {file for file in files_of(tmp_path) if "report" in file} == {"report.txt", "report.proof"}
    json.loads((tmp_path / "report.proof").read_text())
    alone = {Path(file).suffix for file in files_of(tmp_path) if "/" not in file} - {".txt", ".proof"}
    assert format.brings_pictures or alone <= format.suffixes


def test_the_first_one_is_the_default():
    assert next(iter(formats.FORMATS.values())) is DEFAULT
    assert DEFAULT.refused(base.OPTIONAL) == []
