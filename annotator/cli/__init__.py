"""The verbs of the command line.

Results go to stdout, progress and messages to stderr. Exit 0: done; 1: it ran and found or hit a problem, told in one
line; 2: wrong usage. Heavy packages are imported by the verb that needs them, so that `--help` answers at once.

Enter through `main`. A verb has a file, with its options beside what it does.

Tests: tests/test_cli.py
"""

from annotator.cli.program import build_parser, main

__all__ = ["build_parser", "main"]
