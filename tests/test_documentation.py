"""What the documents say is there is there, and what is there they say. The keys are held by the editor's own tests."""

import ast
import contextlib
import importlib.util
import inspect
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from annotator.cli import build_parser
from annotator.core.query import FIELDS
from annotator.exchange import box_masks
from annotator.exchange.coco import writer
from annotator.storage import datasets
from annotator.web.sharing.limits import Limits
from tests.bench.suite import BENCHMARKS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
ENVIRONMENT = (ROOT / "docs" / "reference" / "environment.md").read_text()
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("exports/*.md"), *ROOT.glob("models/*/*.md"), *ROOT.glob("docs/**/*.md")]


def test_the_pages_that_are_made_from_the_code_say_what_it_says():
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, text in module.pages().items():
        found = (ROOT / "docs" / "reference" / name).read_text()
        assert found == text, f"docs/reference/{name} is old: run python docs/make_reference.py"


def test_every_key_of_a_description_is_documented():
    code = (ROOT / "annotator" / "vision" / "networks" / "description.py").read_text()
    keys = set(re.findall(r"""\.(?:take|table|tables)\(\s*"(\w+)\"""", code)) | {"sha384", "sha256"}
    assert len(keys) > 15
    page = (ROOT / "docs" / "reference" / "model-toml.md").read_text()
    assert [key for key in sorted(keys) if not re.search(rf"`\[*{key}\]*`", page)] == []


def test_every_key_that_an_export_adds_is_documented():
    code = "".join(map(inspect.getsource, (datasets._with_provenance, writer._said, box_masks._put)))
    keys = {a or b for a, b in re.findall(r"""found\["(\w+)"\]|"(\w+)": """, code)}
    assert {"source", "iou", "note", "mask"} < keys
    page = (ROOT / "docs" / "reference" / "export.md").read_text()
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_the_front_page_is_short_and_its_pictures_are_small():
    assert len(README.splitlines()) < 200
    pictures = list((ROOT / "docs" / "images").iterdir())
    assert len(pictures) >= 3
    for picture in pictures:
        assert picture.stat().st_size < (1_500_000 if picture.stem == "review" else 200_000), picture.name


def variables():
    """The environment variables that the code speaks of."""
    files = [*(ROOT / "annotator").rglob("*.py"), ROOT / "app.py"]
    text = "".join(path.read_text() for path in files if "node_modules" not in path.parts)
    return set(re.findall(r"\bANNOTATOR_[A-Z_]*[A-Z]\b", text)) - {"ANNOTATOR_MAX"}


def test_every_environment_variable_is_documented():
    limits = {f"ANNOTATOR_MAX_{field.name.upper()}" for field in fields(Limits)}
    documented = set(re.findall(r"^\| `(\w+)`", ENVIRONMENT, re.MULTILINE))
    assert {name for name in documented if name.startswith("ANNOTATOR_")} == variables() | limits


@pytest.mark.parametrize("field", fields(Limits), ids=lambda field: field.name)
def test_a_limit_is_documented_with_its_default(field):
    row = re.search(rf"^\| `ANNOTATOR_MAX_{field.name.upper()}` \|.*\| (\S+) \|$", ENVIRONMENT, re.MULTILINE)
    assert row is not None
    assert float(row[1].replace(",", "")) == field.default


def test_every_term_of_a_search_is_documented_with_its_words():
    page = (ROOT / "docs" / "reference" / "search.md").read_text()
    rows = {row.split("`")[1].rstrip(":"): row for row in page.splitlines() if re.match(r"\| `\w+:`", row)}
    assert set(rows) == set(FIELDS)
    for field in FIELDS.values():
        where = page if field.name == "state" else rows[field.name]
        assert [word for word in field.words if f"`{word}`" not in where] == []


def anchors_of(page):
    """The headings of a page as a link names them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = (
        re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one).lower() for one in re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    )
    return {re.sub(r"[^\w -]", "", one).strip().replace(" ", "-") for one in headings}


def test_every_link_to_a_file_leads_somewhere():
    for page in [*PAGES, *(ROOT / "annotator" / "web").rglob("*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
            found = page.parent / target if target else page
            assert found.exists(), f"{page.name}: {target}"
            assert not anchor or found.suffix != ".md" or anchor in anchors_of(found), f"{page.name}: {target}#{anchor}"


def test_the_table_of_contents_leads_to_every_document():
    docs, index = ROOT / "docs", (ROOT / "docs" / "index.md").read_text()
    pages = [page.relative_to(docs).as_posix() for page in docs.rglob("*.md")]
    assert [page for page in pages if page != "index.md" and f"]({page})" not in index] == []


def test_nothing_speaks_of_a_folder_beside_the_clone():
    for path in [*ROOT.rglob("*.md"), *(ROOT / "tests" / "bench").glob("*.py"), *(ROOT / "models").rglob("*.py")]:
        if "node_modules" not in path.parts and ".venv" not in path.parts:
            assert "../shared" not in path.read_text(), path


def test_every_file_that_contributors_are_sent_to_is_there():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`([\w/.-]+\.(?:py|ts|toml))`", page)) - {"utils.py"}  # of which it says that there is none
    assert len(named) > 40
    code = [path for top in ("annotator", "tests", "models", "docs") for path in (ROOT / top).rglob("*.*")]
    code += ROOT.glob("*.*")
    known = [path.relative_to(ROOT).as_posix() for path in code if "node_modules" not in path.parts]
    gone = [name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in known)]
    assert gone == [], "CONTRIBUTING.md names files that are not there"


SCRIPTS = sorted((ROOT / "tests" / "bench").glob("bench_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_benchmark_says_how_it_is_run_and_what_it_prints_and_is_listed(script):
    told = ast.get_docstring(ast.parse(script.read_text()))
    assert re.search(rf"^ {{4}}python (-m tests\.bench\.{script.stem}|tests/bench/{script.name})", told, re.MULTILINE)
    assert re.search(r"\b[Pp]rint(s|ed)\b", told)
    assert f"| `{script.name}` |" in (ROOT / "CONTRIBUTING.md").read_text()
    named = {one.path for one in BENCHMARKS}
    assert script in named, "a line in BENCHMARKS of tests/bench/suite.py runs it with the others"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_is_known_with_its_options(page, capsys):
    text = page.read_text().replace("\\\n", " ")
    named = re.findall(r"(?<!`)`(annotator [^`]+)`(?!`)", text)
    named += re.findall(r"^(?: {4})?(annotator(?: .+)?)$", text, re.MULTILINE)
    for command in named:
        arguments = shlex.split(re.split(r" [|…#] ?", command)[0])[1:]
        with contextlib.suppress(SystemExit):
            build_parser().parse_args(arguments)
        said = capsys.readouterr().err.replace("invalid choice: 'FORM'", "")  # stands for one of them
        assert "unrecognized" not in said, command
        assert "invalid" not in said, command
        assert "required: VERB" not in said, command
