"""From JPEG to stored suggestion, as a share of the same compiled network on one picture again and again.

    python tests/bench/bench_pipeline.py --model person-0007 --images DIR [--rounds 7] [--pictures 24]

person-0007 is its real topology (ANNOTATOR_TEST_DATA), security-0002 and security-0002-int8 are stand-ins of its cost
(the latter needs the extra int8); any model of the zoo may be named. The network alone and every case take turns in
one run, so that a busy machine slows all of them; medians over the rounds.

Where a network's work depends on what it finds, the share of "network on these pictures" is all that can be reached.

Two shares are printed. By the clock: what a person waits for. By the processor: CPU seconds a picture of the network
alone over those of the whole; it says what a quiet machine would give, where another program takes the cores.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from material import SIZES, jpegs, network

from annotator import pipeline
from annotator.core.dataset import Image
from annotator.storage.store import Store
from annotator.vision import images
from annotator.vision.detector import Detector


def timed(work: Callable[[], None], count: int) -> tuple[float, float]:
    """Seconds a picture: by the clock and of the processor."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - clock) / count, (time.process_time() - cpu) / count


def alone(detector: Detector, contents: list[bytes], count: int) -> Callable[[], None]:
    laid = [detector.lay(images.decode(content, file_name="picture")).picture for content in contents]

    def work() -> None:
        for _ in detector.network.stream((None, picture) for picture in islice(cycle(laid), count)):
            pass

    return work


def whole(detector: Detector, store: Store, queued: list[Image], *, draft: bool) -> Callable[[], None]:
    def work() -> None:
        report = pipeline.prelabel(store, detector, queued, draft=draft)
        assert report.done == len(queued), report.failures

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--images", required=True, type=Path, help="photographs that are brought to the sizes")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--precision", default="f32")
    options = parser.parse_args()
    count = options.pictures
    with network(options.model) as info, tempfile.TemporaryDirectory() as folder:
        detector = Detector(info, precision=options.precision)
        store = Store.open(Path(folder) / "project")
        runs: dict[str, Callable[[], None]] = {}
        for size in options.sizes:
            width, height = SIZES[size]
            contents = jpegs(options.images, (width, height), count)
            runs.setdefault("network", alone(detector, contents[:1], count))
            runs.setdefault("network on these pictures", alone(detector, contents, count))
            queued = [
                store.add_image(content, file_name=f"{size}-{index}.jpg", width=width, height=height)
                for index, content in enumerate(contents)
            ]
            runs[size] = whole(detector, store, queued, draft=False)
            if width > detector.network.input_size[0] * 2:
                runs[f"{size} draft"] = whole(detector, store, queued, draft=True)
        for run in runs.values():
            run()
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(options.rounds):
            for name, run in runs.items():
                spent[name].append(timed(run, count))
                print(name, spent[name][-1], file=sys.stderr, flush=True)
        store.close()
    for name, rows in spent.items():
        clock, cpu = (statistics.median(column) for column in zip(*rows, strict=True))
        shares = [
            statistics.median(first[kind] / row[kind] for first, row in zip(spent["network"], rows, strict=True))
            for kind in (0, 1)
        ]
        figures = {
            "case": name,
            "pictures_a_second": round(1 / clock, 2),
            "cpu_ms": round(cpu * 1e3, 1),
            "share_by_clock": round(shares[0], 3),
            "share_by_cpu": round(shares[1], 3),
        }
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
