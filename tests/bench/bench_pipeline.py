"""From JPEG to stored suggestion, as a share of the same compiled network on one picture again and again.

    python -m tests.bench.bench_pipeline --model person-0007 --images DIR [--rounds 7] [--pictures 24]

person-0007 is its real topology (ANNOTATOR_TEST_DATA), security-0002 and security-0002-int8 are stand-ins of its cost
(the latter needs the extra int8); any model of the zoo may be named. The network alone and every case take turns in
one run, so that a busy machine slows all of them; medians over the rounds.

The one picture is the middle one by the number of objects found; where a network's work depends on them, the share of
"network on these pictures" is all that can be reached. Each run is the first of its project.

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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from annotator.prelabel import batch
from annotator.storage.store import Store
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures import decode
from tests.bench.material import SIZES, jpegs, network


def timed(work: Callable[[], None], count: int) -> tuple[float, float]:
    """Seconds a picture: by the clock and of the processor."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - clock) / count, (time.process_time() - cpu) / count


@contextmanager
def alone(detector: Detector, contents: list[bytes], count: int) -> Iterator[Callable[[], None]]:
    """The network on these pictures in turn, brought to its input already."""
    inputs = [detector.prepare(decode.decode(content, file_name="picture")).picture for content in contents]

    def work() -> None:
        pictures = ((None, picture) for picture in islice(cycle(inputs), count))
        for _ in detector.network.stream(pictures, lambda _, raw: len(raw.labels)):
            pass

    yield work


@contextmanager
def whole(
    detector: Detector, contents: list[bytes], size: tuple[int, int], *, draft: bool
) -> Iterator[Callable[[], None]]:
    """Everything, in a project that has never seen the pictures."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        queued = [
            store.add_image(content, file_name=f"{index}.jpg", width=size[0], height=size[1])
            for index, content in enumerate(contents)
        ]

        def work() -> None:
            report = batch.prelabel_queued(store, detector, queued, draft=draft)
            assert report.done == len(queued), report.failures

        yield work


def typical(detector: Detector, contents: list[bytes]) -> bytes:
    """The picture in the middle of them by the number of objects, on which a network's work may depend."""
    return sorted(contents, key=lambda content: len(detector.detect(decode.decode(content, file_name="picture"))))[
        len(contents) // 2
    ]


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
    with network(options.model) as info:
        detector = Detector(info, precision=options.precision)
        runs: dict[str, Callable[[], AbstractContextManager[Callable[[], None]]]] = {}
        for name in options.sizes:
            size = SIZES[name]
            contents = jpegs(options.images, size, count)
            runs.setdefault("network", partial(alone, detector, [typical(detector, contents)], count))
            runs.setdefault("network on these pictures", partial(alone, detector, contents, count))
            runs[name] = partial(whole, detector, contents, size, draft=False)
            if size[0] > detector.network.input_size[0] * 2:
                runs[f"{name} draft"] = partial(whole, detector, contents, size, draft=True)
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for index in range(options.rounds + 1):
            for name, run in runs.items():
                with run() as work:
                    took = timed(work, count)
                if index:  # the first round warms up
                    spent[name].append(took)
                    print(name, took, file=sys.stderr, flush=True)
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
