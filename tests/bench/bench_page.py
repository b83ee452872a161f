"""How soon the command line answers, and the page after `python app.py`.

    python -m tests.bench.bench_page [--rounds 5] [--quick]

Prints a JSON object: medians of seconds by the clock and of the processor. Every start is a process of its own;
what it imports has been read from the disk before.
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
from pathlib import Path

from tests.machine import free_port

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


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds of one process by the clock, and of the processor."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def page_answers(home: str) -> float:
    """Seconds from `python app.py` until the page has come whole."""
    port, begin = free_port(), time.perf_counter()
    environment = os.environ | {"ANNOTATOR_HOME": home}
    running = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=environment, stdout=subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        running.stdout.readline()  # it says where it runs
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).read()
        return time.perf_counter() - begin
    finally:
        running.kill()
        running.wait()


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
            note(page_answers_s=page_answers(home))
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
