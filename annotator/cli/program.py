"""The program: its verbs, and the exit code of each."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

import annotator
from annotator.cli.agreeing import add_agreement
from annotator.cli.categories import add_categories
from annotator.cli.checking import add_check
from annotator.cli.evaluating import add_evaluate
from annotator.cli.exporting import add_export
from annotator.cli.importing import add_import
from annotator.cli.masking import add_masks
from annotator.cli.models import add_models
from annotator.cli.people import add_people
from annotator.cli.prelabelling import add_prelabel
from annotator.cli.projects import add_projects
from annotator.cli.serving import add_serve
from annotator.cli.telling import say
from annotator.core.errors import AnnotatorError, CocoError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know a character of a file's name
            stream.reconfigure(errors="backslashreplace")
    try:
        options = build_parser().parse_args(arguments)
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except CocoError as error:
        for line in error.problems:
            say(f"error: {line}")
        return 1
    except AnnotatorError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; what was saved is kept", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is left to tell anyone, also not at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        say(f"error: {error.filename or 'file system'}: {error.strerror or error}")
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The contract of the command line as a parser."""
    parser = argparse.ArgumentParser(prog="annotator", description="Pre-label photographs, review them, export COCO.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {annotator.__version__}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    add_serve(verbs)
    add_models(verbs)
    add_prelabel(verbs)
    add_masks(verbs)
    add_import(verbs)
    add_categories(verbs)
    add_export(verbs)
    add_projects(verbs)
    add_people(verbs)
    add_check(verbs)
    add_evaluate(verbs)
    add_agreement(verbs)
    return parser
