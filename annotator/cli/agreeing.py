"""`annotator agreement`.

Tests: tests/evaluation/test_takes.py
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.cli.projects import project, require_project
from annotator.cli.telling import progress_bar
from annotator.cli.values import Verbs

if TYPE_CHECKING:
    from annotator.evaluation.certainty import Estimate
    from annotator.evaluation.takes import Takes
    from annotator.evaluation.two_people import Agreement


def add_agreement(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    agreement = verbs.add_parser("agreement", help="how far people agree on pictures that two of them annotated")
    agreement.add_argument("project", type=project, metavar="PROJECT", help="its folder, or its name")
    agreement.add_argument("--csv", type=Path, metavar="FILE", help="also write it as a table, by people and category")
    agreement.add_argument("--json", action="store_true", help="as JSON, with every picture")
    agreement.set_defaults(run=_agreement)


def _agreement(options: argparse.Namespace) -> int:
    from annotator.evaluation.takes import compare_takes, summary_csv, takes_to_json
    from annotator.storage.store import Store
    from annotator.system.files import write_atomically

    require_project(options.project)
    with Store.open(options.project) as store:
        found = compare_takes(store, progress=progress_bar("comparing"))
    if options.csv is not None:
        write_atomically(options.csv, summary_csv(found).encode())
    if options.json:
        print(json.dumps(takes_to_json(found), indent=2))
    else:
        for line in _lines(found):
            print(line)
    return 0


def _lines(found: Takes) -> list[str]:
    from annotator.core.words import are, counted

    lines = _table(found) if found.pictures else ["no picture was done by two people yet"]
    if found.of_one:
        one = f"{counted(found.of_one, 'picture')} that one person did both times"
        lines.append(f"{one} {are(found.of_one)} left out: that says nothing of two people")
    if found.too_many:
        full = f"{counted(found.too_many, 'picture')} with too many masks over each other"
        lines.append(f"{full} {are(found.too_many)} left out")
    return lines


def _table(found: Takes) -> list[str]:
    from annotator.core.words import counted
    from annotator.evaluation.two_people import STRICT_IOU

    whole = found.agreement()
    of_two = [(", ".join(one or "(import)" for one in people), one) for people, one in found.by_people().items()]
    heads = ("F1, IoU 0.5", f"F1, IoU {STRICT_IOU}", "mean IoU", "alpha")
    lines = [
        f"{counted(whole.pictures, 'picture')} that two people annotated apart from each other",
        _row("", ("pictures", "objects", "both"), heads),
        *(_line(name, one) for name, one in (("all", whole), *of_two)),
        "F1: the share of objects that both have. alpha: Krippendorff's, categories beyond chance",
    ]
    for each in whole.categories:
        iou = "" if each.iou is None else f", mean IoU {each.iou:.2f}"
        objects = f"{each.first} and {each.second} objects, {each.both} of them both, F1 {each.f1:.2f}"
        lines.append(f"{found.names.get(each.category, each.category)}: {objects}{iou}")
    return lines


def _line(name: str, one: Agreement) -> str:
    counts = (str(one.pictures), f"{one.first}/{one.second}", str(one.both))
    return _row(name, counts, [_figure(figure) for figure in (one.f1, one.f1_close, one.iou, one.alpha)])


def _row(name: str, counts: Sequence[str], figures: Sequence[str]) -> str:
    return "".join((f"{name[:24]:24}", *(f"{text:>10}" for text in counts), *(f"{text:>18}" for text in figures)))


def _figure(found: Estimate | None) -> str:
    from annotator.evaluation.takes import estimate_to_json

    told = estimate_to_json(found, least=-1.0)
    if told is None:
        return "-"
    if told["low"] is None or told["high"] is None:
        return f"{told['value']:.2f}"
    return f"{told['value']:.2f} ({told['low']:.2f}-{told['high']:.2f})"
