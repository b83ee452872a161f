"""The benchmarks in the order of the table, and how each is run: whole, and quick to see that it still works."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = "annotator/web/examples"
LIBRARIES = ("openvino", "gradio", "numpy", "opencv-python-headless", "pycocotools", "sqlalchemy")


@dataclass(frozen=True)
class Benchmark:
    """name: of the script, without `bench_`. always: its arguments; quick: more of them, for a small run.

    needs: a module without which it does not run.
    """

    name: str
    always: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    needs: str = ""

    @property
    def path(self) -> Path:
        return ROOT / "tests" / "bench" / f"bench_{self.name}.py"

    def command(self, *, quick: bool) -> list[str]:
        """What is run, from the folder of the clone."""
        return ["python", "-m", f"tests.bench.bench_{self.name}", *self.always, *(self.quick if quick else ())]


_NETWORK = ("--model", "starter-person")
_PHOTOGRAPHS = (*_NETWORK, "--images", EXAMPLES)

BENCHMARKS = (
    Benchmark("page", quick=("--quick",)),
    Benchmark("startup", _NETWORK, ("--rounds", "1")),
    Benchmark("pipeline", _PHOTOGRAPHS, ("--rounds", "1", "--pictures", "4", "--sizes", "vga")),
    Benchmark("precision", _PHOTOGRAPHS),
    Benchmark("modelapi", _PHOTOGRAPHS, ("--rounds", "1", "--pictures", "4", "--sizes", "vga"), needs="model_api"),
    Benchmark("served", _PHOTOGRAPHS, ("--rounds", "1", "--pictures", "2")),
    Benchmark("ray", ("--images", EXAMPLES), ("--pictures", "20", "--rounds", "1", "--kills", "0"), needs="ray"),
    Benchmark("masks", quick=("--rounds", "1")),
    Benchmark("coco", quick=("--instances", "1000", "--images", "100", "--rounds", "1")),
    Benchmark("formats", quick=("--pictures", "20"), needs="supervision"),
    Benchmark("size", quick=("--pictures", "50")),
    Benchmark("queue", ("--no-browser",), ("--pictures", "300", "--rounds", "2")),
    Benchmark("bulk", quick=("--pictures", "50")),
    Benchmark("evidence", quick=("--pictures", "100")),
    Benchmark("insight", quick=("--runs", "2")),
    Benchmark("gestures", quick=("--pictures", "2")),
    Benchmark("next", quick=("--pictures", "4")),
    Benchmark("annotators", quick=("--pictures", "100", "--people", "2", "--seconds", "2")),
    Benchmark("batch", quick=("--pictures", "20", "--people", "1", "--seconds", "2")),
    Benchmark("saving", quick=("--kills", "2", "--races", "2", "--writes", "2")),
    Benchmark(
        "team",
        quick=("--people", "2", "--machines", "2", "--seconds", "2", "--pictures", "50", "--kills", "2"),
        needs="psycopg",
    ),
    Benchmark("users", quick=("--users", "2", "--seconds", "5")),
    Benchmark("editor", quick=("--only", "boxes"), needs="playwright"),
    Benchmark("clicks", quick=("--seconds", "1")),
    Benchmark("point", quick=("--clicks", "2"), needs="playwright"),
    Benchmark("person", quick=("--pictures", "1"), needs="playwright"),
    Benchmark("memory", _PHOTOGRAPHS, ("--pictures", "300")),
    Benchmark("loop", quick=("--pictures", "8", "--minutes", "0.2"), needs="torch"),
)


@dataclass(frozen=True)
class Outcome:
    """What a benchmark said. seconds: by the clock. problem: its last words where it failed, or why it did not run."""

    name: str
    command: str
    seconds: float
    said: str
    problem: str = ""

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


def run(benchmark: Benchmark, *, quick: bool) -> Outcome:
    """Run one in a process of its own."""
    command = benchmark.command(quick=quick)
    spoken = " ".join(command)
    if benchmark.needs and not _is_there(benchmark.needs):
        return Outcome(benchmark.name, spoken, 0.0, "", f"{benchmark.needs} is not installed")
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    took = round(time.perf_counter() - begin, 1)
    last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
    return Outcome(benchmark.name, spoken, took, done.stdout, last if done.returncode else "")


def _is_there(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return {
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
