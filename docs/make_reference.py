"""Makes the pages of docs/reference/ that are told by the code: the command line, the Python API, the HTTP routes.

    python docs/make_reference.py

A test compares them with the files, so that they cannot drift.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import tempfile
import typing
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import annotator  # noqa: E402
from annotator.cli import build_parser  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Made by docs/make_reference.py: edit the code, not this page. -->"


def verbs(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Every verb and action of the command line: name, what it does, its parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for verb, inner in action.choices.items():
                full = f"{name} {verb}".strip()
                if any(isinstance(one, argparse._SubParsersAction) for one in inner._actions):
                    yield from verbs(inner, full)
                else:
                    yield full, helps.get(verb, ""), inner


def command_line() -> str:
    lines = [
        "# Command line",
        "",
        MADE,
        "",
        "Results go to stdout, progress and messages to stderr. Exit 0: done; 1: it ran and found or hit a problem,",
        "told in one line; 2: wrong usage. `--project` takes a folder, or the name of one of the page's projects where",
        "there is no such folder.",
    ]
    for name, help, parser in verbs(build_parser()):
        lines += ["", f"## annotator {name}", "", f"{help[:1].upper()}{help[1:]}.", ""]
        rows = [_row(action) for action in parser._actions if not isinstance(action, argparse._HelpAction)]
        if rows:
            lines += ["| | |", "|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _row(action: argparse.Action) -> str:
    """An option or a place, and what it means."""
    value = action.metavar if isinstance(action.metavar, str) else ""
    if not value and action.choices is not None:
        value = "|".join(map(str, action.choices))
    if not value and action.nargs != 0:
        value = action.dest.upper()
    if action.option_strings:
        named = ", ".join(action.option_strings) + (f" {value}" if value and action.nargs != 0 else "")
    else:
        named = value + ("..." if action.nargs in ("+", "*") else "")
    told = (action.help or "").replace("%(choices)s", ", ".join(map(str, action.choices or ()))).replace("%%", "%")
    if action.required and action.option_strings:
        told = f"{told}; needed" if told else "needed"
    return f"| `{named.replace('|', ' or ')}` | {told} |"


def python_api() -> str:
    lines = [
        "# Python",
        "",
        MADE,
        "",
        "The stable names of `import annotator`. [From Python](../python.md) has examples that run.",
    ]
    found = {name: getattr(annotator, name) for name in annotator.__all__ if not name.startswith("_")}
    functions = {name: one for name, one in found.items() if inspect.isfunction(one)}
    errors = {name: one for name, one in found.items() if inspect.isclass(one) and issubclass(one, Exception)}
    classes = {name: one for name, one in found.items() if inspect.isclass(one) and name not in errors}
    for name, one in functions.items():
        lines += ["", f"## {name}", "", *_signature(name, one), "", _told(one)]
    for name, one in classes.items():
        lines += ["", f"## {name}", "", _told(one)]
        for member, value in vars(one).items():
            if member.startswith("_") and member not in ("__call__",):
                continue
            if isinstance(value, property):
                lines += ["", f"### {name}.{member}", "", _told(value.fget) or "A value."]
            elif isinstance(value, classmethod) or inspect.isfunction(value):
                bare = value.__func__ if isinstance(value, classmethod) else value
                title = name if member == "__call__" else f"{name}.{member}"
                lines += ["", f"### {title}", "", *_signature(title, bare), "", _told(bare)]
    lines += ["", "## Errors", "", "| error | is a | |", "|---|---|---|"]
    for name, one in errors.items():
        base = one.__mro__[1].__name__
        lines.append(f"| `{name}` | `{base}` | {_told(one).splitlines()[0]} |")
    return "\n".join(lines).rstrip() + "\n"


def _told(one: object) -> str:
    """What its docstring says; its examples as code."""
    text = inspect.getdoc(one) or ""
    return re.sub(r"(^>>> (?:.+\n?)+)", lambda found: f"```python\n{found[1].rstrip()}\n```", text, flags=re.MULTILINE)


def _signature(title: str, function: typing.Callable[..., object]) -> list[str]:
    """As it stands in the code, whatever Python runs this."""
    parts, keyword_only = [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            parts.append("*")
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        keyword_only = keyword_only or bool(star)
        default = "" if parameter.default is parameter.empty else f" = {_value(parameter.default)}"
        parts.append(f"{star}{parameter.name}: {parameter.annotation}{default}")
    answers = inspect.signature(function).return_annotation
    one_line = f"{title}({', '.join(parts)}) -> {answers}"
    if len(one_line) > 110:
        one_line = f"{title}(\n    " + ",\n    ".join(parts) + f",\n) -> {answers}"
    return ["```python", one_line, "```"]


def _value(value: object) -> str:
    if inspect.isfunction(value):
        return "..."
    if isinstance(value, tuple):
        inner = ", ".join(_value(one) for one in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(str(value)) if isinstance(value, str) else repr(value)


def http_routes() -> str:
    from fastapi.routing import APIRoute

    from annotator.web.jobs import Prelabelling
    from annotator.web.projects import Projects
    from annotator.web.routes.router import build_routes

    with tempfile.TemporaryDirectory() as home:
        projects = Projects(visitors=Path(home))
        routes = build_routes(projects, Prelabelling(projects)).routes
        projects.close()
    lines = [
        "# HTTP routes",
        "",
        MADE,
        "",
        "What the editor asks for, beside Gradio's page. `KEY` is a project's: whoever has it may do all of this. They",
        "are for the editor, and change with it: for programs there are [the Python API](python.md) and",
        '[the call of a client](../gradio.md). An error answers with `{"error": one line}`.',
        "",
        "| | path | what it does |",
        "|---|---|---|",
    ]
    rows = []
    for route in routes:
        if isinstance(route, APIRoute) and "rest:path" not in route.path:
            told = _told(route.endpoint).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
            said = told or route.endpoint.__name__.replace("_", " ")
            path = route.path.replace("{key}", "KEY")
            rows.append(f"| {', '.join(sorted(route.methods - {'HEAD'}))} | `{path}` | {said} |")
    return "\n".join(lines + sorted(rows, key=lambda row: row.split("`")[1])) + "\n"


def pages() -> dict[str, str]:
    """Every page that is made, by its name in docs/reference/."""
    return {"command-line.md": command_line(), "python.md": python_api(), "http.md": http_routes()}


def main() -> None:
    for name, text in pages().items():
        (REFERENCE / name).write_text(text)
        print(name)


if __name__ == "__main__":
    main()
