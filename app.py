"""Builds the page and launches it; a Hugging Face Space runs this very file."""

import sys

from annotator.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
