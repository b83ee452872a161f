"""`annotator import`."""

from __future__ import annotations

import argparse
from pathlib import Path

from annotator.cli.projects import add_pictures, project, require_project, settle_pictures
from annotator.cli.telling import progress_bar, show_nothing
from annotator.cli.values import Verbs, source
from annotator.core.problems import MOST_OF_A_KIND


def add_import(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    importing = verbs.add_parser("import", help="bring COCO files and their pictures, or results, into a project")
    importing.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders that hold some")
    importing.add_argument(
        "--images", type=Path, metavar="DIR", help="the pictures, where neither a folder nor the project has them"
    )
    importing.add_argument("--project", required=True, type=project, metavar="DIR")
    add_pictures(importing)
    importing.add_argument(
        "--source", type=source, metavar="MODEL@VERSION", help="who made the results (default: the file's name)"
    )
    importing.add_argument(
        "--on-conflict",
        choices=("skip", "replace", "add"),
        default="skip",
        help="instances that the project has by another outline: its own stays, the file's takes its place, or both",
    )
    importing.add_argument("--all", action="store_true", help="every problem and note, not some of each kind")
    importing.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    from annotator.exchange import coming
    from annotator.exchange.finding import read_import
    from annotator.storage.store import Store

    most = None if options.all else MOST_OF_A_KIND
    reading = read_import(options.paths, images=options.images, most=most)
    if not any(file.folder for file in reading.files):
        require_project(options.project)
    settle_pictures(options.project, options.pictures)
    progress = progress_bar("importing") if reading.datasets else show_nothing
    with Store.open(options.project) as store:
        brought = coming.bring(
            reading,
            store,
            source=options.source,
            on_conflict=options.on_conflict,
            most=most,
            progress=progress,
            storing=progress_bar("storing", "image"),
        )
    for line in (*brought.lines, *reading.passed_over):
        print(line)
    if brought.met and options.on_conflict == "skip":
        print("--on-conflict replace takes the file's outline, --on-conflict add keeps both")
    return 0
