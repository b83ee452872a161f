"""`annotator check`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from annotator.cli.telling import say
from annotator.cli.values import Verbs
from annotator.core.problems import MOST_OF_A_KIND
from annotator.core.words import counted


def add_check(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    check = verbs.add_parser("check", help="lint any COCO file")
    check.add_argument("file", type=Path, metavar="FILE.json")
    check.add_argument("--images", type=Path, metavar="DIR", help="also check that the pictures are there and fit")
    check.add_argument("--json", action="store_true", help="as JSON")
    check.add_argument("--all", action="store_true", help="every problem, not some of each kind")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    from annotator.exchange.coco import check

    most = None if options.all else MOST_OF_A_KIND
    problems = check.check_file(options.file, images=options.images, most=most)
    if options.json:
        rows = [
            {"level": item.level, "place": item.path, "message": item.message}
            | ({"more": item.more} if item.more else {})
            for item in problems
        ]
        print(json.dumps(rows))
    else:
        for item in problems:
            print(f"{item.level}: {item if item.path else f'{options.file}: {item}'}")
        counts = {
            level: sum(1 + item.more for item in problems if item.level == level)
            for level in ("error", "warning", "note")
        }
        say(", ".join(counted(count, level) for level, count in counts.items()))
        if any(item.more for item in problems):
            say("--all lists every one")
    return 1 if any(item.level == "error" for item in problems) else 0
