"""What the documents say is there is there, and what is there they say. The keys are held by the editor's own tests."""

import argparse
import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from annotator.cli import build_parser
from annotator.core.query import FIELDS
from annotator.web.sharing.limits import Limits

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
ENVIRONMENT = (ROOT / "docs" / "reference" / "environment.md").read_text()
COMMANDS = README.split("## Command line")[1].split("```")[1]


def parsers(parser, name=""):
    """Every verb and action of the command line with its parser: ("models list", parser)."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield name, parser
    for action in below:
        for verb, inner in action.choices.items():
            yield from parsers(inner, f"{name} {verb}".strip())


VERBS = dict(parsers(build_parser()))


def usage(verb):
    """The README's lines about a verb."""
    first, *action = verb.split()
    blocks = re.split(r"\n(?=annotator )", COMMANDS.strip())
    found = [block for block in blocks if block.split()[1] == first]
    assert found, f"annotator {first} is not in the README"
    return next((block for block in found if action and action[0] in block), found[0])


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_the_command_line_is_in_the_readme(verb):
    options = [option for action in VERBS[verb]._actions for option in action.option_strings if option.startswith("--")]
    missing = [option for option in options if option != "--help" and not mentions(usage(verb), option)]
    assert missing == [], f"annotator {verb}: not in the README's synopsis"


def mentions(text, word):
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def test_every_option_of_the_readme_is_on_the_command_line():
    known = {option for parser in VERBS.values() for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", COMMANDS)) <= known


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


def test_every_link_to_a_file_leads_somewhere():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_nothing_speaks_of_a_folder_beside_the_clone():
    for path in [*ROOT.rglob("*.md"), *(ROOT / "tests" / "bench").glob("*.py"), *(ROOT / "models").rglob("*.py")]:
        if "node_modules" not in path.parts and ".venv" not in path.parts:
            assert "../shared" not in path.read_text(), path


def test_every_file_that_contributors_are_sent_to_is_there():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`([\w/.-]+\.(?:py|ts|toml))`", page)) - {"utils.py"}  # of which it says that there is none
    assert len(named) > 40
    code = [path for top in ("annotator", "tests", "models") for path in (ROOT / top).rglob("*.*")]
    code += ROOT.glob("*.*")
    known = [path.relative_to(ROOT).as_posix() for path in code if "node_modules" not in path.parts]
    gone = [name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in known)]
    assert gone == [], "CONTRIBUTING.md names files that are not there"


BENCHMARKS = sorted((ROOT / "tests" / "bench").glob("bench_*.py"))


@pytest.mark.parametrize("script", BENCHMARKS, ids=lambda script: script.stem)
def test_each_benchmark_says_how_it_is_run_and_what_it_prints_and_is_listed(script):
    told = ast.get_docstring(ast.parse(script.read_text()))
    assert re.search(rf"^ {{4}}python (-m tests\.bench\.{script.stem}|tests/bench/{script.name})", told, re.MULTILINE)
    assert re.search(r"\b[Pp]rint(s|ed)\b", told)
    assert f"| `{script.name}` |" in (ROOT / "CONTRIBUTING.md").read_text()
