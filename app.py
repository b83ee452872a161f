"""Builds the page and launches it; a Hugging Face Space runs this very file, and so does `gradio app.py`."""

import sys

from annotator.cli import main
from annotator.web.demo import Demo

demo = Demo()

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
