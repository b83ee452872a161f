"""How soon the command line answers, the page after `python app.py`, and how soon a browser has painted it.

    python -m tests.bench.bench_page [--rounds 5] [--quick]

Prints a JSON object: medians of seconds by the clock and of the processor. Every start is a process of its own;
what it imports has been read from the disk before. Paints are counted from the moment in which a Chromium that has
never been there asks for the page: the first one that shows anything, and the one that shows the editor. Without
Chromium they are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.machine import CHROMIUM, free_port

ROOT = Path(__file__).resolve().parents[2]
STAGES = """
import time
clock = time.process_time
begin = clock(); import annotator.web.quick_gradio; gradio = clock()
import annotator.web.server; ours = clock()
from annotator.system import paths
from annotator.web.projects import Projects
annotator.web.server.build_server(Projects(home=paths.projects())); built = clock()
print(gradio - begin, ours - gradio, built - ours)
"""
NAMES = ("import_gradio_cpu_s", "import_the_rest_cpu_s", "build_the_page_cpu_s")
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
EDITOR = ".an-empty, .an-picture.is-ready"


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds of one process by the clock, and of the processor."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def started(home: str) -> Iterator[tuple[str, float]]:
    """The address of the page, and seconds from `python app.py` until it had come whole."""
    port, begin = free_port(), time.perf_counter()
    environment = os.environ | {"ANNOTATOR_HOME": home}
    running = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=environment, stdout=subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        running.stdout.readline()  # it says where it runs
        address = f"http://127.0.0.1:{port}/"
        urllib.request.urlopen(address, timeout=60).read()
        yield address, time.perf_counter() - begin
    finally:
        running.kill()
        running.wait()


def paints(address: str) -> dict[str, float]:
    """Seconds until a browser that has never been there paints anything, and until the editor is there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        page.goto(address, wait_until="commit")
        page.wait_for_selector(EDITOR, timeout=60_000)
        ready = page.evaluate("performance.now()")
        page.wait_for_function(PAINTED)
        found = {"first_paint_s": page.evaluate(PAINTED) / 1000, "editor_is_there_s": ready / 1000}
        browser.close()
        return found


def measure(rounds: int) -> dict[str, float]:
    """Medians in seconds."""
    rows: dict[str, list[float]] = {}

    def note(**values: float) -> None:
        for name, value in values.items():
            rows.setdefault(name, []).append(value)

    with tempfile.TemporaryDirectory() as home:
        for _ in range(rounds):
            took, cpu = timed([sys.executable, "-m", "annotator", "--help"])
            note(help_s=took, help_cpu_s=cpu)
            took, cpu = timed([sys.executable, "-c", "import annotator"])
            note(import_s=took, import_cpu_s=cpu)
            with started(home) as (address, took):
                note(page_answers_s=took)
                if CHROMIUM is not None:
                    note(**paints(address))
            said = subprocess.run(
                [sys.executable, "-c", STAGES],
                cwd=ROOT, env=os.environ | {"ANNOTATOR_HOME": home}, check=True, capture_output=True, text=True,
            ).stdout  # fmt: skip
            note(**dict(zip(NAMES, map(float, said.split()), strict=True)))
    return {name: round(statistics.median(values), 3) for name, values in rows.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round")
    options = parser.parse_args()
    print(json.dumps(measure(1 if options.quick else options.rounds)))


if __name__ == "__main__":
    main()
