"""Run the benchmarks, print one table, and keep what they said.

    python -m tests.bench [--quick] [--only page,coco] [--out benchmarks.json]
    python -m tests.bench --page benchmarks.json > docs/benchmarks.md

Prints a row for each figure: medians and ratios, as each script makes them. --quick runs each one small, to see that it
works; its figures say nothing. A whole run takes hours, and wants a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.suite import BENCHMARKS, Outcome, machine, run


def rows(outcomes: list[Outcome]) -> list[tuple[str, str, str]]:
    """Script, figure and value, as text."""
    found = []
    for outcome in outcomes:
        if outcome.problem:
            found.append((outcome.name, "not measured", outcome.problem))
        for name, value in outcome.figures.items():
            found.append((outcome.name, name, f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"))
        if not outcome.problem and not outcome.figures:
            found += [(outcome.name, line.strip(), "") for line in outcome.said.splitlines() if line.strip()]
    return found


def table(outcomes: list[Outcome]) -> str:
    """For a terminal."""
    lines = rows(outcomes)
    first, second = (max(len(row[column]) for row in lines) for column in (0, 1))
    return "\n".join(f"{name:<{first}}  {figure:<{second}}  {value}".rstrip() for name, figure, value in lines)


def page(report: dict[str, Any]) -> str:
    """The document, made from a report."""
    lines = ["# Benchmarks", "", "Made by `python -m tests.bench --page`; edit nothing here.", ""]
    lines += [f"- {name}: {value}" for name, value in report["machine"].items()]
    missing = {one.name for one in BENCHMARKS} - {row["name"] for row in report["outcomes"]}
    if missing:
        lines += ["", f"Not measured in this run: {', '.join(sorted(missing))}."]
    for row in report["outcomes"]:
        outcome = Outcome(**row)
        script = next(one for one in BENCHMARKS if one.name == outcome.name).path
        told = ast.get_docstring(ast.parse(script.read_text())) or ""
        lines += ["", f"## {outcome.name}", "", told.split("\n\n")[0].replace("\n", " "), ""]
        lines += ["```sh", outcome.command, "```", ""]
        if outcome.problem:
            lines.append(f"Not measured here: {outcome.problem}.")
        elif outcome.figures:
            lines += ["| figure | value |", "|---|---|"]
            lines += [f"| {figure} | {value} |" for _, figure, value in rows([outcome])]
        else:
            lines += ["```", outcome.said.strip(), "```"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="each one small")
    parser.add_argument("--only", default="", help="these alone, by name, with commas")
    parser.add_argument("--out", type=Path, help="where what they said is written, as JSON")
    parser.add_argument(
        "--page", type=Path, metavar="JSON", help="print the document of such a report, and run nothing"
    )
    options = parser.parse_args()
    if options.page is not None:
        print(page(json.loads(options.page.read_text())))
        return
    names = [name for name in options.only.split(",") if name] or [one.name for one in BENCHMARKS]
    unknown = set(names) - {one.name for one in BENCHMARKS}
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))}: expected {', '.join(one.name for one in BENCHMARKS)}")
    report: dict[str, Any] = {"quick": options.quick, "machine": machine(), "outcomes": []}
    outcomes = []
    for benchmark in BENCHMARKS:
        if benchmark.name in names:
            print(f"{benchmark.name} ...", file=sys.stderr, flush=True)
            outcomes.append(run(benchmark, quick=options.quick))
            report["outcomes"].append(asdict(outcomes[-1]))
            if options.out is not None:  # also what was measured before somebody stops it
                options.out.write_text(json.dumps(report, indent=1))
    for name, value in report["machine"].items():
        print(f"{name}: {value}")
    print(table(outcomes))
    missing = ("is not installed",)
    sys.exit(any(one.problem and not one.problem.endswith(missing) for one in outcomes))


if __name__ == "__main__":
    main()
