"""Run the benchmarks, print one table, and keep what they said.

    python -m tests.bench [--long | --quick] [--only page,coco] [--out benchmarks.json]
    python -m tests.bench --page benchmarks.json > docs/benchmarks.md

Prints a row for each figure: medians and ratios, as each script makes them. A usual run takes 20 minutes on two cores
that do nothing else; --long runs each script whole, which takes hours; --quick runs each one small, to see that it
works, and its figures say nothing. What trains, or wants a library that the project does not, is run by --only or
--long.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.figures import GROUPS
from tests.bench.suite import BENCHMARKS, Outcome, Size, machine, run

HEAD = """# Benchmarks

Made by `python -m tests.bench --page`; edit nothing here.
"""
HOW = """## Repeat it

From a clone, on a machine that does nothing else; about {minutes} minutes on two cores:

```sh
pip install -e '.[test,formats,postgres,ray]'
python -m tests.bench --out benchmarks.json
python -m tests.bench --page benchmarks.json > docs/benchmarks.md
```

`--only page,coco` runs these alone, `--long` each one whole, and `--quick` each one small, to see that it works. The
photographs are those of the package; `gestures`, `next`, `person` and `loop` want
[COCO's](../CONTRIBUTING.md#what-is-measured). Each script says in its first lines what it does and prints.

| script | here | whole |
|---|---|---|"""


def rows(outcomes: list[Outcome]) -> dict[str, list[tuple[str, str, str]]]:
    """Label, value with its unit and script of each figure that was measured, by group."""
    found = {}
    for group, figures in GROUPS.items():
        measured = [
            (figure.label, value, figure.script)
            for figure in figures
            for outcome in outcomes
            if outcome.name == figure.script and (value := figure.value(outcome)) is not None
        ]
        if measured:
            found[group] = measured
    return found


def problems(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    """Script, and why it was not measured, or which of its figures is missing."""
    found = [(outcome.name, outcome.problem) for outcome in outcomes if outcome.problem]
    for outcome in outcomes:
        for figure in (one for figures in GROUPS.values() for one in figures if one.script == outcome.name):
            if not outcome.problem and figure.value(outcome) is None:
                found.append((outcome.name, f"it did not say: {figure.label}"))
    return found


def table(outcomes: list[Outcome]) -> str:
    """For a terminal."""
    found = rows(outcomes)
    width = max((len(label) for lines in found.values() for label, _, _ in lines), default=0)
    lines = []
    for group, measured in found.items():
        lines += ["", group, *(f"  {label:<{width}}  {value:<12}  {script}" for label, value, script in measured)]
    return "\n".join(lines)


def page(report: dict[str, Any]) -> str:
    """The document, made from a report."""
    outcomes = [Outcome(**row) for row in report["outcomes"]]
    lines = [HEAD, *(f"- {name}: {value}" for name, value in report["machine"].items())]
    if report["size"] != Size.USUAL.value:
        lines += ["", f"This run was {report['size']}: the sizes that labels speak of are those of a usual one."]
    for group, measured in rows(outcomes).items():
        lines += ["", f"## {group}", "", "| what | figure | script |", "|---|---|---|"]
        lines += [
            f"| {label} | {value} | [{script}](../tests/bench/bench_{script}.py) |" for label, value, script in measured
        ]
    total = sum(outcome.seconds for outcome in outcomes)
    lines += ["", HOW.format(minutes=round(total / 60))]
    taken = {one.name: one for one in outcomes}
    for one in BENCHMARKS:
        outcome = taken.get(one.name)
        here = _length(outcome.seconds) if outcome and not outcome.problem else "not run"
        if outcome and outcome.problem:
            here = f"not measured: {outcome.problem}"
        lines.append(f"| `{one.name}` | {here} | {one.long} |")
    lines += ["", "`loop` is in [Fine-tune on an export](how-to/fine-tune.md)."]
    return "\n".join(lines)


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const=Size.QUICK, default=Size.USUAL)
    size.add_argument("--long", dest="size", action="store_const", const=Size.LONG)
    parser.add_argument("--only", default="", help="these alone, by name, with commas")
    parser.add_argument("--out", type=Path, help="where what they said is written, as JSON")
    parser.add_argument(
        "--page", type=Path, metavar="JSON", help="print the document of such a report, and run nothing"
    )
    options = parser.parse_args()
    if options.page is not None:
        print(page(json.loads(options.page.read_text())))
        return
    usual = [one.name for one in BENCHMARKS if options.size is Size.LONG or not one.apart]
    names = [name for name in options.only.split(",") if name] or usual
    unknown = set(names) - {one.name for one in BENCHMARKS}
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))}: expected {', '.join(one.name for one in BENCHMARKS)}")
    report: dict[str, Any] = {"size": options.size.value, "machine": machine(), "outcomes": []}
    outcomes = []
    for benchmark in BENCHMARKS:
        if benchmark.name in names:
            print(f"{benchmark.name} ...", file=sys.stderr, flush=True)
            outcomes.append(run(benchmark, options.size))
            report["outcomes"].append(asdict(outcomes[-1]))
            if options.out is not None:  # also what was measured before somebody stops it
                options.out.write_text(json.dumps(report, indent=1))
    for name, value in report["machine"].items():
        print(f"{name}: {value}")
    print(table(outcomes))
    print("", *(f"{name}: {problem}" for name, problem in problems(outcomes)), sep="\n")
    sys.exit(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    main()
