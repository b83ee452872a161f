"""The benchmarks in the order in which they run, and how each is run: as usual, long, or small to see that it works."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.machine import CHROMIUM, DATA, NO_DATA
from tests.storage.postgres_server import programs

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = "annotator/web/examples"
LIBRARIES = ("openvino", "gradio", "numpy", "opencv-python-headless", "pycocotools", "sqlalchemy")
PATIENCE, SPARE_MINUTES = 4, 5
"""A benchmark is stopped after so many times its usual minutes, and these more: one that hangs holds up no others."""


class Size(Enum):
    """How much is measured. LONG is what the scripts do by themselves."""

    QUICK = "quick"
    USUAL = "usual"
    LONG = "long"


@dataclass(frozen=True)
class Benchmark:
    """name: of the script, without `bench_`. always: its arguments; usual, quick: more of them, for runs of that size.

    minutes: how long the usual run takes on two idle cores; long: the long one, in words.
    needs: what must be here: modules by name, or a key of _THINGS. apart: only run where it is asked for.
    """

    name: str
    always: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    minutes: float = 1
    long: str = "the same"
    needs: tuple[str, ...] = ()
    apart: bool = False

    @property
    def path(self) -> Path:
        return ROOT / "tests" / "bench" / f"bench_{self.name}.py"

    def command(self, size: Size) -> list[str]:
        """What is run, from the folder of the clone."""
        more = {Size.QUICK: self.quick, Size.USUAL: self.usual, Size.LONG: ()}[size]
        return ["python", "-m", f"tests.bench.bench_{self.name}", *self.always, *more]

    @property
    def missing(self) -> str:
        """Why it cannot run here, "" if it can."""
        for name in self.needs:
            here, why = _THINGS.get(name) or (find_spec(name) is not None, f"{name} is not installed")
            if not here:
                return why
        return ""


_THINGS = {
    "chromium": (CHROMIUM is not None and find_spec("playwright") is not None, "playwright or Chromium is missing"),
    "data": (DATA is not None, NO_DATA),
    "postgresql": (programs() is not None and find_spec("psycopg") is not None, "psycopg or PostgreSQL is missing"),
}
_NETWORK = ("--model", "starter-person")
_PHOTOGRAPHS = (*_NETWORK, "--images", EXAMPLES)
_VGA = ("--rounds", "1", "--pictures", "4", "--sizes", "vga")

BENCHMARKS = (
    Benchmark("page", quick=("--quick",)),
    Benchmark("startup", _NETWORK, quick=("--rounds", "1"), minutes=0.5),
    Benchmark("pipeline", _PHOTOGRAPHS, ("--rounds", "5", "--pictures", "12"), _VGA, minutes=2, long="6 minutes"),
    Benchmark("precision", _PHOTOGRAPHS, minutes=0.5),
    Benchmark(
        "modelapi", _PHOTOGRAPHS, ("--rounds", "3"), _VGA, minutes=3, long="6 minutes", needs=("model_api",), apart=True
    ),
    Benchmark("served", _PHOTOGRAPHS, quick=("--rounds", "1", "--pictures", "2")),
    Benchmark(
        "ray",
        ("--images", EXAMPLES),
        ("--pictures", "100", "--kills", "1"),
        ("--pictures", "20", "--rounds", "1", "--kills", "0"),
        minutes=3,
        long="1 hour",
        needs=("ray",),
    ),
    Benchmark("masks", usual=("--rounds", "3"), quick=("--rounds", "1"), long="3 minutes"),
    Benchmark(
        "coco",
        usual=("--instances", "10000", "--images", "1000"),
        quick=("--instances", "1000", "--images", "100", "--rounds", "1"),
        minutes=1.5,
        long="10 minutes",
    ),
    Benchmark(
        "formats",
        usual=("--pictures", "500"),
        quick=("--pictures", "20"),
        minutes=0.5,
        long="1 minute",
        needs=("supervision",),
    ),
    Benchmark("size", usual=("--pictures", "500"), quick=("--pictures", "50"), minutes=1.5, long="10 minutes"),
    Benchmark(
        "queue",
        ("--no-browser",),
        ("--rounds", "5"),
        ("--pictures", "300", "--rounds", "2"),
        minutes=1.5,
        long="3 minutes",
    ),
    Benchmark("lists", usual=("--pictures", "100000"), quick=("--pictures", "500"), minutes=0.5, long="2 minutes"),
    Benchmark("bulk", usual=("--pictures", "2000"), quick=("--pictures", "50"), long="2 minutes"),
    Benchmark("evidence", quick=("--pictures", "100"), minutes=2),
    Benchmark("insight", quick=("--runs", "2")),
    Benchmark(
        "gestures",
        usual=("--pictures", "40"),
        quick=("--pictures", "2"),
        minutes=1.5,
        long="4 minutes",
        needs=("data",),
    ),
    Benchmark("next", quick=("--pictures", "4"), minutes=2, needs=("data",)),
    Benchmark(
        "annotators",
        usual=("--seconds", "30"),
        quick=("--pictures", "100", "--people", "2", "--seconds", "2"),
        minutes=2,
        long="3 minutes",
    ),
    Benchmark(
        "batch",
        usual=("--pictures", "1000", "--seconds", "30"),
        quick=("--pictures", "20", "--people", "1", "--seconds", "2"),
        minutes=1.5,
        long="3 minutes",
    ),
    Benchmark(
        "saving",
        usual=("--kills", "100", "--races", "100", "--writes", "100"),
        quick=("--kills", "2", "--races", "2", "--writes", "2"),
        long="10 minutes",
    ),
    Benchmark(
        "team",
        usual=("--seconds", "45", "--kills", "100"),
        quick=("--people", "2", "--machines", "2", "--seconds", "2", "--pictures", "50", "--kills", "2"),
        minutes=2,
        long="15 minutes",
        needs=("postgresql",),
    ),
    Benchmark(
        "users", usual=("--seconds", "60"), quick=("--users", "2", "--seconds", "5"), minutes=1.5, long="11 minutes"
    ),
    Benchmark("editor", quick=("--only", "boxes"), minutes=4, needs=("chromium",)),
    Benchmark("clicks", quick=("--seconds", "1")),
    Benchmark("point", quick=("--clicks", "2"), needs=("chromium",)),
    Benchmark("person", quick=("--pictures", "1"), minutes=2, needs=("chromium", "data")),
    Benchmark("memory", _PHOTOGRAPHS, ("--pictures", "1000"), ("--pictures", "300"), minutes=2, long="15 minutes"),
    Benchmark(
        "loop",
        quick=("--pictures", "8", "--minutes", "0.2"),
        minutes=25,
        long="25 minutes",
        needs=("torch", "data"),
        apart=True,
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What a benchmark said. seconds: by the clock. problem: its last words where it failed, or why it did not run."""

    name: str
    command: str
    seconds: float
    said: str
    problem: str = ""
    failed: bool = False

    @property
    def figures(self) -> dict[str, float]:
        """The numbers in the JSON objects that it printed, by where they stand."""
        found: dict[str, float] = {}
        for index, one in enumerate(each_object(self.said)):
            label = next((str(value) for value in one.values() if isinstance(value, str)), "")
            for path, number in _numbers(one):
                name = " ".join((label, *path)).strip()
                found[name if name not in found else f"{name} ({index + 1})"] = number
        return found


def run(benchmark: Benchmark, size: Size) -> Outcome:
    """Run one in a process of its own, and stop it where it takes much too long."""
    command = benchmark.command(size)
    spoken = " ".join(command)
    if benchmark.missing:
        return Outcome(benchmark.name, spoken, 0.0, "", benchmark.missing)
    begin = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, *command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    limit = None if size is Size.LONG else 60 * (SPARE_MINUTES + PATIENCE * benchmark.minutes)
    problem = ""
    try:
        said, complained = running.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)  # with the servers and browsers that it began
        said, complained = running.communicate()
        problem = f"stopped after {(limit or 0) / 60:.0f} minutes"
    if running.returncode and not problem:
        problem = (complained.strip().splitlines() or [f"exit {running.returncode}"])[-1]
    took = round(time.perf_counter() - begin, 1)
    return Outcome(benchmark.name, spoken, took, said, problem, failed=bool(problem))


def machine() -> dict[str, str]:
    """What the figures are measured on, and when."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return {
        "day": date.today().isoformat(),
        "processor": f"{model}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "libraries": versions,
        "load before": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }


def each_object(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text, wherever they begin at the start of a line."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        if text[place] == "{" and (place == 0 or text[place - 1] == "\n"):
            try:
                found, place = decoder.raw_decode(text, place)
                yield found
                continue
            except ValueError:
                pass
        place = (text.find("\n", place) + 1) or len(text)


def _numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _numbers(one, (*path, str(name)))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _numbers(one, (*path, str(index + 1)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value
