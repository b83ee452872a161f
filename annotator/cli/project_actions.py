"""Actions of a verb that work on one project and print what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from annotator.cli.projects import project, require_project
from annotator.cli.values import Verbs

if TYPE_CHECKING:
    from annotator.storage.store import Store

Action = Callable[["Store", argparse.Namespace], str]
"""Does it, and returns what is printed."""


def add_action(actions: Verbs, name: str, text: str, run: Action) -> argparse.ArgumentParser:
    """Its parser, with the option that names the project. text: of its help."""
    action = actions.add_parser(name, help=text)
    action.add_argument("--project", required=True, type=project, metavar="DIR")
    action.set_defaults(run=lambda options: _run(options, run))
    return action


def _run(options: argparse.Namespace, run: Action) -> int:
    from annotator.storage.store import Store

    require_project(options.project)
    with Store.open(options.project) as store:
        print(run(store, options))
    return 0
