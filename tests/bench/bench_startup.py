"""How long a network takes until it has answered once: on its first start on a machine, and on the next ones.

    python -m tests.bench.bench_startup --model person-0007 [--rounds 7]

Prints JSON objects: medians of the first starts, of the second ones, and their ratios. Every start is a process of its
own, importing excluded; the first one has nothing kept from before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.material import network

_START = """
import json, os, sys, time
sys.path.insert(0, sys.argv[2])
import numpy as np
from annotator.vision.networks import zoo
from annotator.vision.networks.runtime import Network
info = zoo.find(sys.argv[1])
clock, cpu = time.perf_counter(), time.process_time()
network = Network(info)
ready = time.perf_counter() - clock, time.process_time() - cpu
width, height = network.input_size
network.infer(np.zeros((height, width, 3), np.uint8))
print(json.dumps([*ready, time.perf_counter() - clock, time.process_time() - cpu]))
"""
FIGURES = ("compiled_s", "compiled_cpu_s", "answered_s", "answered_cpu_s")


def started(name: str, home: str) -> list[float]:
    """Seconds until the network is compiled and until it has answered, by the clock and of the processor."""
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"ANNOTATOR_HOME": home}
    run = subprocess.run(
        [sys.executable, "-c", _START, name, root], env=environment, check=True, capture_output=True, text=True
    )
    seconds: list[float] = json.loads(run.stdout)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rows: dict[str, list[list[float]]] = {"first": [], "second": []}
    with network(options.model) as info, tempfile.TemporaryDirectory() as home:
        for _ in range(options.rounds):
            shutil.rmtree(home, ignore_errors=True)
            for found in rows.values():
                found.append(started(info.name, home))
    medians = {
        start: [statistics.median(column) for column in zip(*found, strict=True)] for start, found in rows.items()
    }
    for start, values in medians.items():
        print(json.dumps({"start": start} | dict(zip(FIGURES, (round(value, 3) for value in values), strict=True))))
    ratios = (round(b / a, 3) for a, b in zip(medians["first"], medians["second"], strict=True))
    print(json.dumps({"second_over_first": dict(zip(FIGURES, ratios, strict=True))}))


if __name__ == "__main__":
    main()
