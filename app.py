"""Builds the page and launches it; a Hugging Face Space runs this very file."""

import sys

from annotator.cli import main
from annotator.system.paths import on_a_space

if __name__ == "__main__":
    everyone = ["--host", "0.0.0.0"] if on_a_space() else []  # noqa: S104  (a Space's proxy asks from outside)
    sys.exit(main(["serve", *everyone, *sys.argv[1:]]))
